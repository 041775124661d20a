import json

import httpx
import pytest

from core.errors import DomainError
from core.wire import alipay
from core.wire.alipay_gateway import AlipayGateway, AlipayKeys
from identity.providers import (
    IdentityProvider,
    LoginCodeRejected,
    PhoneProofRejected,
    ProviderFailed,
    Subject,
)
from identity.providers.alipay import AlipayProvider
from tests.conftest import AT
from tests.data import vectors

V = vectors("identity_vectors")
PRIVATE, PUBLIC = alipay.load_private_key(V["private_key"]), alipay.load_public_key(V["public_key"])
KEYS = AlipayKeys("2021000000000001", PRIVATE, PUBLIC, V["phone"]["aes_key"])
NODE = "alipay_system_oauth_token_response"


def answering(node: str, key: str = NODE, *, signed: bool = True) -> AlipayProvider:
    sign = f',"sign":"{alipay.sign(PRIVATE, node.encode())}"' if signed else ""

    def handle(request: httpx.Request) -> httpx.Response:
        assert request.url.params["grant_type"] == "authorization_code"
        assert "biz_content" not in request.content.decode()
        return httpx.Response(200, text=f'{{"{key}":{node}{sign}}}')

    client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    return AlipayProvider(AlipayGateway(KEYS, client, url="https://alipay.test/gateway.do"))


class TestExchange:
    @pytest.mark.parametrize(
        ("grant", "subject"),
        [
            ({"open_id": "074a", "union_id": "u", "access_token": "x"}, Subject("074a", "u")),
            ({"user_id": "2088", "access_token": "x"}, Subject("2088")),
            ({"user_id": "2088", "open_id": "074a"}, Subject("074a", alias="2088")),
        ],
    )
    async def test_a_code_becomes_an_open_id(self, grant: dict[str, str], subject: Subject) -> None:
        provider = answering(json.dumps(grant))

        assert await provider.exchange("code", at=AT) == subject
        assert isinstance(provider, IdentityProvider)

    @pytest.mark.parametrize(
        ("provider", "refusal"),
        [
            pytest.param(
                answering('{"code":"40002","sub_code":"isv.code-invalid"}', "error_response"),
                LoginCodeRejected,
                id="used or unknown code",
            ),
            pytest.param(
                answering(
                    '{"code":"20000","sub_code":"isp.unknow-error"}',
                    "error_response",
                    signed=False,
                ),
                ProviderFailed,
                id="unavailable",
            ),
            pytest.param(answering('{"open_id":"x"}', signed=False), ProviderFailed, id="unsigned"),
            pytest.param(answering('{"expires_in":1}'), ProviderFailed, id="nobody"),
        ],
    )
    async def test_anything_else_is_a_refusal(
        self, provider: AlipayProvider, refusal: type[DomainError]
    ) -> None:
        """A05"""
        with pytest.raises(refusal):
            await provider.exchange("code", at=AT)


class TestReadPhone:
    provider = answering("{}")

    async def test_opens_what_the_client_was_given(self) -> None:
        phone = await self.provider.read_phone(V["phone"]["client_payload"], subject="x", at=AT)

        assert phone == "13800000000"

    async def test_a_plain_payload_is_opened_too(self) -> None:
        text = '{"code":"10000","mobile":"13900000000"}'
        payload = {"response": text, "sign": alipay.sign(PRIVATE, text.encode())}

        assert await self.provider.read_phone(json.dumps(payload), subject="x", at=AT) == (
            "13900000000"
        )

    @pytest.mark.parametrize(
        "payload",
        [
            pytest.param("", id="empty"),
            pytest.param("[]", id="a list"),
            pytest.param('{"response":"x"}', id="unsigned"),
            pytest.param(V["phone"]["client_payload"].replace("4AOY", "5AOY"), id="changed"),
            pytest.param(
                json.dumps(
                    {
                        "response": (refusal := '{"code":"40003"}'),
                        "sign": alipay.sign(PRIVATE, refusal.encode()),
                    }
                ),
                id="a signed refusal",
            ),
            pytest.param(
                json.dumps(
                    {"response": "AAAA", "sign": alipay.sign(PRIVATE, b'"AAAA"')},
                ),
                id="signed and unreadable",
            ),
        ],
    )
    async def test_anything_else_is_refused(self, payload: str) -> None:
        with pytest.raises(PhoneProofRejected):
            await self.provider.read_phone(payload, subject="x", at=AT)
