import httpx
import pytest

from app.key_alarm import KEY_REFUSED, key_alarm
from core.models import HumanTask
from payments.gateways import GatewayFailed
from payments.gateways.wechat_api import WechatPayApi
from tests.payments.gateways.wechat import KEYS

pytestmark = pytest.mark.usefixtures("db")


def line(status: int, code: str) -> WechatPayApi:
    """WeChat Pay, which does not accept what we sign: such an answer is not signed either."""

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json={"code": code, "message": "签名错误"})

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="https://pay.test")
    return WechatPayApi(KEYS, client, key_refused=key_alarm("platform"))


def refusals() -> float:
    return KEY_REFUSED.labels("wechat", KEYS.mchid)._value.get()


@pytest.mark.parametrize("status", [401, 403])
async def test_our_own_key_refused_is_counted_and_put_before_a_person_once(status: int) -> None:
    """B13: what became of the request stays unknown, and nobody waits for it to mend itself."""
    before = refusals()

    for _ in range(3):
        with pytest.raises(GatewayFailed):
            await line(status, "SIGN_ERROR").call("GET", "/v3/x", None, dict)

    [task] = await HumanTask.all()
    assert (task.kind, task.department) == ("payments.our_key_refused", "platform")
    assert task.details == {"serial_no": KEYS.serial_no}
    assert refusals() == before + 3


async def test_any_other_refusal_is_nothing_about_our_key() -> None:
    with pytest.raises(GatewayFailed):
        await line(503, "SYSTEM_ERROR").call("GET", "/v3/x", None, dict)

    assert await HumanTask.all().count() == 0
