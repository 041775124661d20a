import json
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest

from core.wire import NoAnswer, alipay
from core.wire.alipay_gateway import AlipayGateway, AlipayKeys
from tests.conftest import AT
from tests.data import vectors

V = vectors("identity_vectors")
PRIVATE, PUBLIC = alipay.load_private_key(V["private_key"]), alipay.load_public_key(V["public_key"])
AES_KEY = V["phone"]["aes_key"]
KEYS = AlipayKeys("2021000000000001", PRIVATE, PUBLIC, "")
METHOD, NODE = "alipay.trade.query", "alipay_trade_query_response"


def answering(
    body: str | Exception, status: int = 200, *, aes_key: str = ""
) -> tuple[AlipayGateway, list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(body, Exception):
            raise body
        return httpx.Response(status, text=body)

    client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    keys = msgspec.structs.replace(KEYS, aes_key=aes_key)
    return AlipayGateway(keys, client, url="https://alipay.test/gateway.do"), seen


def signed(node: str, key: str = NODE) -> str:
    return f'{{"{key}":{node},"sign":"{alipay.sign(PRIVATE, node.encode())}"}}'


def sealed(node: str) -> str:
    return f'"{alipay.aes_encrypt(AES_KEY, node)}"'


GOOD = '{"code":"10000","msg":"Success","trade_no":"1"}'


async def test_sends_a_request_whose_signature_covers_address_and_form() -> None:
    gateway, seen = answering(signed(GOOD))

    answer = await gateway.call(
        METHOD, at=AT, biz_content={"subject": "测试"}, notify_url="https://zb.test/n"
    )

    query = {key: value[0] for key, value in parse_qs(seen[0].url.query.decode()).items()}
    form = {key: value[0] for key, value in parse_qs(seen[0].content.decode()).items()}
    assert str(seen[0].url).startswith("https://alipay.test/gateway.do?")
    assert query["timestamp"] == "2026-11-22 10:00:00"
    assert json.loads(form["biz_content"]) == {"subject": "测试"}
    alipay.verify(PUBLIC, alipay.sign_content(query | form), query["sign"])
    assert (answer.code, answer.signed, answer.node) == ("10000", True, GOOD.encode())


async def test_a_refusal_may_come_unsigned_and_says_so() -> None:
    refusal = '{"code":"40002","sub_code":"isv.invalid-app-id"}'
    gateway, _ = answering(f'{{"error_response":{refusal}}}')

    answer = await gateway.call(METHOD, at=AT)

    assert (answer.code, answer.sub_code, answer.signed) == ("40002", "isv.invalid-app-id", False)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(f'{{"{NODE}":{GOOD}}}', 200, id="unsigned success"),
        pytest.param(signed(GOOD).replace("10000", "10001"), 200, id="changed on the way"),
        pytest.param(signed(GOOD, "alipay_trade_pay_response"), 200, id="another method's"),
        pytest.param("<html>busy</html>", 200, id="not JSON"),
        pytest.param(signed(GOOD), 502, id="bad gateway"),
        pytest.param(httpx.ReadTimeout("slow"), 200, id="no answer in time"),
    ],
)
async def test_anything_else_is_no_answer(body: str | Exception, status: int) -> None:
    gateway, _ = answering(body, status)

    with pytest.raises(NoAnswer) as refusal:
        await gateway.call(METHOD, at=AT, code="secret-code")

    assert "secret-code" not in str(refusal.value)


class TestContentEncryption:
    async def test_content_goes_out_sealed_and_the_signature_covers_what_is_sealed(self) -> None:
        gateway, seen = answering(signed(sealed(GOOD)), aes_key=AES_KEY)

        answer = await gateway.call(METHOD, at=AT, biz_content={"subject": "测试"})

        query = {key: value[0] for key, value in parse_qs(seen[0].url.query.decode()).items()}
        form = {key: value[0] for key, value in parse_qs(seen[0].content.decode()).items()}
        assert query["encrypt_type"] == "AES"
        assert json.loads(alipay.aes_decrypt(AES_KEY, form["biz_content"])) == {"subject": "测试"}
        alipay.verify(PUBLIC, alipay.sign_content(query | form), query["sign"])
        assert (answer.code, answer.signed, answer.node) == ("10000", True, GOOD.encode())

    async def test_a_call_without_content_asks_for_no_encryption(self) -> None:
        gateway, seen = answering(signed(GOOD), aes_key=AES_KEY)

        await gateway.call(METHOD, at=AT, grant_type="refresh_token")

        assert b"encrypt_type" not in seen[0].url.query

    async def test_a_refusal_in_clear_is_believed_if_it_is_signed(self) -> None:
        gateway, _ = answering(signed('{"code":"40006","sub_code":"isv.x"}'), aes_key=AES_KEY)

        answer = await gateway.call(METHOD, at=AT, biz_content={})

        assert (answer.code, answer.sub_code, answer.signed) == ("40006", "isv.x", True)

    @pytest.mark.parametrize(
        ("body", "aes_key"),
        [
            pytest.param(signed('"bm90IHNlYWxlZA=="'), AES_KEY, id="sealed by nobody"),
            pytest.param(f'{{"{NODE}":{sealed(GOOD)}}}', AES_KEY, id="unsigned"),
            pytest.param(signed(sealed(GOOD)), "", id="we have no key"),
            pytest.param(
                signed(sealed(GOOD)).replace(sealed(GOOD), sealed("{}")), AES_KEY, id="another"
            ),
        ],
    )
    async def test_what_does_not_open_is_no_answer(self, body: str, aes_key: str) -> None:
        gateway, _ = answering(body, aes_key=aes_key)

        with pytest.raises(NoAnswer):
            await gateway.call(METHOD, at=AT, biz_content={})
