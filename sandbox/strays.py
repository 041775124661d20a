"""Calls to addresses that no platform has, or by another method: told in each one's own form."""

from litestar import Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from sandbox.refusals import PayRefusal, WechatRefusal
from sandbox.wechat.answers import HOST as WECHAT
from sandbox.wechat.answers import answer_refusal as answer_wechat
from sandbox.wechat_pay.authorization import HOST as WECHAT_PAY
from sandbox.wechat_pay.authorization import answer_refusal as answer_pay

NEEDS = {"POST": (43002, "require POST method"), "GET": (43001, "require GET method")}


def answer_stray(request: Request[None, None, State], error: HTTPException) -> Response[bytes]:
    """Of a path that is not there (404), or is there for another method (405)."""
    path = request.scope["path"]
    if path.startswith(f"{WECHAT}/"):
        return answer_wechat(request, _wechat(request.method, error.status_code))
    if path.startswith(f"{WECHAT_PAY}/"):
        refusal = PayRefusal(error.status_code, "RESOURCE_NOT_EXISTS", "接口不存在或请求方法有误")
        return answer_pay(request, refusal)
    body = f'{{"status_code":{error.status_code},"detail":"{error.detail}"}}'.encode()
    return Response(body, status_code=error.status_code, media_type="application/json")


def _wechat(method: str, status: int) -> WechatRefusal:
    if status == 404:
        return WechatRefusal(40066, "invalid url")
    return WechatRefusal(*NEEDS["GET" if method == "POST" else "POST"])
