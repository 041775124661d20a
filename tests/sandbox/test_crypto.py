"""The primitives against vectors the platforms publish, restated here as public facts."""

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_der_private_key

from sandbox.alipay.checks import signing_string
from sandbox.crypto import is_signed, open_cbc, seal_cbc, seal_gcm, sign
from tests.sandbox.vectors import (
    ALIPAY_REQUEST,
    ALIPAY_REQUEST_SIGN,
    ALIPAY_SIGNING_STRING,
    DOCS_KEY,
    PAY_SIGN,
    PAY_SIGN_OF_APP,
    POST_BODY,
    POST_SIGNATURE,
)

KEY = load_der_private_key(b64decode(DOCS_KEY), None)
SHEET = (
    "wx2421b1c4370ec43b\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n"
    "prepay_id=wx201410272009395522657a690389285100\n"
)


def test_the_pay_sign_of_the_documentation_is_accepted() -> None:
    assert is_signed(KEY.public_key(), SHEET.encode(), PAY_SIGN)


def test_a_sheet_signed_the_way_of_apps_is_not() -> None:
    assert not is_signed(KEY.public_key(), SHEET.encode(), PAY_SIGN_OF_APP)


def test_a_request_is_signed_as_in_the_documentation() -> None:
    head = "POST\n/v3/pay/transactions/jsapi\n1554208460\n593BEC0C930BF1AFEB40B4A08C8FB242\n"

    assert sign(KEY, f"{head}{POST_BODY}\n".encode()) == POST_SIGNATURE


@pytest.mark.parametrize(
    ("key", "nonce", "aad", "ciphertext", "plaintext"),
    [
        (
            "testAPIv3Key0000",
            "wCq51qZv4Yfg",
            "Dl56FrqWQJF1t9LtC3vEUsniZKvbqdR8",
            "FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC",
            "Hello World",
        ),
        (
            "a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb",
            "uluk4a9R25RW",
            "associatedData",
            "ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=",
            "message",
        ),
    ],
)
def test_resources_are_sealed_as_the_official_libraries_do(
    key: str, nonce: str, aad: str, ciphertext: str, plaintext: str
) -> None:
    sealed = seal_gcm(key.encode(), nonce=nonce, associated_data=aad, plaintext=plaintext.encode())

    assert sealed == ciphertext
    assert AESGCM(key.encode()).decrypt(nonce.encode(), b64decode(sealed), aad.encode())


@pytest.mark.parametrize(
    ("key", "plaintext", "ciphertext"),
    [
        ("aa4BtZ4tspm2wnXLb1ThQA==", b"test1234567", "ILpoMowjIQjfYMR847rnFQ=="),
        ("AAAAAAAAAAAAAAAAAAAAAA==", b"", "AUPbY+5msM3/n2mRdoAVHg=="),
    ],
)
def test_contents_are_sealed_as_alipays_libraries_do(
    key: str, plaintext: bytes, ciphertext: str
) -> None:
    assert seal_cbc(key, plaintext) == ciphertext
    assert open_cbc(key, ciphertext) == plaintext


def test_the_string_alipay_signs_is_sorted_raw_and_without_empty_values() -> None:
    string = signing_string(ALIPAY_REQUEST, without=("sign",))

    assert string.decode() == ALIPAY_SIGNING_STRING
    assert sign(KEY, string) == ALIPAY_REQUEST_SIGN
