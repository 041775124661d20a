"""Each application at Alipay is in one of two modes; the settings say in which."""

import json
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.alipay import AlipayAdapters, alipay_adapters
from app.development import throwaway_variables
from app.settings import SettingsInvalid, load_settings
from sandbox.alipay.certificates import certify_alipay, certify_app, new_authority
from sandbox.crypto import new_private_pem, private_key

OURS = new_private_pem()
AUTHORITY = new_authority()
BY_KEY = {
    "app_id": "2021990199000001",
    "seller_id": "2088990199000001",
    "app_private_key_pem": OURS,
    "aes_key": "c2l4dGVlbiBieXRlcyEhIQ==",
    "alipay_public_key_pem": private_key(OURS)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode(),
}
CERTIFICATES = {
    "app_cert_pem": certify_app(AUTHORITY, "1", private_key(OURS).public_key()),
    "alipay_cert_pem": certify_alipay(AUTHORITY, "2088990199000001").certificate_pem,
    "root_bundle_pem": AUTHORITY.root_bundle_pem,
}
BY_CERTIFICATE = {**BY_KEY, **CERTIFICATES, "app_id": "2021990199000002"}
del BY_CERTIFICATE["alipay_public_key_pem"]
OTHERS = {
    "app_cert_pem": certify_app(AUTHORITY, "1", rsa.generate_private_key(65537, 2048).public_key())
}


def adapters(*apps: dict[str, Any]) -> AlipayAdapters:
    variables = throwaway_variables() | {"ZB_ALIPAY": json.dumps({"apps": apps})}
    return alipay_adapters(load_settings(variables), lambda _: httpx.AsyncClient())


def test_only_an_application_with_certificates_pays_out() -> None:
    made = adapters(BY_KEY, BY_CERTIFICATE)

    assert [one.merchant for one in made.payments] == ["2021990199000001", "2021990199000002"]
    assert [one.merchant for one in made.transfers] == ["2021990199000002"]
    assert [one.appid for one in made.providers] == ["2021990199000001", "2021990199000002"]


@pytest.mark.parametrize(
    "app",
    [
        pytest.param(BY_KEY | CERTIFICATES, id="both modes"),
        pytest.param(BY_KEY | {"alipay_public_key_pem": ""}, id="neither mode"),
        pytest.param(BY_KEY | {"alipay_public_key_pem": "no key"}, id="no key"),
        pytest.param(BY_CERTIFICATE | {"root_bundle_pem": ""}, id="no roots"),
        pytest.param(BY_CERTIFICATE | {"alipay_cert_pem": "none"}, id="no certificate"),
        pytest.param(BY_CERTIFICATE | OTHERS, id="a certificate of another key"),
        pytest.param(BY_CERTIFICATE | {"aes_key": "c2hvcnQ="}, id="an AES key too short"),
    ],
)
def test_what_cannot_work_is_found_at_the_start(app: dict[str, Any]) -> None:
    with pytest.raises(SettingsInvalid, match="ZB_ALIPAY"):
        adapters(app)


def test_without_an_aes_key_nothing_is_encrypted() -> None:
    """It stands in the settings or not; what it does is in `core.wire.alipay_gateway`."""
    plain = {name: value for name, value in BY_CERTIFICATE.items() if name != "aes_key"}

    assert [one.merchant for one in adapters(plain).transfers] == ["2021990199000002"]
