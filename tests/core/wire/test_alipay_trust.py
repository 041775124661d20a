"""Whose certificates are believed to be Alipay's. The sandbox's authority issues all of them."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from core.signing import BadSignature
from core.wire.alipay_certificates import certificate_sn, root_bundle_sn
from core.wire.alipay_trust import AlipayCertificates, CertificateUnknown
from sandbox.alipay.certificates import (
    Authority,
    CertifiedKey,
    certify_alipay,
    certify_app,
    new_authority,
)
from tests.conftest import AT

SELLER = "2088990199000001"
APP_KEY = rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return new_authority()


@pytest.fixture(scope="module")
def held(authority: Authority) -> CertifiedKey:
    return certify_alipay(authority, SELLER)


@pytest.fixture
def certificates(authority: Authority, held: CertifiedKey) -> AlipayCertificates:
    return AlipayCertificates(
        app_cert_pem=certify_app(authority, "2021990199000001", APP_KEY.public_key()),
        alipay_cert_pem=held.certificate_pem,
        root_bundle_pem=authority.root_bundle_pem,
    )


def learn(certificates: AlipayCertificates, pem: str, at: datetime = AT) -> None:
    certificates.learn(certificate_sn(pem.encode()), pem.encode(), at=at)


def test_what_is_held_has_its_key_and_nothing_else_has(
    certificates: AlipayCertificates, authority: Authority, held: CertifiedKey
) -> None:
    certificates.key(certificate_sn(held.certificate_pem.encode()))

    assert certificates.root_sn == root_bundle_sn(authority.root_bundle_pem.encode())
    assert certificates.app_key == APP_KEY.public_key()
    assert len(certificates.keys()) == 1
    with pytest.raises(CertificateUnknown):
        certificates.key("")


def test_alipays_next_certificate_is_believed_and_the_old_one_still_is(
    certificates: AlipayCertificates, authority: Authority
) -> None:
    """B13, for Alipay."""
    fresh = certify_alipay(authority, SELLER).certificate_pem

    learn(certificates, fresh)

    assert len(certificates.keys()) == 2
    assert certificates.keys()[0] == certificates.key(certificate_sn(fresh.encode()))


def test_an_applications_certificate_is_not_alipays(
    certificates: AlipayCertificates, authority: Authority
) -> None:
    """Everybody who has an application has a certificate of the same issuer."""
    own = certify_app(authority, "2021000000000666", APP_KEY.public_key()) + authority.issuer_pem

    with pytest.raises(BadSignature):
        learn(certificates, own)


def test_alipays_name_under_somebody_elses_root_is_not_believed(
    certificates: AlipayCertificates,
) -> None:
    with pytest.raises(BadSignature):
        learn(certificates, certify_alipay(new_authority(), SELLER).certificate_pem)


def test_it_must_come_with_its_issuer_and_have_the_number_asked_for(
    certificates: AlipayCertificates, authority: Authority
) -> None:
    fresh = certify_alipay(authority, SELLER).certificate_pem
    alone = fresh.removesuffix(authority.issuer_pem)

    with pytest.raises(BadSignature):
        learn(certificates, alone)
    with pytest.raises(BadSignature):
        certificates.learn("0" * 32, fresh.encode(), at=AT)
    with pytest.raises(BadSignature):
        certificates.learn("0" * 32, b"", at=AT)


def test_after_its_end_it_is_not_believed(
    certificates: AlipayCertificates, authority: Authority
) -> None:
    fresh = certify_alipay(authority, SELLER).certificate_pem

    with pytest.raises(BadSignature):
        learn(certificates, fresh, datetime(2050, 1, 1, tzinfo=UTC))


def test_a_thousand_unknown_numbers_make_one_question_in_a_minute(
    certificates: AlipayCertificates,
) -> None:
    """B13: anybody can send us a notice that names a certificate."""
    for number in range(1000):
        certificates.want(f"{number:032d}")

    taken = [certificates.take_wanted(at=AT + timedelta(seconds=s)) for s in (0, 1, 59)]

    assert taken == [f"{999:032d}", "", ""]
    certificates.want("1" * 32)
    assert certificates.take_wanted(at=AT + timedelta(minutes=2)) == "1" * 32


def test_a_number_is_asked_about_once_in_a_minute(certificates: AlipayCertificates) -> None:
    asked = [certificates.may_ask("1", at=AT + timedelta(seconds=s)) for s in (0, 59, 60)]

    assert asked == [True, False, True]
    assert all(certificates.may_ask(f"n{number}", at=AT) for number in range(200))


@pytest.mark.parametrize("missing", ["app_cert_pem", "alipay_cert_pem", "root_bundle_pem"])
def test_without_one_of_the_three_there_is_no_certificate_mode(
    authority: Authority, held: CertifiedKey, missing: str
) -> None:
    given = {
        "app_cert_pem": certify_app(authority, "1", APP_KEY.public_key()),
        "alipay_cert_pem": held.certificate_pem,
        "root_bundle_pem": authority.root_bundle_pem,
    }

    with pytest.raises(ValueError, match="certificate mode"):
        AlipayCertificates(**given | {missing: ""})
