"""What must hold of settings beyond their types; stricter when the environment is production."""

from __future__ import annotations

import operator
from base64 import b64decode
from collections.abc import Callable, Iterator
from functools import partial
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key

from core.signature_keys import read_signature_key
from core.wire import alipay
from core.wire.alipay_trust import AlipayCertificates
from identity.tokens import read_keys
from notifications.channels.wechat_push import is_encoding_key
from payments.gateways.wechat_api import load_platform_key

if TYPE_CHECKING:
    from app.settings import AlipayApp, Settings


def problems_of(settings: Settings) -> list[str]:
    """Everything wrong with them, in words that name the variable and no secret."""
    checks = [
        *_key_checks(settings),
        *_address_checks(settings),
        *_platform_checks(settings),
        *_push_checks(settings),
    ]
    problems = [f"{name}：{why}" for name, check, why in checks if not _passes(check)]
    if settings.environment == "production":
        problems += _production_problems(settings)
    return problems


Check = tuple[str, Callable[[], object], str]


def _passes(check: Callable[[], object]) -> bool:
    try:
        return bool(check())
    except ValueError:
        return False


def _key_checks(settings: Settings) -> Iterator[Check]:
    kek, keys = settings.kek.reveal(), settings.presentation_keys.reveal().split(",")
    yield "ZB_KEK", partial(_is_base64, [kek], exactly=32), "应为 32 字节的 Base64"
    yield (
        "ZB_PRESENTATION_KEYS",
        partial(_is_base64, keys, at_least=32),
        "应为以逗号分隔的 Base64，每个至少 32 字节",
    )
    anchor_key = settings.audit_anchor_key.reveal()
    yield (
        "ZB_AUDIT_ANCHOR_KEY",
        partial(read_signature_key, anchor_key),
        "应为 Ed25519 私钥的 PEM 或 sm2: 密钥",
    )
    for name, keys_of in (
        ("ZB_RESIDENT_TOKEN_KEYS", settings.resident_token_keys),
        ("ZB_VERIFIER_TOKEN_KEYS", settings.verifier_token_keys),
        ("ZB_MACHINE_TOKEN_KEYS", settings.machine_token_keys),
        ("ZB_LICENCE_KEYS", settings.licence_keys),
    ):
        yield name, partial(read_keys, keys_of.reveal()), "应为 P-256 私钥的 PEM"


def _address_checks(settings: Settings) -> Iterator[Check]:
    for name, url, schemes in (
        ("ZB_DATABASE_URL", settings.database_url, ("asyncpg", "postgres", "postgresql")),
        ("ZB_VALKEY_URL", settings.valkey_url, ("redis", "rediss", "unix")),
    ):
        yield name, partial(_has_scheme, url.reveal(), schemes), f"应以 {schemes[0]}:// 开头"
    plain = partial(operator.not_, settings.public_url.endswith("/") or "?" in settings.public_url)
    yield "ZB_PUBLIC_URL", plain, "不能以 / 结尾，也不能带参数：回调地址由它拼成"


def _platform_checks(settings: Settings) -> Iterator[Check]:
    ours = [app.appid for app in settings.wechat.apps]
    yield "ZB_WECHAT", partial(_differ, ours), "同一个 appid 只能写一次"
    apps = [app.app_id for app in settings.alipay.apps]
    yield "ZB_ALIPAY", partial(_differ, apps), "同一个 app_id 只能写一次"
    mchids = [merchant.mchid for merchant in settings.wechat_pay.merchants]
    yield "ZB_WECHAT_PAY", partial(_differ, mchids), "同一个 mchid 只能写一次"
    registries = [registry.name for registry in settings.licence_registries]
    yield "ZB_LICENCE_REGISTRIES", partial(_differ, registries), "同一个 name 只能写一次"
    for merchant in settings.wechat_pay.merchants:
        name = f"ZB_WECHAT_PAY 商户 {merchant.mchid}"
        yield name, partial(set(ours).issuperset, merchant.appids), "appids 应在 ZB_WECHAT 里"
        private = merchant.private_key_pem.reveal()
        yield name, partial(load_pem_private_key, private.encode(), None), "商户私钥无法读取"
        for pem in (merchant.public_key_pem, *merchant.more_keys.values()):
            yield name, partial(load_platform_key, pem), "微信支付公钥或平台证书无法读取"
        apiv3_key = merchant.apiv3_key.reveal().encode()
        yield name, partial(operator.eq, len(apiv3_key), 32), "apiv3_key 应为 32 字节"
    for app in settings.alipay.apps:
        name = f"ZB_ALIPAY 应用 {app.app_id}"
        private = app.app_private_key_pem.reveal()
        yield name, partial(alipay.load_private_key, private), "应用私钥无法读取"
        yield name, partial(_is_aes_key, app.aes_key.reveal()), "aes_key 应为 16 字节的 Base64"
        yield name, partial(_has_one_mode, app), "支付宝公钥与三张证书必须且只能给出一种"
        if app.alipay_public_key_pem:
            public = app.alipay_public_key_pem
            yield name, partial(alipay.load_public_key, public), "支付宝公钥无法读取"
        else:
            yield name, partial(_certificates_fit, app), "证书无法读取，或不是应用私钥的证书"


