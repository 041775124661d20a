"""Keys that sign what leaves the house: Ed25519 (RFC 8032), or SM2 with SM3 (GB/T 32918). 签名密钥

SM2 comes out of `gmssl-pyx`, which is asked for when such a key is read; a production system puts
its certified cryptographic module behind the same two methods.
"""

from importlib import import_module
from typing import Any, ClassVar, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

_SM2 = "sm2:"


class SignatureKey(Protocol):
    algorithm: ClassVar[str]

    def sign(self, message: bytes) -> bytes: ...

    def verify(self, message: bytes, signature: bytes) -> bool: ...


class Ed25519Key:
    algorithm: ClassVar[str] = "Ed25519"

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            self._private.public_key().verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Sm2Key:
    algorithm: ClassVar[str] = "SM2"

    def __init__(self, private: bytes, public: bytes) -> None:
        self._module: Any = import_module("gmssl_pyx")
        self._private, self._public = private, public

    def sign(self, message: bytes) -> bytes:
        signature: bytes = self._module.sm2_sign(self._private, self._public, message)
        return signature

    def verify(self, message: bytes, signature: bytes) -> bool:
        try:
            return bool(self._module.sm2_verify(self._public, message, signature))
        except (self._module.InvalidValueError, self._module.GmsslInnerError):
            return False


def new_ed25519_key() -> str:
    """A fresh key as text."""
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def new_sm2_key() -> str:
    """A fresh key as text: sm2:, then the private and the public half in hexadecimal."""
    public, private = import_module("gmssl_pyx").sm2_key_generate()
    return f"{_SM2}{private.hex()}:{public.hex()}"


def read_signature_key(text: str) -> SignatureKey:
    """A key as one of the two above wrote it; ValueError when it is neither."""
    if text.startswith(_SM2):
        private, _, public = text.removeprefix(_SM2).strip().partition(":")
        if (len(private), len(public)) != (64, 128):
            raise ValueError("an SM2 key has 32 private and 64 public bytes")
        return Sm2Key(bytes.fromhex(private), bytes.fromhex(public))
    key = load_pem_private_key(text.encode(), None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("an Ed25519 or SM2 key is needed")
    return Ed25519Key(key)
