"""Every adapter to the outside, chosen in this one place and said aloud. 外部对接

Settings decide. The sandbox is chosen by addresses of this machine, which production refuses.
"""

import logging
from base64 import b64decode
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Struct
from obstore.store import ObjectStore
from redis.asyncio import Redis

from app.alipay import AlipayAdapters, alipay_adapters
from app.key_alarm import key_alarm
from app.settings import Register, Settings, WechatMerchant
from app.sms import sms_lines
from app.wechat import wechat_adapters
from core.files import open_store
from core.sealing import Vault, load_vault
from core.signature_keys import SignatureKey, read_signature_key
from core.signing import Signer
from core.suites import INTL, SUITES, Suite
from core.wire.hmac_api import HmacApi
from core.wire.wechat_push import PushKeys
from identity.oidc_sign_in import OidcSignIn
from identity.phone_codes import SmsLines
from identity.providers import (
    BusinessRegister,
    FaceVerifiers,
    IdentityProviders,
    PopulationRegister,
)
from identity.providers.operator_oidc import OperatorOidc
from identity.providers.registers import BusinessRegisterApi, PopulationRegisterApi
from identity.providers.unified import UnifiedIdentity
from identity.session_states import SessionStates
from identity.tokens import Audience, TokenIssuer, read_keys
from identity.unified import UnifiedDoor
from licences import face_links
from licences.faces.studio import Studio
from licences.issuing import NONCE_PURPOSE, LicenceIssuer
from licences.registries import Registries
from licences.registries.signed_api import SignedRegistry
from notifications.channels import Channels
from payments.gateways import Bank, Gateways
from payments.gateways.bank import CorporateBank
from payments.gateways.wechat import WechatGateway
from payments.gateways.wechat_api import WechatPayApi, WechatPayKeys, load_platform_key
from payments.gateways.wechat_transfer import WechatTransfers

TIMEOUT = httpx.Timeout(10.0, connect=3.0)

OpenClient = Callable[[str], httpx.AsyncClient]
"""Makes the HTTP client of one adapter, with the address all its paths follow."""

log = logging.getLogger(__name__)


class LazyVault:
    """Opens the data keys when first needed, so that a start does not wait for PostgreSQL."""

    def __init__(self, kek: bytes, suite: Suite = INTL) -> None:
        self._kek, self._suite = kek, suite
        self._vault: Vault | None = None

    async def get(self) -> Vault:
        if self._vault is None:
            self._vault = await load_vault(self._kek, suite=self._suite)
        return self._vault


class Parts(Struct, frozen=True, kw_only=True):
    """What the API and the worker are put together from."""

    suite: Suite
    anchor_key: SignatureKey
    vault: LazyVault
    cache: Redis
    issuer: TokenIssuer
    session_states: SessionStates
    identity_providers: IdentityProviders
    face_verifiers: FaceVerifiers
    unified_door: UnifiedDoor
    population_register: PopulationRegister
    business_register: BusinessRegister
    registries: Registries = Registries()
    sms_lines: SmsLines = SmsLines()
    gateways: Gateways
    bank: Bank
    channels: Channels
    push_keys: Sequence[PushKeys] = ()
    oidc: OidcSignIn = OidcSignIn(None)
    presentation_signer: Signer
    licence_issuer: LicenceIssuer
    face_signer: Signer
    studio: Studio
    cursor_signer: Signer
    file_store: ObjectStore
    clients: Sequence[httpx.AsyncClient] = ()

    async def close(self) -> None:
        """Let go of every line to the outside and to the cache."""
        for client in self.clients:
            await client.aclose()
        await self.cache.aclose()
        await self.studio.close()


def choose_parts(settings: Settings, *, transport: httpx.AsyncBaseTransport | None = None) -> Parts:
    """The adapters that the settings ask for. Opens no connection yet.

    With a `transport` all of them speak through it, and nothing of them goes over the network.
    """
    _say_aloud(settings)

    clients: list[httpx.AsyncClient] = []

    def open_client(base_url: str) -> httpx.AsyncClient:
        clients.append(_client(base_url, transport))
        return clients[-1]

    cache = Redis.from_url(
        # Whoever asks bounds the whole question; a limit here would be one more task each time.
        settings.valkey_url.reveal(),
        socket_timeout=None,
        socket_connect_timeout=1.0,
    )
    wechat = wechat_adapters(settings, open_client, cache)
    suite = SUITES[settings.crypto_suite]
    alipay = alipay_adapters(settings, open_client)
    keys = [b64decode(key) for key in settings.presentation_keys.reveal().split(",")]
    return Parts(
        suite=suite,
        anchor_key=read_signature_key(settings.audit_anchor_key.reveal()),
        vault=LazyVault(b64decode(settings.kek.reveal()), suite),
        cache=cache,
        issuer=_issuer(settings),
        session_states=SessionStates(cache),
        identity_providers=IdentityProviders([*wechat.providers, *alipay.providers]),
        face_verifiers=FaceVerifiers([*wechat.faces, *alipay.faces]),
        unified_door=UnifiedDoor(
            _unified(settings, open_client), Signer(keys, purpose="unified login", suite=suite)
        ),
        population_register=PopulationRegisterApi(
            _signed_api(settings.population_register, open_client)
        ),
        business_register=BusinessRegisterApi(_signed_api(settings.business_register, open_client)),
        registries=_registries(settings, open_client),
        sms_lines=SmsLines(sms_lines(settings.sms, open_client)),
        gateways=_gateways(settings, alipay, open_client),
        bank=CorporateBank(
            _signed_api(settings.bank, open_client), debit_account=settings.bank.debit_account
        ),
        channels=Channels([wechat.messages]),
        push_keys=_push_keys(settings),
        oidc=OidcSignIn(_operator_oidc(settings, open_client)),
        presentation_signer=Signer(keys, purpose="licence presentation", suite=suite),
        licence_issuer=LicenceIssuer(
            read_keys(settings.licence_keys.reveal()),
            address=settings.public_url,
            nonces=Signer(keys, purpose=NONCE_PURPOSE, suite=suite),
        ),
        face_signer=Signer(keys, purpose=face_links.PURPOSE, suite=suite),
        studio=Studio(),
        cursor_signer=Signer(keys, purpose="page cursor", suite=suite),
        file_store=open_store(settings.file_store_url),
        clients=clients,
    )


