import json
from xml.etree import ElementTree

import msgspec
import pytest
from wechatpy.crypto import WeChatCrypto
from wechatpy.utils import check_signature

from core.signing import BadSignature
from core.wire.wechat_push import (
    PushKeys,
    check_push,
    face_cert_hash,
    open_push,
    raw_data_signature,
    seal_reply,
    session_signature,
)
from tests.data import vectors

V = vectors("wechat_vectors")
SAFE = V["push_aes"]
KEYS = PushKeys(SAFE["appid"], SAFE["token"], SAFE["encoding_aes_key"])


def peer(keys: PushKeys = KEYS) -> WeChatCrypto:
    return WeChatCrypto(keys.token, keys.encoding_aes_key, keys.appid)


class TestCheckPush:
    @pytest.mark.parametrize("vector", [V["push_get"], V["push_plain"], SAFE])
    def test_takes_the_address_that_wechat_signed(self, vector: dict[str, str]) -> None:
        token, timestamp, nonce = (vector[part] for part in ("token", "timestamp", "nonce"))
        signature = vector["signature"]

        check_push(token, timestamp=timestamp, nonce=nonce, signature=signature)
        check_signature(token, signature, timestamp, nonce)
        for wrong in ("", "é", signature.upper(), signature[:-1], SAFE["msg_signature"]):
            with pytest.raises(BadSignature):
                check_push(token, timestamp=timestamp, nonce=nonce, signature=wrong)

    def test_in_safe_mode_the_body_is_signed_too(self) -> None:
        address = {"timestamp": SAFE["timestamp"], "nonce": SAFE["nonce"]}

        check_push(KEYS.token, **address, signature=SAFE["msg_signature"], encrypt=SAFE["encrypt"])
        with pytest.raises(BadSignature):
            check_push(
                KEYS.token, **address, signature=SAFE["msg_signature"], encrypt=SAFE["encrypt"][:-4]
            )
        with pytest.raises(BadSignature):
            check_push(KEYS.token, **address, signature=SAFE["signature"], encrypt=SAFE["encrypt"])


class TestOpenPush:
    def test_opens_the_published_push(self) -> None:
        assert open_push(KEYS, SAFE["encrypt"]) == SAFE["message"]
        assert json.loads(SAFE["message"])["Event"] == "debug_demo"

    @pytest.mark.parametrize("length", [0, 1, 9, 10, 11, 41, 42, 43, 300])
    def test_opens_what_wechatpy_seals_whatever_its_padding(self, length: int) -> None:
        message = ("市" * length)[:length]

        sealed = ElementTree.fromstring(peer().encrypt_message(message, "n", "1"))

        assert open_push(KEYS, str(sealed.findtext("Encrypt"))) == message

    @pytest.mark.parametrize(
        "encrypt",
        [
            pytest.param("", id="nothing"),
            pytest.param("AAAA", id="not whole blocks"),
            pytest.param("+q*x1OKCy", id="not Base64"),
            pytest.param("A" * 43 + "=", id="garbage"),
            pytest.param(SAFE["encrypt"][:-44] + "A" * 43 + "=", id="another end"),
        ],
    )
    def test_what_is_no_push_is_a_value_error(self, encrypt: str) -> None:
        with pytest.raises(ValueError, match=r".+"):
            open_push(KEYS, encrypt)

    def test_refuses_another_apps_push(self) -> None:
        other = PushKeys("wx0000000000000000", KEYS.token, KEYS.encoding_aes_key)
        longer = PushKeys(KEYS.appid + "0", KEYS.token, KEYS.encoding_aes_key)

        for keys in (other, longer):
            with pytest.raises(ValueError, match="another app's"):
                open_push(keys, SAFE["encrypt"])


class TestSealReply:
    def test_seals_as_published(self) -> None:
        wanted = SAFE["reply"]

        reply = seal_reply(
            KEYS,
            wanted["message"],
            timestamp=int(wanted["timestamp"]),
            nonce=SAFE["nonce"],
            random16=wanted["random16"].encode(),
        )

        assert msgspec.to_builtins(reply) == {
            "Encrypt": wanted["encrypt"],
            "MsgSignature": wanted["msg_signature"],
            "TimeStamp": int(wanted["timestamp"]),
            "Nonce": SAFE["nonce"],
        }

    def test_wechatpy_opens_what_we_seal(self) -> None:
        reply = seal_reply(KEYS, "好" * 50, timestamp=1714112445, nonce="n1")

        opened = peer().decrypt_message(
            {"Encrypt": reply.encrypt}, reply.msg_signature, str(reply.time_stamp), reply.nonce
        )

        assert opened == "好" * 50

    def test_no_two_replies_look_alike(self) -> None:
        replies = {seal_reply(KEYS, "好", timestamp=1, nonce="n").encrypt for _ in range(20)}

        assert len(replies) == 20

    def test_the_keys_do_not_print_themselves(self) -> None:
        assert KEYS.encoding_aes_key not in repr(KEYS)


class TestSessionKeys:
    def test_raw_data_is_signed_as_published(self) -> None:
        vector = V["rawdata"]

        assert raw_data_signature(vector["rawData"], vector["session_key"]) == vector["sha1"]

    def test_the_login_state_is_keyed_with_the_text_as_it_came(self) -> None:
        """RFC 4231, test case 2, whose key is text; and the empty body of a plain check."""
        expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

        assert session_signature("Jefe", b"what do ya want for nothing?") == expected
        assert session_signature("Jefe") == session_signature("Jefe", b"") != expected


def test_a_face_is_named_by_the_published_hash() -> None:
    vector = V["face"]

    name = face_cert_hash(vector["cert_type"], vector["cert_name"], vector["cert_no"])

    assert name == vector["hex"]
