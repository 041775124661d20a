"""A provider does not accept our own key: no retry mends that, so a person is told. 密钥告警"""

from collections.abc import Awaitable, Callable

from prometheus_client import Counter

from core.clock import date_in_china, now
from core.tasks import raise_task
from payments.gateways.wechat_api import WechatPayKeys

KEY_REFUSED = Counter(
    "zhangban_gateway_key_refused",
    "Requests whose signature a provider did not accept",
    ["provider", "merchant"],
)
_KIND = "payments.our_key_refused"


def key_alarm(department: str) -> Callable[[WechatPayKeys], Awaitable[None]]:
    """Counts each refusal, and puts a key before a person of `department` once a day."""

    async def tell(keys: WechatPayKeys) -> None:
        KEY_REFUSED.labels("wechat", keys.mchid).inc()
        await raise_task(
            _KIND,
            department=department,
            subject=f"merchant:{keys.mchid}",
            dedupe_key=f"{_KIND}:{keys.mchid}:{keys.serial_no}:{date_in_china(now())}",
            serial_no=keys.serial_no,
        )

    return tell