def _say_aloud(settings: Settings) -> None:
    addresses = {
        "wechat": settings.wechat.base_url,
        "wechat_pay": settings.wechat_pay.base_url,
        "alipay": settings.alipay.gateway_url,
        "population_register": settings.population_register.base_url,
        "business_register": settings.business_register.base_url,
        "bank": settings.bank.base_url,
        **{f"sms_{given.form}": given.base_url for given in settings.sms},
    }
    for name, url in addresses.items():
        log.info("adapter", extra={"adapter": name, "host": urlsplit(url).netloc})


def _client(base_url: str, transport: httpx.AsyncBaseTransport | None) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=base_url,
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        transport=transport,
    )


def _signed_api(register: Register, open_client: OpenClient) -> HmacApi:
    return HmacApi(
        open_client(register.base_url),
        app_key=register.app_key,
        secret=register.secret.reveal().encode(),
    )


def _registries(settings: Settings, open_client: OpenClient) -> Registries:
    return Registries(
        SignedRegistry(
            _signed_api(given, open_client),
            name=given.name,
            region=given.region,
            region_name=given.region_name,
        )
        for given in settings.licence_registries
    )


def _unified(settings: Settings, open_client: OpenClient) -> UnifiedIdentity | None:
    known = settings.unified_identity
    if known is None:
        return None
    return UnifiedIdentity(
        open_client(known.base_url),
        issuer=known.issuer,
        client_id=known.client_id,
        client_secret=known.client_secret.reveal(),
        redirect_uri=known.redirect_uri,
    )


def _issuer(settings: Settings) -> TokenIssuer:
    keys = {
        Audience.RESIDENT: read_keys(settings.resident_token_keys.reveal()),
        Audience.VERIFIER: read_keys(settings.verifier_token_keys.reveal()),
        Audience.MACHINE: read_keys(settings.machine_token_keys.reveal()),
    }
    return TokenIssuer(keys, issuer=settings.public_url)


def _gateways(settings: Settings, alipay: AlipayAdapters, open_client: OpenClient) -> Gateways:
    base_url = settings.wechat_pay.base_url
    alarm = key_alarm(settings.operating_department)
    lines = [
        WechatPayApi(_wechat_keys(merchant, settings), open_client(base_url), key_refused=alarm)
        for merchant in settings.wechat_pay.merchants
    ]
    return Gateways(
        [
            *(WechatGateway(line, notify_url=_notify_url(line, settings)) for line in lines),
            *alipay.payments,
        ],
        [
            *(WechatTransfers(line, notify_url=_notify_url(line, settings)) for line in lines),
            *alipay.transfers,
        ],
    )


def _operator_oidc(settings: Settings, open_client: OpenClient) -> OperatorOidc | None:
    known = settings.operator_oidc
    if known is None:
        return None
    return OperatorOidc(
        open_client(known.base_url),
        issuer=known.issuer,
        client_id=known.client_id,
        client_secret=known.client_secret.reveal(),
        redirect_uri=known.redirect_uri,
        login_claim=known.login_claim,
    )


def _push_keys(settings: Settings) -> list[PushKeys]:
    pushes = settings.wechat_push.apps if settings.wechat_push else []
    return [
        PushKeys(push.appid, push.token.reveal(), push.encoding_aes_key.reveal()) for push in pushes
    ]


def _notify_url(line: WechatPayApi, settings: Settings) -> str:
    return f"{settings.public_url}/callbacks/wechat-pay/{line.keys.mchid}"


def _wechat_keys(merchant: WechatMerchant, settings: Settings) -> WechatPayKeys:
    private = load_pem_private_key(merchant.private_key_pem.reveal().encode(), None)
    assert isinstance(private, RSAPrivateKey)
    pems = {merchant.public_key_id: merchant.public_key_pem, **merchant.more_keys}
    appids = merchant.appids or [app.appid for app in settings.wechat.apps]
    return WechatPayKeys(
        mchid=merchant.mchid,
        appid=appids[0],
        more_appids=tuple(appids[1:]),
        serial_no=merchant.serial_no,
        private_key=private,
        platform_keys={serial: load_platform_key(pem) for serial, pem in pems.items()},
        current_serial=merchant.public_key_id,
        apiv3_key=merchant.apiv3_key.reveal().encode(),
    )
