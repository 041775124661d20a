from base64 import b64decode

import pytest
from cryptography.x509 import load_der_x509_certificate

from core.wire.alipay_certificates import certificate_sn, root_bundle_sn
from tests.data import vectors

V = vectors("alipay_certificates")


def pem(der_b64: str) -> bytes:
    return f"-----BEGIN CERTIFICATE-----\n{der_b64}\n-----END CERTIFICATE-----\n".encode()


BUNDLE = b"\n".join(pem(block) for block in V["root_bundle_der_b64"])


@pytest.mark.parametrize("whose", ["app_cert", "alipay_cert"])
def test_a_certificate_has_its_published_number(whose: str) -> None:
    assert certificate_sn(pem(V[f"{whose}_der_b64"])) == V[f"{whose}_sn"]


def test_the_bundle_is_numbered_by_its_rsa_roots_alone() -> None:
    assert root_bundle_sn(BUNDLE) == V["alipay_root_cert_sn"]
    assert root_bundle_sn(BUNDLE.replace(b"\n", b"\r\n")) == V["alipay_root_cert_sn"]


def test_one_block_of_the_bundle_cannot_be_read_and_is_passed_over() -> None:
    with pytest.raises(ValueError, match="ExtraData"):
        load_der_x509_certificate(b64decode(V["root_bundle_der_b64"][2]))

    assert root_bundle_sn(pem(V["root_bundle_der_b64"][2])) == ""


def test_what_is_no_certificate_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r".+"):
        certificate_sn(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
