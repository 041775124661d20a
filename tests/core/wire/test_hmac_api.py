import hmac
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import httpx
import pytest

from core.wire import NoAnswer
from core.wire.hmac_api import Answer, HmacApi
from tests.conftest import AT

SECRET = b"shared with the bureau"
Answering = Callable[[httpx.Request], httpx.Response]


def mac(*lines: str) -> str:
    return hmac.new(SECRET, "\n".join(lines).encode(), sha256).hexdigest()


def reply(request: httpx.Request, body: str = '{"ok":1}', **changed: str | int) -> httpx.Response:
    status, moment = int(changed.get("status", 200)), str(changed.get("at", int(AT.timestamp())))
    nonce = str(changed.get("nonce", request.headers["X-Nonce"]))
    signature = mac(str(status), moment, nonce, body)
    headers = {"X-Timestamp": moment, "X-Nonce": nonce, "X-Signature": signature}
    headers |= {key: str(value) for key, value in changed.items() if key.startswith("X-")}
    return httpx.Response(status, text=body + str(changed.get("more", "")), headers=headers)


def api_answering(answer: Answering) -> HmacApi:
    client = httpx.AsyncClient(
        transport=httpx.MockTransport(answer), base_url="https://bureau.test/registers"
    )
    return HmacApi(client, app_key="zb", secret=SECRET, clock=lambda: AT)


async def test_signs_what_it_sends_and_believes_a_signed_answer() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return reply(request)

    answered = await api_answering(answer).post("/population/checks", '{"name":"王"}'.encode())

    (request,) = seen
    headers = request.headers
    assert request.url.path == "/registers/population/checks"
    assert headers["X-Signature"] == mac(
        "POST",
        "/population/checks",
        headers["X-Timestamp"],
        headers["X-Nonce"],
        request.content.decode(),
    )
    assert (headers["X-App-Key"], headers["X-Timestamp"]) == ("zb", str(int(AT.timestamp())))
    assert answered == Answer(200, b'{"ok":1}')


async def test_a_signed_refusal_is_an_answer() -> None:
    api = api_answering(lambda request: reply(request, '{"code":"not_found"}', status=404))

    assert (await api.get("/business/entities/x")).status == 404


OLD = int((AT - timedelta(seconds=301)).timestamp())


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(lambda request: reply(request, more=" "), id="changed on the way"),
        pytest.param(lambda request: reply(request, nonce="another"), id="another's answer"),
        pytest.param(lambda request: reply(request, at=OLD), id="an old answer"),
        pytest.param(lambda request: reply(request, at="never"), id="an absurd time"),
        pytest.param(lambda request: reply(request, **{"X-Signature": ""}), id="unsigned"),
        pytest.param(lambda request: reply(request, **{"X-Signature": "0" * 64}), id="forged"),
        pytest.param(lambda request: reply(request, status=500), id="broken"),
        pytest.param(lambda request: httpx.Response(200), id="nothing at all"),
    ],
)
async def test_anything_else_is_no_answer(answer: Answering) -> None:
    with pytest.raises(NoAnswer):
        await api_answering(answer).get("/business/entities/x")


async def test_a_lost_connection_is_no_answer() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(NoAnswer):
        await api_answering(answer).get("/business/entities/x")
