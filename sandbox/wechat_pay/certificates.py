"""Platform certificates: made here, handed out encrypted, taken back one day. 平台证书"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from msgspec import Struct

from sandbox.clock import rfc3339, stamp
from sandbox.crypto import new_private_pem, private_key, random_alnum, seal_gcm
from sandbox.world import Merchant, World

LIVES = timedelta(days=5 * 365)
ALGORITHM, ASSOCIATED = "AEAD_AES_256_GCM", "certificate"


class PlatformCertificate(Struct, frozen=True):
    """One row of wechat_pay_certificates."""

    serial_no: str
    mchid: str
    private_key_pem: str
    certificate_pem: str
    effective_at: str
    expires_at: str

    @property
    def key(self) -> RSAPrivateKey:
        return private_key(self.private_key_pem)


def valid_certificates(world: World, mchid: str) -> list[PlatformCertificate]:
    """Those that count now, the newest last. A merchant without any is given one."""
    query = (
        "SELECT * FROM wechat_pay_certificates WHERE mchid = ? AND retired_at IS NULL"
        " AND expires_at > ? ORDER BY effective_at, rowid"
    )
    now = stamp(world.clock.now())
    found = world.book.find_all(PlatformCertificate, query, mchid, now)
    return found or [new_certificate(world, mchid)]


def new_certificate(world: World, mchid: str) -> PlatformCertificate:
    """A further one. It signs from now on; those before it stay valid."""
    at = world.clock.now()
    serial = (0x5 << 156) | secrets.randbits(156)  # 40 hex digits, none of them a leading zero
    pem = new_private_pem()
    made = PlatformCertificate(
        serial_no=f"{serial:X}",
        mchid=mchid,
        private_key_pem=pem,
        certificate_pem=_certificate_pem(private_key(pem), serial, at),
        effective_at=stamp(at),
        expires_at=stamp(at + LIVES),
    )
    world.book.write(
        "INSERT INTO wechat_pay_certificates (serial_no, mchid, private_key_pem, certificate_pem,"
        " effective_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        made.serial_no,
        mchid,
        made.private_key_pem,
        made.certificate_pem,
        made.effective_at,
        made.expires_at,
    )
    return made


def retire_certificate(world: World, serial_no: str) -> bool:
    """Take it back: it signs nothing more and is not handed out. False when there is none."""
    retired = world.book.write(
        "UPDATE wechat_pay_certificates SET retired_at = ?"
        " WHERE serial_no = ? AND retired_at IS NULL",
        stamp(world.clock.now()),
        serial_no,
    )
    return retired == 1


def describe(merchant: Merchant, certificate: PlatformCertificate) -> dict[str, Any]:
    """As /v3/certificates lists it: readable by whoever has the merchant's APIv3 key."""
    nonce = random_alnum(12)
    ciphertext = seal_gcm(
        merchant.apiv3_key,
        nonce=nonce,
        associated_data=ASSOCIATED,
        plaintext=certificate.certificate_pem.encode(),
    )
    return {
        "serial_no": certificate.serial_no,
        "effective_time": rfc3339(certificate.effective_at),
        "expire_time": rfc3339(certificate.expires_at),
        "encrypt_certificate": {
            "algorithm": ALGORITHM,
            "nonce": nonce,
            "associated_data": ASSOCIATED,
            "ciphertext": ciphertext,
        },
    }


def _certificate_pem(key: RSAPrivateKey, serial: int, at: datetime) -> str:
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Tenpay.com"),
            x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com sign (sandbox)"),
        ]
    )
    builder = x509.CertificateBuilder(
        issuer_name=subject,
        subject_name=subject,
        public_key=key.public_key(),
        serial_number=serial,
        not_valid_before=at,
        not_valid_after=at + LIVES,
    )
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()
