"""The primitives all platforms share, each named for what it does here."""

import hmac
import secrets
from base64 import b64decode, b64encode
from functools import lru_cache
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

ALNUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def new_private_pem() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def new_p256_key() -> str:
    """For signatures ES256: PKCS#8, Base64."""
    key = ec.generate_private_key(ec.SECP256R1())
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return b64encode(der).decode()


@lru_cache(maxsize=256)
def private_key(pem: str) -> RSAPrivateKey:
    """Loading checks the primes, which is slow; there are few of them."""
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key


def public_pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(key: RSAPrivateKey, message: bytes) -> str:
    """SHA256withRSA, PKCS#1 v1.5, Base64: WeChat Pay v3 and Alipay RSA2 alike."""
    return b64encode(key.sign(message, PKCS1v15(), SHA256())).decode()


def is_signed(key: RSAPublicKey, message: bytes, signature: str) -> bool:
    try:
        key.verify(b64decode(signature, validate=True), message, PKCS1v15(), SHA256())
    except (ValueError, InvalidSignature):
        return False
    return True


def seal_gcm(key: bytes, *, nonce: str, associated_data: str, plaintext: bytes) -> str:
    sealed = AESGCM(key).encrypt(nonce.encode(), plaintext, associated_data.encode())
    return b64encode(sealed).decode()


def open_oaep(key: RSAPrivateKey, text: str) -> str:
    """Raises ValueError for anything that was not encrypted to this key."""
    # WeChat Pay's choice.
    padding = OAEP(mgf=MGF1(SHA1()), algorithm=SHA1(), label=None)  # nosec B303
    return key.decrypt(b64decode(text, validate=True), padding).decode()


def seal_cbc(key: str, plaintext: bytes) -> str:
    """Alipay's content encryption: AES-128-CBC, an initial vector of zeros."""
    padder = PKCS7(128).padder()
    encryptor = _zero_cbc(key).encryptor()
    padded = padder.update(plaintext) + padder.finalize()
    return b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def open_cbc(key: str, text: str) -> bytes:
    """Raises ValueError for what was not encrypted so."""
    decryptor, unpadder = _zero_cbc(key).decryptor(), PKCS7(128).unpadder()
    padded = decryptor.update(b64decode(text, validate=True)) + decryptor.finalize()
    return unpadder.update(padded) + unpadder.finalize()


def mac(secret: str, *lines: bytes) -> str:
    """Hex HMAC-SHA256 over the lines joined by LF: the registers' and the bank's."""
    return hmac.digest(secret.encode(), b"\n".join(lines), sha256).hex()


def is_same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def random_alnum(length: int) -> str:
    return "".join(secrets.choice(ALNUM) for _ in range(length))


def random_digits(length: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(length))


def _zero_cbc(key: str) -> Cipher[CBC]:
    return Cipher(AES(b64decode(key)), CBC(bytes(16)))
