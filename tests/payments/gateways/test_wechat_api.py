import json
from base64 import b64decode

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_private_key,
    load_der_public_key,
)
from wechatpayv3.utils import aes_decrypt as peers_decrypt
from wechatpayv3.utils import rsa_sign as peers_sign
from wechatpayv3.utils import rsa_verify as peers_verify

from payments.gateways import GatewayFailed, GatewayRefused
from payments.gateways.wechat_api import WechatPayApi, decrypt_resource, load_platform_key
from tests.payments.gateways import wechat
from tests.payments.gateways.wechat import VECTORS

AnyJson = dict[str, object]


def docs_key() -> RSAPrivateKey:
    der = b64decode(VECTORS["wxpay_docs_key"]["private_key_pkcs8_der_b64"])
    key = load_der_private_key(der, password=None)
    assert isinstance(key, RSAPrivateKey)
    return key


class TestSigning:
    @pytest.mark.parametrize("name", ["wxpay_request_post", "wxpay_request_get_own"])
    def test_a_request_is_signed_as_the_documentation_shows(self, name: str) -> None:
        vector = VECTORS[name]
        lines = [vector[part] for part in ("method", "path", "timestamp", "nonce", "body")]

        assert api_of(docs_key())._sign(*lines) == vector["signature"]

    def test_a_pay_sheet_is_signed_as_the_documentation_shows(self) -> None:
        vector = VECTORS["wxpay_paysign_jsapi"]
        package = f"prepay_id={vector['prepay_id']}"
        lines = (vector["appId"], vector["timestamp"], vector["nonce"])

        assert api_of(docs_key())._sign(*lines, package) == vector["signature"]

    def test_the_sheet_of_an_app_is_another(self) -> None:
        vector = VECTORS["wxpay_paysign_app_negative"]
        sheet = VECTORS["wxpay_paysign_jsapi"]
        lines = (sheet["appId"], sheet["timestamp"], sheet["nonce"])

        assert api_of(docs_key())._sign(*lines, sheet["prepay_id"]) == vector["signature"]
        assert vector["signature"] != sheet["signature"]

    async def test_what_is_signed_is_what_is_sent(self) -> None:
        seen: list[httpx.Request] = []

        def answer(request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return wechat.answering({"prepay_id": "wx1"})(request)

        await wechat.api(answer).call("POST", "/v3/pay", {"描述": "费 a&b"}, AnyJson)

        [request] = seen
        wechat.authorization(request)
        assert json.loads(request.content) == {"描述": "费 a&b"}
        assert request.headers["wechatpay-serial"] == wechat.PLATFORM

    def test_a_peer_signs_and_verifies_alike(self) -> None:
        lines = ("POST", "/v3/pay", "1767240006", wechat.NONCE, '{"a":"费"}')
        message = "".join(f"{line}\n" for line in lines)
        timestamp, nonce, body = lines[2:]

        ours = wechat.api(wechat.answering({}))._sign(*lines)

        assert ours == peers_sign(wechat.MERCHANT_KEY, message)
        answer = wechat.api(wechat.answering({}))._sign(timestamp, nonce, body)
        public = wechat.MERCHANT_KEY.public_key()
        assert peers_verify(timestamp, nonce, body, answer, public)


class TestAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            pytest.param(httpx.Response(200, json={"prepay_id": "wx1"}), id="unsigned"),
            pytest.param(
                httpx.Response(200, content=b"{}", headers=wechat.signed(b"{ }")), id="changed"
            ),
            pytest.param(
                httpx.Response(
                    200, content=b"{}", headers=wechat.signed(b"{}", by=wechat.MERCHANT_KEY)
                ),
                id="signed by another",
            ),
            pytest.param(
                httpx.Response(200, content=b"<html>", headers=wechat.signed(b"<html>")),
                id="not JSON",
            ),
            pytest.param(httpx.Response(502), id="bad gateway"),
            pytest.param(httpx.Response(404, json={"code": "NOT_FOUND"}), id="unsigned no"),
            pytest.param(httpx.Response(302, headers={"location": "https://evil"}), id="redirect"),
        ],
    )
    async def test_what_is_not_provably_wechats_proves_nothing(
        self, answer: httpx.Response
    ) -> None:
        with pytest.raises(GatewayFailed):
            await wechat.api(lambda _: answer).call("GET", "/v3/x", None, AnyJson)

    @pytest.mark.parametrize(
        ("status", "code", "failure"),
        [
            (403, "NO_AUTH", GatewayRefused),
            (400, "ORDER_PAID", GatewayRefused),
            (429, "RATELIMIT_EXCEEDED", GatewayFailed),
            (500, "SYSTEM_ERROR", GatewayFailed),
            (400, "SYSTEM_ERROR", GatewayFailed),
            (403, "RATELIMIT_EXCEEDED", GatewayFailed),
        ],
    )
    async def test_only_a_proven_no_is_a_no(
        self, status: int, code: str, failure: type[Exception]
    ) -> None:
        with pytest.raises(failure):
            await wechat.api(wechat.answering({"code": code}, status)).call(
                "GET", "/v3/x", None, AnyJson
            )

    async def test_either_of_two_platform_keys_is_believed(self) -> None:
        """B13: public key and certificate side by side, while callbacks move from one to other."""
        body = b'{"a":1}'
        old = wechat.signed(body, by=wechat.OLD_PLATFORM_KEY, serial=wechat.OLD_PLATFORM)
        line = wechat.api(lambda _: httpx.Response(200, content=body, headers=old))

        assert await line.call("GET", "/v3/x", None, AnyJson) == {"a": 1}

    async def test_a_line_that_breaks_leaves_the_outcome_unknown(self) -> None:
        def broken(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadTimeout("slow", request=request)

        with pytest.raises(GatewayFailed):
            await wechat.api(broken).call("POST", "/v3/x", {}, AnyJson)


class TestSecrets:
    @pytest.mark.parametrize("vector", VECTORS["wxpay_gcm"])
    def test_a_resource_opens_as_in_the_official_libraries(self, vector: dict[str, str]) -> None:
        plain = decrypt_resource(
            vector["key"].encode(),
            nonce=vector["nonce"],
            associated_data=vector["aad"],
            ciphertext=vector["ciphertext"],
        )

        assert plain.decode() == vector["plaintext"]
        if vector["plaintext"]:
            assert plain.decode() == peers_decrypt(
                vector["nonce"], vector["ciphertext"], vector["aad"], vector["key"]
            )

    def test_a_name_is_for_wechats_eyes_only(self) -> None:
        sent = wechat.api(wechat.answering({})).encrypt("王桂兰")

        oaep = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)
        assert wechat.PLATFORM_KEY.decrypt(b64decode(sent), oaep).decode() == "王桂兰"

    def test_keys_do_not_print_themselves(self) -> None:
        assert "kkkk" not in repr(wechat.KEYS)

    def test_a_platform_key_comes_as_a_public_key(self) -> None:
        der = b64decode(VECTORS["synthetic_public_key_spki_der_b64"])
        public = load_der_public_key(der)
        assert isinstance(public, RSAPublicKey)
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

        assert load_platform_key(pem).public_numbers() == public.public_numbers()


def api_of(key: RSAPrivateKey) -> WechatPayApi:
    keys = msgspec.structs.replace(wechat.KEYS, private_key=key)
    return wechat.api(wechat.answering({}), keys)