def _push_checks(settings: Settings) -> Iterator[Check]:
    ours = {app.appid for app in settings.wechat.apps}
    for push in settings.wechat_push.apps if settings.wechat_push else []:
        key = push.encoding_aes_key.reveal()
        yield "ZB_WECHAT_PUSH", partial(is_encoding_key, key), "encoding_aes_key 应为 43 个字符"
        yield (
            "ZB_WECHAT_PUSH",
            partial(ours.__contains__, push.appid),
            "appid 应与 ZB_WECHAT 的一致",
        )


def _differ(names: list[str]) -> bool:
    return len(set(names)) == len(names)


def _is_aes_key(text: str) -> bool:
    """It may be missing."""
    return not text or _is_base64([text], exactly=16)


def _has_one_mode(app: AlipayApp) -> bool:
    certificates = [app.app_cert_pem, app.alipay_cert_pem, app.root_bundle_pem]
    return not any(certificates) if app.alipay_public_key_pem else all(certificates)


def _certificates_fit(app: AlipayApp) -> bool:
    certificates = AlipayCertificates(
        app_cert_pem=app.app_cert_pem,
        alipay_cert_pem=app.alipay_cert_pem,
        root_bundle_pem=app.root_bundle_pem,
    )
    own = alipay.load_private_key(app.app_private_key_pem.reveal()).public_key()
    return certificates.app_key == own


def _is_base64(texts: list[str], *, exactly: int | None = None, at_least: int = 1) -> bool:
    sizes = [len(b64decode(text, validate=True)) for text in texts]
    return all(size == exactly if exactly else size >= at_least for size in sizes)


def _has_scheme(url: str, schemes: tuple[str, ...]) -> bool:
    return urlsplit(url).scheme in schemes


def _production_problems(settings: Settings) -> Iterator[str]:
    if settings.clock_offset_seconds:
        yield "ZB_CLOCK_OFFSET_SECONDS：生产环境不允许调整时钟"
    if not settings.wechat_pay.merchants and not settings.alipay.apps:
        yield "ZB_WECHAT_PAY、ZB_ALIPAY：生产环境至少要有一个收款渠道"
    for name, url in _addresses(settings):
        parts = urlsplit(url)
        if _is_loopback(parts.hostname or ""):
            yield f"{name}：生产环境不允许使用本机沙箱"
        elif parts.scheme != "https":
            yield f"{name}：生产环境必须使用 https"


def _addresses(settings: Settings) -> Iterator[tuple[str, str]]:
    yield "ZB_PUBLIC_URL", settings.public_url
    yield "ZB_WECHAT", settings.wechat.base_url
    yield "ZB_WECHAT_PAY", settings.wechat_pay.base_url
    yield "ZB_ALIPAY", settings.alipay.gateway_url
    for name, service in (
        ("ZB_UNIFIED_IDENTITY", settings.unified_identity),
        ("ZB_OPERATOR_OIDC", settings.operator_oidc),
    ):
        if service is not None:
            yield from ((name, url) for url in (service.base_url, service.issuer))
    for name, register in (
        ("ZB_POPULATION_REGISTER", settings.population_register),
        ("ZB_BUSINESS_REGISTER", settings.business_register),
        *(("ZB_LICENCE_REGISTRIES", registry) for registry in settings.licence_registries),
        ("ZB_BANK", settings.bank),
        *(("ZB_SMS", supplier) for supplier in settings.sms),
    ):
        yield name, register.base_url


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
