"""How Alipay numbers certificates: an MD5 over issuer and serial. 支付宝证书模式"""

import re
from hashlib import md5

from cryptography.x509 import Certificate, load_pem_x509_certificate

_BLOCK = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_RSA_SIGNATURES = "1.2.840.113549.1.1."


def certificate_sn(pem: bytes) -> str:
    """The `app_cert_sn` of our certificate, or the `alipay_cert_sn` of one of Alipay's."""
    return number_of(load_pem_x509_certificate(pem))


def root_bundle_sn(pem: bytes) -> str:
    """`alipay_root_cert_sn`: the numbers of the bundle's RSA roots, in its order.

    The bundle also holds roots that are not RSA, and one block that is not strictly DER.
    """
    return "_".join(number_of(root) for root in read_certificates(pem) if _is_rsa(root))


def read_certificates(pem: bytes) -> list[Certificate]:
    """Those that can be read, in their order; the others are passed over."""
    found = []
    for block in _BLOCK.findall(pem):
        try:
            found.append(load_pem_x509_certificate(block))
        except ValueError:
            continue
    return found


def number_of(certificate: Certificate) -> str:
    numbered = f"{certificate.issuer.rfc4514_string()}{certificate.serial_number}"
    return md5(numbered.encode(), usedforsecurity=False).hexdigest()


def _is_rsa(certificate: Certificate) -> bool:
    return certificate.signature_algorithm_oid.dotted_string.startswith(_RSA_SIGNATURES)
