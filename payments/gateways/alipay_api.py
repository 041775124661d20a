"""One call to Alipay in the words of `payments`: an answer, a proven refusal, or nothing known."""

from datetime import datetime
from typing import Any, TypeVar

import msgspec

from core.wire import NoAnswer
from core.wire.alipay_gateway import AlipayGateway as AlipayLine
from payments.gateways import GatewayFailed, GatewayRefused, Provider

_UNPROVEN = {"20000", "40005", "ACQ.SYSTEM_ERROR", "SYSTEM_ERROR", "RESOURCE_LIMIT_EXCEED"}
"""These say that it may have happened, or not yet: what became of it has to be asked."""

T = TypeVar("T")


async def ask(
    line: AlipayLine,
    method: str,
    content: dict[str, Any],
    reply: type[T],
    *,
    at: datetime,
    **params: str,
) -> T:
    """The answer, or GatewayRefused when Alipay signed that it will not; else GatewayFailed."""
    try:
        answer = await line.call(method, at=at, biz_content=content, **params)
        if answer.code == "10000":
            return msgspec.json.decode(answer.node, type=reply)
    except (NoAnswer, msgspec.MsgspecError) as error:
        raise GatewayFailed(provider=Provider.ALIPAY) from error
    reason = answer.sub_code or answer.code
    if not answer.signed or answer.code in _UNPROVEN or reason in _UNPROVEN:
        raise GatewayFailed(provider=Provider.ALIPAY, reason=reason)
    raise GatewayRefused(provider=Provider.ALIPAY, reason=reason)
