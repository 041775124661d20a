"""What must hold of a call before its method sees it. 网关校验"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sandbox.alipay.codes import missing, not_valid
from sandbox.alipay.methods import CERTIFICATE_ONLY, METHODS
from sandbox.clock import CHINA
from sandbox.crypto import is_signed
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

NEEDED = ("app_id", "method", "charset", "sign_type", "sign", "timestamp", "version")
FIXED = {"sign_type": "RSA2", "charset": "utf-8", "version": "1.0"}
MAX_SKEW = timedelta(minutes=15)

Params = Mapping[str, str]


def check_request(world: World, params: Params) -> AlipayApp:
    """Whose call it is. Raises what is answered without a signature."""
    for name in NEEDED:
        _check_given(params, name)
    app = world.alipay_apps.get(params["app_id"])
    if app is None:
        raise AlipayRefusal("40002", "isv.invalid-app-id", "无效的AppID参数")
    if params["method"] not in METHODS:
        raise AlipayRefusal("40002", "isv.invalid-method", "不存在的方法名")
    _check_form(world, params)
    _check_certificates(app, params)
    message = signing_string(params, without=("sign",))
    if not is_signed(app.public_key, message, params["sign"]):
        raise AlipayRefusal("40002", "isv.invalid-signature", "无效签名")
    if params["method"].startswith(CERTIFICATE_ONLY) and not app.app_cert_sn:
        raise AlipayRefusal("40006", "isv.insufficient-isv-permissions", "该接口须使用证书模式")
    return app


def signing_string(params: Params, *, without: tuple[str, ...]) -> bytes:
    """Sorted k=v joined by &, raw values; empty ones and those named are left out."""
    kept = sorted((key, value) for key, value in params.items() if value and key not in without)
    return "&".join(f"{key}={value}" for key, value in kept).encode()


def _check_given(params: Params, name: str) -> None:
    if not params.get(name):
        raise missing(name)


def _check_form(world: World, params: Params) -> None:
    for name, value in FIXED.items():
        if params[name].lower() != value.lower():
            raise not_valid(name)
    if params.get("format", "JSON").upper() != "JSON":
        raise not_valid("format")
    try:
        told = datetime.strptime(params["timestamp"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=CHINA)
    except ValueError as error:
        raise not_valid("timestamp") from error
    if abs(world.clock.now() - told) > MAX_SKEW:
        raise not_valid("timestamp")
    if params.get("encrypt_type", "AES") != "AES":
        raise not_valid("encrypt_type")


def _check_certificates(app: AlipayApp, params: Params) -> None:
    if not app.app_cert_sn:
        return
    expected = {"app_cert_sn": app.app_cert_sn, "alipay_root_cert_sn": app.root_cert_sn}
    for name, sn in expected.items():
        _check_given(params, name)
        if params[name] != sn:
            raise not_valid(name)
