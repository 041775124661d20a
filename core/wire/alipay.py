"""How Alipay's gateway signs, cuts and encrypts (protocol V2). Pure functions. 支付宝报文"""

import json
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_der_public_key,
)

from core.signing import BadSignature

_ARMOUR = re.compile(r"-----[^-]+-----|\s+")
_SPACE = re.compile(r"[ \t\r\n]*")
_ZERO_IV = bytes(16)


class AnswerMalformed(ValueError):
    """The answer is not the JSON that the gateway sends, or has no such node."""


def sign_content(params: Mapping[str, str]) -> bytes:
    """What is signed of a request: all but `sign` and what is empty, by key, not URL-encoded."""
    return _joined(params, left_out={"sign"})


def notice_content(form: Mapping[str, str]) -> bytes:
    """What is signed of a trade notice: as a request, and without `sign_type`."""
    return _joined(form, left_out={"sign", "sign_type"})


def sign(key: RSAPrivateKey, content: bytes) -> str:
    """RSA2: SHA-256 with RSA, PKCS#1 v1.5, in Base64."""
    return b64encode(key.sign(content, PKCS1v15(), SHA256())).decode()


def verify(key: RSAPublicKey, content: bytes, sign: str) -> None:
    """Raise BadSignature unless Alipay's key made `sign` over exactly `content`."""
    try:
        key.verify(b64decode(sign, validate=True), content, PKCS1v15(), SHA256())
    except (InvalidSignature, ValueError) as error:
        raise BadSignature from error


def cut_answer(raw: bytes, node: str) -> bytes:
    """The value of a top-level node exactly as it stands in the answer, quotes included."""
    value = _members(raw).get(node)
    if value is None:
        raise AnswerMalformed("no such node")
    return value.encode()


def answer_sign(raw: bytes) -> str | None:
    """The signature that stands beside the node, or None."""
    return _text_beside(raw, "sign")


def answer_cert_sn(raw: bytes) -> str:
    """The number of the certificate that it was signed under; empty when it names none."""
    return _text_beside(raw, "alipay_cert_sn") or ""


def aes_encrypt(aes_key: str, text: str) -> str:
    """Content encryption: AES-128-CBC with sixteen zero bytes as IV, in Base64."""
    padder = PKCS7(128).padder()
    encryptor = Cipher(AES(b64decode(aes_key)), CBC(_ZERO_IV)).encryptor()
    padded = padder.update(text.encode()) + padder.finalize()
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def aes_decrypt(aes_key: str, ciphertext: str) -> str:
    """The text that was encrypted; ValueError when it was not, or under another key."""
    decryptor = Cipher(AES(b64decode(aes_key)), CBC(_ZERO_IV)).decryptor()
    padded = decryptor.update(b64decode(ciphertext, validate=True)) + decryptor.finalize()
    unpadder = PKCS7(128).unpadder()
    return (unpadder.update(padded) + unpadder.finalize()).decode()


def load_private_key(text: str) -> RSAPrivateKey:
    """A key as the console gives it: PKCS#1 or PKCS#8, with armour or without."""
    key = load_der_private_key(_der(text), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("an RSA private key is needed")
    return key


def load_public_key(text: str) -> RSAPublicKey:
    """Alipay's key as the console gives it, with armour or without."""
    key = load_der_public_key(_der(text))
    if not isinstance(key, RSAPublicKey):
        raise ValueError("an RSA public key is needed")
    return key


def _text_beside(raw: bytes, name: str) -> str | None:
    value = _members(raw).get(name)
    text = None if value is None else json.loads(value)
    return text if isinstance(text, str) else None


def _der(text: str) -> bytes:
    return b64decode(_ARMOUR.sub("", text), validate=True)


def _joined(params: Mapping[str, str], *, left_out: set[str]) -> bytes:
    kept = sorted((key, value) for key, value in params.items() if value and key not in left_out)
    return "&".join(f"{key}={value}" for key, value in kept).encode()


def _members(raw: bytes) -> dict[str, str]:
    """The top-level members as raw text. A key that stands twice reads two ways: refused."""
    try:
        text = raw.decode()
        json.loads(text)
        return _scan(text)
    except (ValueError, IndexError, RecursionError) as error:
        raise AnswerMalformed("not an answer") from error


def _scan(text: str) -> dict[str, str]:
    decoder, members = json.JSONDecoder(), dict[str, str]()
    at = _skip(text, 0)
    if text[at] != "{":
        raise AnswerMalformed("not an object")
    while text[at] != "}":
        start = _skip(text, at + 1)
        if text[start] == "}":
            break
        key, end = decoder.raw_decode(text, start)
        start = _skip(text, _skip(text, end) + 1)
        _, end = decoder.raw_decode(text, start)
        if key in members:
            raise AnswerMalformed("a key stands twice")
        members[key] = text[start:end]
        at = _skip(text, end)
    return members


def _skip(text: str, at: int) -> int:
    found = _SPACE.match(text, at)
    return found.end() if found else at
