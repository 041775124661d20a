"""How a push to somebody's server is sealed and signed in safe mode. 消息加解密"""

import secrets
from base64 import b64decode, b64encode
from hashlib import sha1

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

BLOCK_BITS = 32 * 8  # wider than the cipher's own block


def new_encoding_key() -> str:
    """43 characters that are 32 bytes."""
    return b64encode(secrets.token_bytes(32)).decode().removesuffix("=")


def seal(encoding_key: str, appid: str, message: bytes) -> str:
    """Sixteen random bytes, the length, the message, and whose app it is."""
    plain = secrets.token_bytes(16) + len(message).to_bytes(4) + message + appid.encode()
    padder = PKCS7(BLOCK_BITS).padder()
    key = b64decode(encoding_key + "=")
    encryptor = Cipher(AES(key), CBC(key[:16])).encryptor()
    padded = padder.update(plain) + padder.finalize()
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def signature(*parts: str) -> str:
    """Over the token, the timestamp, the nonce and, where it counts, what was sealed."""
    return sha1("".join(sorted(parts)).encode(), usedforsecurity=False).hexdigest()
