"""Who is asking: the Authorization header of each request, and the signature of each answer."""

import re
import secrets
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from sandbox.crypto import is_signed, sign
from sandbox.refusals import PayRefusal
from sandbox.wechat_pay.errors import described, internal_number
from sandbox.wechat_pay.platform_keys import PlatformKey, answering_key, probe_for_answer
from sandbox.world import Merchant, World

HOST = "/api.mch.weixin.qq.com"
SCHEME = "WECHATPAY2-SHA256-RSA2048"
FIELDS = {"mchid", "nonce_str", "signature", "timestamp", "serial_no"}
MAX_SKEW_SECONDS = 300

AnyRequest = Request[None, None, State]
T = TypeVar("T")


class Call:
    """A request whose merchant is certain. What it says is read with `read`."""

    def __init__(self, merchant: Merchant, request: AnyRequest, body: bytes) -> None:
        self.merchant = merchant
        self.request = request
        self.body = body

    def read(self, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise PayRefusal(400, "PARAM_ERROR", f"参数错误: {error}") from error

    def check_mchid(self, mchid: str | None) -> None:
        if mchid != self.merchant.mchid:
            raise PayRefusal(400, "PARAM_ERROR", "商户号与签名中的商户号不一致")

    def answer(self, content: Any, *, status: int = 200) -> Response[bytes]:
        """The content, signed with the key that the request asks for by its name."""
        return _signed_answer(self.request, self.merchant, content, status=status)

    @property
    def serial(self) -> str:
        """The key of ours that the caller means: to encrypt to, and to sign with."""
        return self.request.headers.get("wechatpay-serial", "")


async def authorized_call(request: AnyRequest) -> Call:
    """The call, if its signature is the merchant's, fresh, and not seen before."""
    world: World = request.app.state.world
    if not request.headers.get("user-agent") or not request.headers.get("accept"):
        raise PayRefusal(400, "PARAM_ERROR", "Http头缺少Accept或User-Agent")
    body = await request.body()
    if body and not request.headers.get("content-type", "").startswith("application/json"):
        raise PayRefusal(400, "PARAM_ERROR", "Http头Content-Type不是application/json")
    given = _fields(request.headers.get("authorization", ""))
    merchant = world.merchants.get(given["mchid"])
    if merchant is None or given["serial_no"] != merchant.serial_no:
        raise _sign_error("商户号或商户证书序列号有误")
    _check_fresh(given, world.clock.now())
    lines = (request.method, _target(request), given["timestamp"], given["nonce_str"], "")
    message = "\n".join(lines).encode() + body + b"\n"
    if not is_signed(merchant.public_key, message, given["signature"]):
        raise _sign_error("错误的签名，验签失败")
    if not world.book.is_first_use(merchant.mchid, given["nonce_str"], at=world.clock.now()):
        raise _sign_error("随机串nonce_str重复")
    request.state.merchant = merchant
    return Call(merchant, request, body)


def signature_headers(key: PlatformKey, body: bytes, *, at: datetime) -> dict[str, str]:
    """The same on answers and on callbacks."""
    timestamp, nonce = str(int(at.timestamp())), secrets.token_hex(16)
    message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
    return {
        "Wechatpay-Timestamp": timestamp,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": key.serial,
        "Wechatpay-Signature": sign(key.key, message),
        "Wechatpay-Signature-Type": SCHEME,
    }


def answer_refusal(request: AnyRequest, refusal: PayRefusal) -> Response[bytes]:
    """Signed, unless it is not certain who asked: a 401 is not."""
    world: World = request.app.state.world
    world.book.count_call(f"wechat_pay {request.method}", refusal.code)
    content = described(refusal)
    request_id = {"Request-ID": _request_id(internal_number(refusal))}
    merchant: Merchant | None = request.state.get("merchant")
    if merchant is None:
        body = msgspec.json.encode(content)
        return Response(
            body, status_code=refusal.status, headers=request_id, media_type="application/json"
        )
    answer = _signed_answer(request, merchant, content, status=refusal.status)
    answer.headers.update(request_id)
    return answer


def _signed_answer(
    request: AnyRequest, merchant: Merchant, content: Any, *, status: int
) -> Response[bytes]:
    world: World = request.app.state.world
    body = b"" if content is None else msgspec.json.encode(content)
    key = answering_key(world, merchant, request.headers.get("wechatpay-serial", ""))
    headers = signature_headers(key, body, at=world.clock.now()) | {"Request-ID": _request_id()}
    headers |= probe_for_answer(world, merchant.mchid)
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _fields(header: str) -> dict[str, str]:
    scheme, _, rest = header.partition(" ")
    pairs = re.findall(r'\s*(\w+)="([^"]*)"\s*(?:,|\Z)', rest)
    if scheme != SCHEME or len(pairs) != len(FIELDS) or {name for name, _ in pairs} != FIELDS:
        raise _sign_error("Http头Authorization的认证信息有误")
    return dict(pairs)


def _check_fresh(given: dict[str, str], at: datetime) -> None:
    timestamp = given["timestamp"]
    if not re.fullmatch(r"\d{10}", timestamp):
        raise _sign_error("时间戳不是秒")
    if abs(at.timestamp() - int(timestamp)) > MAX_SKEW_SECONDS:
        raise _sign_error("Http头Authorization中的timestamp与发起请求的时间不得超过5分钟")
    if not 1 <= len(given["nonce_str"]) <= 32:
        raise _sign_error("随机串nonce_str超过32位")


def _target(request: AnyRequest) -> str:
    """Path and query as they stood on the wire, after the host's prefix."""
    path = bytes(request.scope["raw_path"]).decode("ascii").partition("?")[0]
    query = bytes(request.scope["query_string"]).decode("ascii")
    return path.removeprefix(HOST) + (f"?{query}" if query else "")


def _sign_error(message: str) -> PayRefusal:
    return PayRefusal(401, "SIGN_ERROR", message)


def _request_id(number: int = 0) -> str:
    return f"08{secrets.token_hex(16).upper()}-{number}"
