"""Browsers in which an operator signed in before. 常用设备

Wrong tries are counted for the browser that makes them. So whoever tries a name from elsewhere is
slowed, and its owner at the own desk is not: nobody is locked out by a stranger.
"""

import secrets
from datetime import datetime
from uuid import UUID

from identity.models import OperatorDevice
from identity.sessions import token_hash


async def find_device(token: str | None, login_name: str) -> UUID | None:
    """The known browser of this operator, by what it was given; None for any other."""
    if not token:
        return None
    device = await OperatorDevice.get_or_none(
        token_hash=token_hash(token), operator__login_name=login_name
    )
    return None if device is None else device.id


async def remember_device(operator_id: UUID, *, at: datetime) -> str:
    """Know this browser again; the token is for its cookie."""
    token = secrets.token_urlsafe(32)
    await OperatorDevice.create(
        operator_id=operator_id, token_hash=token_hash(token), created_at=at
    )
    return token
