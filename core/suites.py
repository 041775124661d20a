"""Two sets of cryptography, one for a deployment: `intl`, and `gm` where 商用密码 is required.

`intl`: AES-256-GCM, SHA-256, HMAC-SHA-256 (NIST SP 800-38D, FIPS 180-4, FIPS 198-1). `gm`: SM4-GCM,
SM3, HMAC-SM3 (GB/T 32907, GB/T 32905). What one made says so in its first byte, so that a
deployment can change and still read what it wrote. Signatures are in `core.signature_keys`.
Software alone does not pass a 密评 (GB/T 39786). 密码套件
"""

import hmac
from hashlib import sha256
from typing import ClassVar, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from cryptography.hazmat.primitives.hmac import HMAC

_TAG_SIZE = 16


class NotGenuine(Exception):
    """The ciphertext was not made under this key and for this place, or was changed."""


class Suite(Protocol):
    code: ClassVar[int]
    name: ClassVar[str]

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        """Ciphertext and tag. `key` is 32 random bytes, `nonce` 12 that were never used with it."""
        ...

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        """The plaintext, or NotGenuine."""
        ...

    def mac(self, key: bytes, message: bytes) -> bytes:
        """32 bytes."""
        ...

    def digest(self, message: bytes) -> bytes:
        """32 bytes."""
        ...


class Intl:
    code: ClassVar[int] = 1
    name: ClassVar[str] = "intl"

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        return AESGCM(key).encrypt(nonce, plain, associated)

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        try:
            return AESGCM(key).decrypt(nonce, sealed, associated)
        except InvalidTag as error:
            raise NotGenuine from error

    def mac(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, sha256)

    def digest(self, message: bytes) -> bytes:
        return sha256(message).digest()


class Gm:
    code: ClassVar[int] = 2
    name: ClassVar[str] = "gm"

    def encrypt(self, key: bytes, nonce: bytes, plain: bytes, associated: bytes) -> bytes:
        encryptor = Cipher(SM4(self._cipher_key(key)), GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated)
        return encryptor.update(plain) + encryptor.finalize() + encryptor.tag

    def decrypt(self, key: bytes, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
        if len(sealed) < _TAG_SIZE:
            raise NotGenuine
        body, tag = sealed[:-_TAG_SIZE], sealed[-_TAG_SIZE:]
        decryptor = Cipher(SM4(self._cipher_key(key)), GCM(nonce, tag)).decryptor()
        decryptor.authenticate_additional_data(associated)
        try:
            return decryptor.update(body) + decryptor.finalize()
        except InvalidTag as error:
            raise NotGenuine from error

    def mac(self, key: bytes, message: bytes) -> bytes:
        made = HMAC(key, hashes.SM3())
        made.update(message)
        return made.finalize()

    def digest(self, message: bytes) -> bytes:
        made = hashes.Hash(hashes.SM3())
        made.update(message)
        return made.finalize()

    def _cipher_key(self, key: bytes) -> bytes:
        """SM4 takes 16 bytes; both suites are given 32."""
        return self.mac(key, b"SM4-GCM")[:16]


INTL: Suite = Intl()
GM: Suite = Gm()
SUITES = {suite.name: suite for suite in (INTL, GM)}
_BY_CODE = {suite.code: suite for suite in (INTL, GM)}


def find_suite(code: int) -> Suite | None:
    """The suite that a sealed value or a link of the audit chain says made it."""
    return _BY_CODE.get(code)
