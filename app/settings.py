"""What a deployment decides, read once from ZB_* variables, all or nothing. 配置

A secret may stand in a file named by ZB_…_FILE. What has parts (a platform, a register) is JSON
text, as the platform's console hands it out. Every problem is told at once, and no value in it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from app.settings_reading import Networks, Secret, SettingsInvalid, read_settings
from app.settings_rules import problems_of

Url = Annotated[str, Meta(pattern=r"^https?://[^\s/]+[^\s]*\Z", max_length=2048)]
Name = Annotated[str, Meta(min_length=1, max_length=128)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group of settings given as one JSON text."""


class MessageTemplate(Section, frozen=True):
    """A subscribe-message template, as the mini-program's console lists it."""

    id: Name
    title: Name
    kind: Literal["one_time", "long_term"]
    keys: list[str]


class WechatMiniProgram(Section, frozen=True):
    """One mini-program, as its own console hands it out."""

    appid: Name
    secret: Secret
    templates: list[MessageTemplate] = []


class WechatApp(WechatMiniProgram, frozen=True):
    """The mini-program that we serve; a deployment with several names the rest in `more_apps`."""

    more_apps: list[WechatMiniProgram] = []
    base_url: Url = "https://api.weixin.qq.com"

    @property
    def apps(self) -> list[WechatMiniProgram]:
        return [self, *self.more_apps]


class WechatPushKeys(Section, frozen=True):
    """What a mini-program's console and we agreed on for 消息推送: safe mode, JSON."""

    appid: Name
    token: Secret
    encoding_aes_key: Secret


class WechatPush(WechatPushKeys, frozen=True):
    """Of the mini-program that we serve; those of further ones stand in `more_apps`."""

    more_apps: list[WechatPushKeys] = []

    @property
    def apps(self) -> list[WechatPushKeys]:
        return [self, *self.more_apps]


class WechatMerchant(Section, frozen=True):
    """One merchant number. `more_keys` are further platform keys by serial, while they change.

    `appids` are the mini-programs it is bound to, the one it prefers to pay out in first; unnamed,
    all ours.
    """

    mchid: Name
    serial_no: Name
    private_key_pem: Secret
    apiv3_key: Secret
    public_key_id: Name
    public_key_pem: str
    more_keys: dict[str, str] = {}
    appids: list[Name] = []


class WechatPay(Section, frozen=True):
    merchants: list[WechatMerchant]
    transfer_scene_id: str = ""
    base_url: Url = "https://api.mch.weixin.qq.com"


class AlipayApp(Section, frozen=True):
    """An application in public-key mode, or with all three certificates in certificate mode.

    Only the latter can pay out. While Alipay changes its certificate, both may stand there. With an
    `aes_key` the contents of calls are encrypted; without, phone numbers cannot be opened.
    """

    app_id: Name
    seller_id: Name
    app_private_key_pem: Secret
    aes_key: Secret = Secret("")
    alipay_public_key_pem: str = ""
    app_cert_pem: str = ""
    alipay_cert_pem: str = ""
    root_bundle_pem: str = ""


class Alipay(Section, frozen=True):
    """The applications at Alipay; people log in to any, to the first when they name none."""

    apps: list[AlipayApp]
    gateway_url: Url = "https://openapi.alipay.com/gateway.do"


class UnifiedIdentity(Section, frozen=True):
    """A unified identity service that people may log in by; `issuer` as its tokens name it."""

    base_url: Url
    issuer: Url
    client_id: Name
    client_secret: Secret
    redirect_uri: Url


class Register(Section, frozen=True):
    """A register of the city, over the signed JSON interface."""

    base_url: Url
    app_key: Name
    secret: Secret


class LicenceRegistry(Register, frozen=True):
    """A registry of licences; one of another place whose licences are recognised has a `region`."""

    name: Name
    region: str = ""
    region_name: str = ""


class SmsSupplier(Register, frozen=True):
    """A supplier of text messages in one of the two forms of docs/zh/sms-gateway.md."""

    form: Literal["json", "form"]
    sign_name: Name


