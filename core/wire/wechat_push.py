"""What WeChat signs and seals towards a server: message push, session keys, faces. 微信消息推送

Pure functions. A push is believed by `msg_signature`; the plain `signature` in the same address
says nothing about the body.
"""

import hmac
import secrets
from base64 import b64decode, b64encode
from hashlib import sha1, sha256

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7
from msgspec import Struct

from core.signing import BadSignature

_RANDOM, _LENGTH = 16, 4
_BLOCK_BITS = 256


class PushKeys(Struct, frozen=True):
    """What the console and we agreed on for one app's message push."""

    appid: str
    token: str
    encoding_aes_key: str

    def __repr__(self) -> str:
        return f"PushKeys(appid={self.appid!r})"


class SealedReply(Struct, frozen=True, rename="pascal"):
    """An encrypted reply, in the names that WeChat wants as JSON."""

    encrypt: str
    msg_signature: str
    time_stamp: int
    nonce: str


def check_push(
    token: str, *, timestamp: str, nonce: str, signature: str, encrypt: str | None = None
) -> None:
    """Raise BadSignature unless WeChat signed the address, and with it `encrypt` when given."""
    expected = _signature(token, timestamp, nonce, *([] if encrypt is None else [encrypt]))
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise BadSignature


def open_push(keys: PushKeys, encrypt: str) -> str:
    """The message inside a push that was checked; ValueError when it is not one for this app."""
    decryptor = _cipher(keys).decryptor()
    padded = decryptor.update(b64decode(encrypt, validate=True)) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK_BITS).unpadder()
    plain = unpadder.update(padded) + unpadder.finalize()
    start = _RANDOM + _LENGTH
    end = start + int.from_bytes(plain[_RANDOM:start], "big")
    if plain[end:] != keys.appid.encode():
        raise ValueError("another app's")
    return plain[start:end].decode()


def seal_reply(
    keys: PushKeys, message: str, *, timestamp: int, nonce: str, random16: bytes | None = None
) -> SealedReply:
    """The reply to a push, sealed and signed. `random16` is drawn unless it is given."""
    drawn, body = random16 or secrets.token_bytes(_RANDOM), message.encode()
    padder, encryptor = PKCS7(_BLOCK_BITS).padder(), _cipher(keys).encryptor()
    plain = drawn + len(body).to_bytes(_LENGTH, "big") + body + keys.appid.encode()
    padded = padder.update(plain) + padder.finalize()
    encrypt = b64encode(encryptor.update(padded) + encryptor.finalize()).decode()
    signature = _signature(keys.token, str(timestamp), nonce, encrypt)
    return SealedReply(encrypt, signature, timestamp, nonce)


def session_signature(session_key: str, body: bytes = b"") -> str:
    """The login-state signature of a call: keyed with the session key's text as it came."""
    return hmac.new(session_key.encode(), body, sha256).hexdigest()


def raw_data_signature(raw_data: str, session_key: str) -> str:
    """What a client's `signature` over its `rawData` must be."""
    return sha1((raw_data + session_key).encode(), usedforsecurity=False).hexdigest()


def face_cert_hash(cert_type: str, cert_name: str, cert_no: str) -> str:
    """Whose face was to be checked, as the query for the result names it."""
    parts = {"cert_type": cert_type, "cert_name": cert_name, "cert_no": cert_no}
    text = "&".join(f"{key}={b64encode(part.encode()).decode()}" for key, part in parts.items())
    return sha256(text.encode()).hexdigest()


def _signature(*parts: str) -> str:
    return sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()


def _cipher(keys: PushKeys) -> Cipher[CBC]:
    key = b64decode(keys.encoding_aes_key + "=")
    return Cipher(AES(key), CBC(key[:16]))
