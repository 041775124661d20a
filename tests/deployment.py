"""A deployment made of stand-ins: the real application, its real database and cache, fakes
outside.
"""

from base64 import b64encode

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from obstore.store import MemoryStore
from redis.asyncio import Redis

from app.providers import LazyVault, Parts
from app.settings import (
    Alipay,
    Bank,
    Register,
    Settings,
    WechatApp,
    WechatPay,
)
from app.settings_reading import Secret
from core.sealing import Vault
from core.signature_keys import new_ed25519_key, read_signature_key
from core.signing import Signer
from core.suites import INTL
from identity.providers import FaceVerifiers, IdentityProviders
from identity.session_states import SessionStates
from identity.tokens import TokenIssuer, new_key_pem, read_keys
from identity.unified import UnifiedDoor
from licences.faces.studio import Studio
from licences.issuing import LicenceIssuer
from notifications.channels import Channels
from payments.gateways import Gateways
from tests.fakes.identity import (
    FakeAlipay,
    FakeBusinessRegister,
    FakeFaces,
    FakePopulationRegister,
    FakeProvider,
)
from tests.fakes.notifications import FakeChannel
from tests.fakes.payments import FakeBank, FakeGateway, FakeTransfers

LICENCE_KEYS = read_keys(new_key_pem())
RSA_KEY = generate_private_key(65537, 2048)
"""One RSA key for all tests that need some: making one takes its time."""


class KnownVault(LazyVault):
    """The tests' own keys, so that rows made without the application open in it."""

    def __init__(self, vault: Vault) -> None:
        super().__init__(b"")
        self._vault = vault


def make_settings(*, database_url: str = "asyncpg://nobody@127.0.0.1/unused") -> Settings:
    secret, url = Secret("for tests only"), "http://127.0.0.1:1"
    register = {"base_url": url, "app_key": "tests", "secret": secret}
    keys = Secret(b64encode(b"t" * 32).decode())
    return Settings(
        environment="test",
        database_url=Secret(database_url),
        valkey_url=Secret("redis://127.0.0.1:1"),
        public_url="https://zb.test",
        kek=keys,
        audit_anchor_key=Secret(new_ed25519_key()),
        presentation_keys=keys,
        resident_token_keys=secret,
        verifier_token_keys=secret,
        machine_token_keys=secret,
        licence_keys=secret,
        wechat=WechatApp(appid="wx-1", secret=secret, base_url=url),
        wechat_pay=WechatPay(merchants=[], base_url=url),
        alipay=Alipay(apps=[], gateway_url=url),
        population_register=Register(**register),
        business_register=Register(**register),
        bank=Bank(**register, debit_account="1"),
        file_store_url="file:///unused",
    )


def make_parts(vault: Vault, cache: Redis, issuer: TokenIssuer) -> Parts:
    """Fakes for everything outside. A test reaches them through the parts, and tells them what
    to do.
    """
    return Parts(
        suite=INTL,
        anchor_key=read_signature_key(new_ed25519_key()),
        vault=KnownVault(vault),
        cache=cache,
        issuer=issuer,
        session_states=SessionStates(cache),
        identity_providers=IdentityProviders([FakeProvider(), FakeAlipay("2021000000000001")]),
        face_verifiers=FaceVerifiers([FakeFaces()]),
        population_register=FakePopulationRegister({}),
        business_register=FakeBusinessRegister(),
        gateways=Gateways([FakeGateway()], [FakeTransfers()]),
        bank=FakeBank(),
        channels=Channels([FakeChannel()]),
        presentation_signer=Signer([b"for tests only"], purpose="licence presentation"),
        licence_issuer=LicenceIssuer(
            LICENCE_KEYS,
            address="https://zb.test",
            nonces=Signer([b"for tests only"], purpose="credential nonce"),
        ),
        unified_door=UnifiedDoor(None, Signer([b"for tests only"], purpose="unified login")),
        face_signer=Signer([b"for tests only"], purpose="licence face"),
        studio=Studio(),
        cursor_signer=Signer([b"for tests only"], purpose="page cursor"),
        file_store=MemoryStore(),
    )