class Bank(Register, frozen=True):
    debit_account: Name


class OperatorOidcApp(Section, frozen=True):
    """The bureau's own sign-in service for staff; `login_claim` holds the login name here."""

    base_url: Url
    issuer: Url
    client_id: Name
    client_secret: Secret
    redirect_uri: Url
    login_claim: Name = "preferred_username"


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything the API and the worker need. No secret has a default.

    `kek` is 32 bytes in Base64. `presentation_keys` and the token keys are lists, oldest first: the
    last one makes, all are accepted. `presentation_keys` are Base64, at least 32 bytes, with commas
    between; token keys are PEM after PEM. `file_store_url` is file:///folder or s3://bucket.
    Of `licence_keys`, token keys too, all are also published.
    `operating_department` looks after the message channels. `workers` is how many processes serve;
    `backpressure` how many requests each takes at once, and stands above the long polls expected.
    Without `wechat_push` nothing is heard of messages on their way; without `sms` nobody signs
    in by phone number, and its first supplier is tried first. The worker touches the file at
    `heartbeat_path`, where one is named, and gives its figures at `worker_metrics_port`, where that
    is not 0.
    """

    environment: Literal["development", "test", "production"]
    database_url: Secret
    valkey_url: Secret
    public_url: Url
    kek: Secret
    presentation_keys: Secret
    audit_anchor_key: Secret
    resident_token_keys: Secret
    verifier_token_keys: Secret
    machine_token_keys: Secret
    licence_keys: Secret
    wechat: WechatApp
    wechat_push: WechatPush | None = None
    wechat_pay: WechatPay
    alipay: Alipay
    unified_identity: UnifiedIdentity | None = None
    population_register: Register
    business_register: Register
    licence_registries: list[LicenceRegistry] = []
    bank: Bank
    sms: list[SmsSupplier] = []
    operator_oidc: OperatorOidcApp | None = None
    crypto_suite: Literal["intl", "gm"] = "intl"
    file_store_url: Annotated[str, Meta(pattern=r"^(file|s3)://.+\Z")]
    operating_department: Name = "platform"
    trusted_proxies: Networks = ()
    metrics_networks: Networks = ()
    host: Name = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    workers: Annotated[int, Meta(ge=1, le=128)] = 2
    backpressure: Annotated[int, Meta(ge=16, le=65536)] = 4096
    stop_seconds: Annotated[int, Meta(ge=1, le=600)] = 30
    database_connections: Annotated[int, Meta(ge=1, le=500)] = 10
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    heartbeat_path: str = ""
    worker_metrics_port: Annotated[int, Meta(ge=0, le=65535)] = 0
    clock_offset_seconds: int = 0


class OwnerSettings(Struct, frozen=True, kw_only=True):
    """What only migrations need: the address with the role that owns the tables."""

    owner_database_url: Secret


class ProbeSettings(Struct, frozen=True, kw_only=True):
    """What a health check needs, in the container of what it asks about."""

    port: Annotated[int, Meta(ge=1, le=65535)] = 8000
    heartbeat_path: str = ""


class AuditSettings(Struct, frozen=True, kw_only=True):
    """What `audit verify` needs: the chain, the marks outside the database, and their key."""

    database_url: Secret
    file_store_url: str
    audit_anchor_key: Secret


def load_settings(environ: Mapping[str, str]) -> Settings:
    """The settings of the API and the worker, or SettingsInvalid with every problem."""
    settings = read_settings(Settings, environ, known=(OwnerSettings,))
    if problems := problems_of(settings):
        raise SettingsInvalid(problems)
    return settings


def load_audit_settings(environ: Mapping[str, str]) -> AuditSettings:
    return read_settings(AuditSettings, environ, known=(Settings, OwnerSettings))


def load_owner_settings(environ: Mapping[str, str]) -> OwnerSettings:
    return read_settings(OwnerSettings, environ, known=(Settings,))


def load_probe_settings(environ: Mapping[str, str]) -> ProbeSettings:
    return read_settings(ProbeSettings, environ, known=(Settings, OwnerSettings))
