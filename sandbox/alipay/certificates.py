"""Certificate mode: who certified whom, and the numbers certificates go by. 公钥证书"""

import re
from datetime import UTC, datetime
from hashlib import md5

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, Name, NameAttribute
from cryptography.x509.oid import NameOID
from msgspec import Struct

from sandbox.crypto import new_private_pem, private_key

FROM, UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----\n?", re.DOTALL)
SHORT = {
    NameOID.COMMON_NAME: "CN",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.COUNTRY_NAME: "C",
}
SIGNED_WITH_RSA = "1.2.840.113549.1.1"
ALIPAY = "支付宝（沙箱）网络技术有限公司"


class Authority(Struct, frozen=True):
    """Those who certify: the roots everybody holds, and the one below them that signs."""

    root_bundle_pem: str
    issuer_pem: str
    issuer_private_key_pem: str


class CertifiedKey(Struct, frozen=True):
    """A key Alipay signs with, its certificate, and that of who issued it."""

    private_key_pem: str
    certificate_pem: str


def new_authority() -> Authority:
    """Three roots, one of which is not RSA, as in the bundle that Alipay hands out."""
    root_key, issuer_key = private_key(new_private_pem()), new_private_pem()
    curve_key = ec.generate_private_key(ec.SECP256R1())
    root = _name("Sandbox Root Authority R1", "Sandbox Trust")
    roots = [
        _issue(root, root_key, root, root_key.public_key(), certifies=True),
        _self_signed("Sandbox Root Authority E1", curve_key),
        _self_signed("Sandbox Root Authority R2", root_key),
    ]
    issuer = _name("Sandbox Certification Authority Class 2 R1", "Sandbox Trust")
    public = private_key(issuer_key).public_key()
    return Authority(
        root_bundle_pem="\n".join(_pem(one) for one in roots),
        issuer_pem=_pem(_issue(root, root_key, issuer, public, certifies=True)),
        issuer_private_key_pem=issuer_key,
    )


def certify_app(authority: Authority, app_id: str, key: RSAPublicKey) -> str:
    return _certify(authority, _name(app_id, "临溪市数据局（沙箱）"), key)


def certify_alipay(authority: Authority, seller_id: str) -> CertifiedKey:
    """A new key of Alipay's for this seller. Its certificate comes with its issuer's."""
    made = new_private_pem()
    subject = _name(f"{ALIPAY}-{seller_id}", ALIPAY)
    leaf = _certify(authority, subject, private_key(made).public_key())
    return CertifiedKey(made, leaf + authority.issuer_pem)


def certificate_sn(pem: str) -> str:
    """The MD5 of issuer and serial, of the first certificate there."""
    certificate = x509.load_pem_x509_certificate(pem.encode())
    issuer = ",".join(
        f"{SHORT[part.oid]}={part.value!s}" for part in reversed([*certificate.issuer])
    )
    text = f"{issuer}{certificate.serial_number}"
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def root_bundle_sn(pem: str) -> str:
    """The numbers of those that were signed with RSA, in their order."""
    blocks = BLOCK.findall(pem)
    return "_".join(certificate_sn(block) for block in blocks if _is_signed_with_rsa(block))


def _is_signed_with_rsa(pem: str) -> bool:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    return certificate.signature_algorithm_oid.dotted_string.startswith(SIGNED_WITH_RSA)


def _certify(authority: Authority, subject: Name, key: RSAPublicKey) -> str:
    issuer = x509.load_pem_x509_certificate(authority.issuer_pem.encode()).subject
    by = private_key(authority.issuer_private_key_pem)
    return _pem(_issue(issuer, by, subject, key, certifies=False))


def _self_signed(name: str, key: RSAPrivateKey | EllipticCurvePrivateKey) -> Certificate:
    subject = _name(name, "Sandbox Trust")
    return _issue(subject, key, subject, key.public_key(), certifies=True)


def _issue(
    issuer: Name,
    by: RSAPrivateKey | EllipticCurvePrivateKey,
    subject: Name,
    key: RSAPublicKey | ec.EllipticCurvePublicKey,
    *,
    certifies: bool,
) -> Certificate:
    builder = x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=subject,
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=FROM,
        not_valid_after=UNTIL,
    )
    constraints = x509.BasicConstraints(ca=certifies, path_length=None)
    return builder.add_extension(constraints, critical=True).sign(by, SHA256())


def _name(common_name: str, organisation: str) -> Name:
    """In the order of the certificates that Alipay issues; it is numbered in the reverse one."""
    return Name(
        [
            NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Sandbox"),
            NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _pem(certificate: Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
