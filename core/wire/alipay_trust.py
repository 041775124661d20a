"""Which of Alipay's certificates we believe, in certificate mode, and how we come to new ones."""

import asyncio
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import BasicConstraints, Certificate, ExtensionNotFound

from core.signing import BadSignature
from core.wire.alipay_certificates import number_of, read_certificates, root_bundle_sn

ASK_AGAIN_AFTER = timedelta(minutes=1)
MAX_CHAIN, MAX_REMEMBERED = 4, 100


class CertificateUnknown(BadSignature):
    """Signed under a certificate that we do not hold, or not yet."""

    def __init__(self, sn: str) -> None:
        super().__init__("unknown certificate")
        self.sn = sn


class AlipayCertificates:
    """Our certificate, the roots, and Alipay's own certificates by their numbers.

    One for all that speak for an application, so that a new certificate is fetched once.
    """

    def __init__(self, *, app_cert_pem: str, alipay_cert_pem: str, root_bundle_pem: str) -> None:
        """Raises ValueError for what cannot be read. `alipay_cert_pem` may hold several."""
        own = [one for one in read_certificates(app_cert_pem.encode()) if not _certifies(one)]
        given = read_certificates(alipay_cert_pem.encode())
        held = [one for one in given if not _certifies(one)]
        self._roots = read_certificates(root_bundle_pem.encode())
        if not own or not held or not self._roots:
            raise ValueError("certificate mode needs our certificate, Alipay's and the roots")
        self.app_key = own[0].public_key()
        self.app_sn = number_of(own[0])
        self.root_sn = root_bundle_sn(root_bundle_pem.encode())
        self._keys = {number_of(one): _rsa_key(one) for one in held}
        self._names = {one.subject for one in held}
        self.fetching = asyncio.Lock()
        self._asked: dict[str, datetime] = {}
        self._wanted = ""
        self._wanted_until: datetime | None = None

    def key(self, sn: str) -> RSAPublicKey:
        """Alipay's key under this number, or CertificateUnknown."""
        if sn not in self._keys:
            raise CertificateUnknown(sn)
        return self._keys[sn]

    def keys(self) -> list[RSAPublicKey]:
        """All that we hold, newest first: for what is signed and names no certificate."""
        return [*reversed(self._keys.values())]

    def learn(self, sn: str, pem: bytes, *, at: datetime) -> None:
        """Believe a certificate from now on, or raise BadSignature.

        It must have that number and Alipay's own name, and lead to a root we hold: applications'
        certificates come from the same issuer.
        """
        found = read_certificates(pem)
        if not found or number_of(found[0]) != sn or found[0].subject not in self._names:
            raise BadSignature("another certificate")
        leaf, *others = found
        if _certifies(leaf) or not self._leads_to_root(leaf, others, at):
            raise BadSignature("a certificate that leads to no root of ours")
        self._keys[sn] = _rsa_key(leaf)

    def want(self, sn: str) -> None:
        """A notice named this number. Anybody can send one, so only the last is remembered."""
        self._wanted = sn

    def take_wanted(self, *, at: datetime) -> str:
        """What to fetch because of notices, at most one in a minute; empty when nothing is."""
        if self._wanted_until is not None and at < self._wanted_until:
            return ""
        sn, self._wanted = self._wanted, ""
        if sn:
            self._wanted_until = at + ASK_AGAIN_AFTER
        return "" if sn in self._keys else sn

    def may_ask(self, sn: str, *, at: datetime) -> bool:
        """Whether to ask about a number now, and note that it is being asked about."""
        if sn in self._keys:
            return False
        last = self._asked.get(sn)
        if last is not None and at - last < ASK_AGAIN_AFTER:
            return False
        if len(self._asked) >= MAX_REMEMBERED:
            self._asked.clear()
        self._asked[sn] = at
        return True

    def _leads_to_root(self, leaf: Certificate, others: list[Certificate], at: datetime) -> bool:
        current = leaf
        for _ in range(MAX_CHAIN):
            if not _is_valid(current, at):
                return False
            if any(_is_issued_by(current, root) for root in self._roots):
                return True
            above = (one for one in others if _certifies(one) and _is_issued_by(current, one))
            issuer = next(above, None)
            if issuer is None:
                return False
            current = issuer
        return False


def _rsa_key(certificate: Certificate) -> RSAPublicKey:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise ValueError("Alipay signs with RSA")
    return key


def _certifies(certificate: Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(BasicConstraints).value.ca
    except (ExtensionNotFound, ValueError):
        return False


def _is_valid(certificate: Certificate, at: datetime) -> bool:
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
