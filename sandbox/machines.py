"""How registers and the bank know who asks, and prove who answers: HMAC both ways. 接口签名"""

import re
from datetime import datetime
from typing import Any, TypeVar

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from sandbox.crypto import is_same, mac
from sandbox.keys import MachineKey
from sandbox.refusals import MachineRefusal
from sandbox.world import World

MAX_SKEW_SECONDS = 300

AnyRequest = Request[None, None, State]
T = TypeVar("T")


class MachineCall:
    """A request signed with a key of this machine's. `answer` signs what goes back."""

    def __init__(self, key: MachineKey, request: AnyRequest, body: bytes) -> None:
        self.body = body
        self._key = key
        self._request = request

    def read(self, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(self.body, type=kind)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise MachineRefusal(400, "invalid_request", str(error)) from error

    def answer(self, content: Any, *, status: int = 200) -> Response[bytes]:
        world: World = self._request.app.state.world
        body = msgspec.json.encode(content)
        timestamp = str(int(world.clock.now().timestamp()))
        nonce = self._request.headers["x-nonce"]
        headers = {
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": mac(
                self._key.secret, str(status).encode(), timestamp.encode(), nonce.encode(), body
            ),
        }
        return Response(body, status_code=status, headers=headers, media_type="application/json")


async def open_call(request: AnyRequest, *, machine: str, prefix: str) -> MachineCall:
    """The call, if its signature is right, fresh, and its nonce not seen before."""
    world: World = request.app.state.world
    key = world.keys.machines[machine]
    given = request.headers
    body = await request.body()
    if given.get("x-app-key", "") != key.app_key:
        raise MachineRefusal(401, "app_key_unknown", "unknown application key")
    timestamp, nonce = given.get("x-timestamp", ""), given.get("x-nonce", "")
    path = bytes(request.scope["raw_path"]).partition(b"?")[0].removeprefix(prefix.encode())
    expected = mac(
        key.secret, request.method.encode(), path, timestamp.encode(), nonce.encode(), body
    )
    if not nonce or not is_same(given.get("x-signature", ""), expected):
        raise MachineRefusal(401, "signature_invalid", "the signature does not match")
    _check_fresh(timestamp, world.clock.now())
    if not world.book.is_first_use(key.app_key, nonce, at=world.clock.now()):
        raise MachineRefusal(401, "nonce_reused", "this nonce was used before")
    call = MachineCall(key, request, body)
    request.state.machine_call = call
    return call


def answer_refusal(request: AnyRequest, refusal: MachineRefusal) -> Response[Any]:
    """Signed, unless it is not certain who asked."""
    content = {"code": refusal.code, "message": refusal.message}
    call: MachineCall | None = request.state.get("machine_call")
    if call is None:
        return Response(content, status_code=refusal.status)
    return call.answer(content, status=refusal.status)


def _check_fresh(timestamp: str, at: datetime) -> None:
    is_second = re.fullmatch(r"\d{1,12}", timestamp)
    if is_second is None or abs(at.timestamp() - int(timestamp)) > MAX_SKEW_SECONDS:
        raise MachineRefusal(401, "timestamp_invalid", "more than five minutes off")
