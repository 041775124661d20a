"""All key material out there, made once and kept in the state folder. 密钥"""

import os
import secrets
from base64 import b64encode
from pathlib import Path

import msgspec
from msgspec import Struct, field

from sandbox.alipay.certificates import (
    Authority,
    CertifiedKey,
    certify_alipay,
    certify_app,
    new_authority,
)
from sandbox.city import City, WechatApp
from sandbox.crypto import (
    new_p256_key,
    new_private_pem,
    private_key,
    random_alnum,
    random_digits,
)
from sandbox.wechat.push_crypto import new_encoding_key

FILE = "keys.json"
MACHINES = ("population_register", "business_register", "bank", "sms_json", "sms_form")
REGISTRY = "licence_registry_"
"""How the name of a licence registry's key begins."""


class MerchantKeys(Struct, frozen=True):
    """Of one WeChat Pay merchant: what it signs with, and what WeChat Pay signs to it with."""

    serial_no: str
    private_key_pem: str
    apiv3_key: str
    public_key_id: str
    platform_private_key_pem: str


class AlipayKeys(Struct):
    """Of one application. In certificate mode Alipay signs with the last of its certified keys."""

    seller_id: str
    app_private_key_pem: str
    alipay_private_key_pem: str
    aes_key: str
    app_cert_pem: str = ""
    certified_keys: list[CertifiedKey] = []


class MachineKey(Struct, frozen=True):
    """How a register or the bank and we know each other."""

    app_key: str
    secret: str


class PushKeys(Struct, frozen=True):
    """What WeChat's pushes to our server are signed and sealed with; who they are from."""

    original_id: str
    token: str
    encoding_aes_key: str


def new_push_keys() -> PushKeys:
    return PushKeys(f"gh_{secrets.token_hex(6)}", random_alnum(32), new_encoding_key())


class UnifiedKeys(Struct, frozen=True):
    """How the unified identity service and the product know each other; what it signs with."""

    client_id: str
    client_secret: str
    kid: str
    private_key: str


def new_unified_keys() -> UnifiedKeys:
    return UnifiedKeys(
        f"zb-{random_digits(8)}", random_alnum(40), secrets.token_hex(8), new_p256_key()
    )


class Keys(Struct):
    identity_secret: str
    wechat_secret: str
    debit_account: str
    wechat_secrets: dict[str, str] = {}
    wechat_pushes: dict[str, PushKeys] = {}
    unified: UnifiedKeys = field(default_factory=new_unified_keys)
    wechat_push: PushKeys = field(default_factory=new_push_keys)
    merchants: dict[str, MerchantKeys] = {}
    alipay_apps: dict[str, AlipayKeys] = {}
    machines: dict[str, MachineKey] = {}
    alipay_authority: Authority | None = None


def open_keys(state: Path, city: City) -> Keys:
    """The keys of this state folder; what is there stays, what the city newly needs is made."""
    state.mkdir(parents=True, exist_ok=True)
    path = state / FILE
    keys = msgspec.json.decode(path.read_bytes(), type=Keys) if path.exists() else _new_keys()
    _add_missing(keys, city)
    keep_keys(state, keys)
    return keys


def keep_keys(state: Path, keys: Keys) -> None:
    write_private(state / FILE, msgspec.json.format(msgspec.json.encode(keys)))


def write_private(path: Path, content: bytes) -> None:
    """Replace the file whole, readable by its owner only."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(content)
    os.replace(draft, path)


def _new_keys() -> Keys:
    return Keys(
        identity_secret=secrets.token_hex(32),
        wechat_secret=secrets.token_hex(16),
        debit_account="9" + random_digits(18),
    )


def _add_missing(keys: Keys, city: City) -> None:
    platforms = city.platforms
    _add_mini_programs(keys, platforms.wechat)
    for mchid in platforms.mchids():
        if mchid not in keys.merchants:
            keys.merchants[mchid] = _new_merchant(mchid)
    for app_id in platforms.alipay_app_ids():
        if app_id not in keys.alipay_apps:
            own = app_id in (platforms.alipay.app_id, *platforms.alipay.more_app_ids)
            seller_id = platforms.alipay.seller_id if own else "2088" + random_digits(12)
            keys.alipay_apps[app_id] = _new_alipay(seller_id)
        if app_id in platforms.alipay.certificate_apps:
            _certify(keys, app_id)
    registries = [f"{REGISTRY}{registry.name}" for registry in city.licence_registries]
    for name in (*MACHINES, *registries):
        if name not in keys.machines:
            keys.machines[name] = MachineKey(f"{name}-{random_digits(6)}", secrets.token_hex(32))


def _add_mini_programs(keys: Keys, wechat: WechatApp) -> None:
    keys.wechat_secrets.setdefault(wechat.appid, keys.wechat_secret)
    keys.wechat_pushes.setdefault(wechat.appid, keys.wechat_push)
    for app in wechat.more_apps:
        keys.wechat_secrets.setdefault(app.appid, secrets.token_hex(16))
        keys.wechat_pushes.setdefault(app.appid, new_push_keys())


def _certify(keys: Keys, app_id: str) -> None:
    authority = keys.alipay_authority = keys.alipay_authority or new_authority()
    own = keys.alipay_apps[app_id]
    if not own.app_cert_pem:
        app_key = private_key(own.app_private_key_pem).public_key()
        own.app_cert_pem = certify_app(authority, app_id, app_key)
    if not own.certified_keys:
        own.certified_keys = [certify_alipay(authority, own.seller_id)]


def _new_merchant(mchid: str) -> MerchantKeys:
    return MerchantKeys(
        serial_no=secrets.token_hex(20).upper(),
        private_key_pem=new_private_pem(),
        apiv3_key=random_alnum(32),
        public_key_id=f"PUB_KEY_ID_0{mchid}{random_digits(22)}",
        platform_private_key_pem=new_private_pem(),
    )


def _new_alipay(seller_id: str) -> AlipayKeys:
    return AlipayKeys(
        seller_id=seller_id,
        app_private_key_pem=new_private_pem(),
        alipay_private_key_pem=new_private_pem(),
        aes_key=b64encode(secrets.token_bytes(16)).decode(),
    )
