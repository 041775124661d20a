from base64 import b64decode, b64encode
from typing import Any

import pytest
from alipay.aop.api.util import EncryptUtils
from alipay.aop.api.util.SignatureUtils import get_sign_content, verify_with_rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from core.signing import BadSignature
from core.wire import alipay
from tests.data import vectors

V = vectors("identity_vectors")
PRIVATE, PUBLIC = alipay.load_private_key(V["private_key"]), alipay.load_public_key(V["public_key"])
AES_KEY, TEXT = "c2l4dGVlbiBieXRlcyEhIQ==", '{"subject":"不动产登记费"}'


class TestSigning:
    def test_signs_a_request_as_published(self) -> None:
        request = V["request"]

        content = alipay.sign_content(request["params"])

        assert content.decode() == request["signing_string"]
        assert alipay.sign(PRIVATE, content) == request["sign"]

    def test_alipays_own_library_agrees(self) -> None:
        params = V["request"]["params"] | {"app_auth_token": "t"}

        content = alipay.sign_content(params)

        assert content.decode() == get_sign_content(params)
        assert verify_with_rsa(V["public_key"], content, alipay.sign(PRIVATE, content))

    @pytest.mark.parametrize("sign", ["", "AAAA", "не base64", V["request"]["sign"][:-4] + "AAA="])
    def test_refuses_another_signature(self, sign: str) -> None:
        content = alipay.sign_content(V["request"]["params"])

        alipay.verify(PUBLIC, content, V["request"]["sign"])
        with pytest.raises(BadSignature):
            alipay.verify(PUBLIC, content, sign)
        with pytest.raises(BadSignature):
            alipay.verify(PUBLIC, content + b" ", V["request"]["sign"])

    def test_a_notice_is_signed_without_its_sign_type(self) -> None:
        form = {"b": "2", "a": "1", "sign": "s", "sign_type": "RSA2", "empty": ""}

        assert alipay.notice_content(form) == b"a=1&b=2"
        assert alipay.sign_content(form) == b"a=1&b=2&sign_type=RSA2"

    @pytest.mark.parametrize("form", [PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8])
    def test_reads_private_keys_of_both_forms(self, form: PrivateFormat) -> None:
        pem = PRIVATE.private_bytes(Encoding.PEM, form, NoEncryption()).decode()
        bare = "".join(line for line in pem.splitlines() if "-----" not in line)

        for text in (pem, bare):
            assert alipay.load_private_key(text).private_numbers() == PRIVATE.private_numbers()


class TestAnswers:
    @pytest.mark.parametrize("vector", V["cut"])
    def test_cuts_the_node_as_it_stands(self, vector: dict[str, str]) -> None:
        assert alipay.cut_answer(vector["raw"].encode(), vector["key"]) == vector["expect"].encode()
        sign = alipay.answer_sign(vector["raw"].encode())
        assert sign is not None
        assert sign.startswith("P8xrBWqZCU")

    def test_an_encrypted_node_keeps_its_quotes(self) -> None:
        answer = V["encrypted_answer"]
        raw = answer["raw"].encode()

        cut = alipay.cut_answer(raw, answer["response_key"])

        assert cut.decode() == answer["signed_content"]
        alipay.verify(PUBLIC, cut, str(alipay.answer_sign(raw)))
        assert alipay.aes_decrypt(answer["aes_key"], cut.decode().strip('"')) == answer["plaintext"]

    @pytest.mark.parametrize(
        "raw",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"[]", id="a list"),
            pytest.param(b'{"b":1}', id="no such node"),
            pytest.param(b'{"a":1,"a":2}', id="the node twice"),
            pytest.param(b'{"a":1} x', id="more after it"),
            pytest.param(b'{"a":{', id="cut short"),
            pytest.param(b"\xff", id="not UTF-8"),
            pytest.param(b'{"a":' * 100_000, id="very deep"),
        ],
    )
    def test_refuses_what_can_be_read_two_ways_or_not_at_all(self, raw: bytes) -> None:
        with pytest.raises(alipay.AnswerMalformed):
            alipay.cut_answer(raw, "a")


class TestEncryption:
    @pytest.mark.parametrize("vector", V["aes"])
    def test_encrypts_as_published(self, vector: dict[str, Any]) -> None:
        key, text, cipher = vector["key"], vector["plaintext"], vector["ciphertext"]
        assert alipay.aes_encrypt(key, text) == cipher
        assert alipay.aes_decrypt(key, cipher) == text

    @pytest.mark.parametrize("cipher", ["", "AAAA", "!", "ILpoMowjIQjfYMR847rnFg=="])
    def test_what_does_not_open_is_a_value_error(self, cipher: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            alipay.aes_decrypt(V["aes"][0]["key"], cipher)


class TestContentEncryptionByOthers:
    """alipay-sdk-python's own function fails on Python 3; the cipher below it does not."""

    def test_what_we_encrypt_opens_with_the_sdks_cipher(self) -> None:
        sealed = alipay.aes_encrypt(AES_KEY, TEXT)

        padded = peer_cipher().decrypt(b64decode(sealed))

        assert EncryptUtils.unpad(padded).decode() == TEXT

    def test_what_the_sdks_cipher_encrypts_we_open(self) -> None:
        padded = EncryptUtils.pad(TEXT, len(TEXT.encode())).encode()
        sealed = b64encode(peer_cipher().encrypt(padded)).decode()

        assert alipay.aes_decrypt(AES_KEY, sealed) == TEXT


def peer_cipher() -> Any:
    return EncryptUtils.AES.new(b64decode(AES_KEY), EncryptUtils.AES.MODE_CBC, bytes(16))
