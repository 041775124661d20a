"""One-time codes of an operator's authenticator: each works once (RFC 6238). 动态码"""

import hmac
from datetime import datetime

import pyotp

from core.sealing import Vault
from identity.models import Operator
from identity.operators import totp_place

_STEP_SECONDS = 30


async def use_code(operator: Operator, code: str, *, vault: Vault, at: datetime) -> bool:
    """Whether the code is right now, or half a minute to either side, and newer than any used."""
    secret = vault.open(totp_place(operator.id), operator.totp_sealed)
    totp, now_step = pyotp.TOTP(secret), int(at.timestamp()) // _STEP_SECONDS
    fitting = [
        step
        for step in (now_step - 1, now_step, now_step + 1)
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())
    ]
    if not fitting:
        return False
    unused = Operator.filter(id=operator.id, totp_step__lt=fitting[0])
    return bool(await unused.update(totp_step=fitting[0]))
