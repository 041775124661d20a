"""The two suppliers' doors: JSON with HMAC that knows repeats, a form with MD5 that does not."""

from datetime import datetime
from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from msgspec import Meta, Struct

from sandbox.clock import CHINA
from sandbox.crypto import is_same
from sandbox.machines import AnyRequest, MachineCall, open_call
from sandbox.refusals import MachineRefusal
from sandbox.sms.messages import Sms, SmsRefusal, find_sms, send
from sandbox.sms.pushes import form_signature, read_form
from sandbox.world import World

JSON_HOST = "/sms/json"
MAX_SKEW_SECONDS = 300
JSON_REFUSALS = {
    "phone": (422, "phone_invalid"),
    "length": (422, "text_too_long"),
    "sign": (422, "sign_not_registered"),
    "extension": (422, "extension_invalid"),
    "frequency": (429, "frequency_limit"),
}
FORM_REFUSALS = {"phone": "-3", "length": "-4", "sign": "-5", "extension": "-6", "frequency": "-7"}


class SmsRequest(Struct, forbid_unknown_fields=True):
    request_id: Annotated[str, Meta(pattern=r"\A[0-9A-Za-z_\-]{1,64}\Z")]
    phone: str
    text: str
    extension: str = ""


async def json_call(request: AnyRequest) -> MachineCall:
    return await open_call(request, machine="sms_json", prefix=JSON_HOST)


class JsonSmsController(Controller):
    path = f"{JSON_HOST}/v1/messages"
    dependencies = {"call": Provide(json_call)}

    @post("/")
    async def send(
        self, call: NamedDependency[MachineCall], world: NamedDependency[World]
    ) -> Response[bytes]:
        """The same request_id with the same content is sent once and answered alike."""
        asked = call.read(SmsRequest)
        with world.book.together():
            known = find_sms(world, "sms_json", asked.request_id)
            if known is None:
                known = _send(world, asked)
        if (known.phone, known.text, known.extension) != (asked.phone, asked.text, asked.extension):
            raise MachineRefusal(409, "request_id_reused", "this request_id has another content")
        return call.answer(_describe(known), status=201)

    @get("/{request_id:str}")
    async def sms_of(
        self,
        request_id: FromPath[str],
        call: NamedDependency[MachineCall],
        world: NamedDependency[World],
    ) -> Response[bytes]:
        known = find_sms(world, "sms_json", request_id)
        if known is None:
            raise MachineRefusal(404, "not_found", "no message of this request_id")
        return call.answer(_describe(known))


@post("/sms/form/send.do", status_code=200)
async def send_form(request: Request[None, None, State], world: NamedDependency[World]) -> str:
    """`0,taskid`, or a number below zero. Sent twice it is sent twice."""
    asked = read_form(await request.body())
    refusal = _why_not_signed(world, asked)
    if not refusal:
        try:
            sent = send(
                world,
                "sms_form",
                phone=asked.get("mobile", ""),
                text=asked.get("content", ""),
                extension=asked.get("ext", ""),
            )
        except SmsRefusal as refused:
            refusal = FORM_REFUSALS[refused.reason]
    world.book.count_call("sms_form", refusal or "ok")
    return refusal or f"0,{sent.message_id}"


def _send(world: World, asked: SmsRequest) -> Sms:
    given = {"phone": asked.phone, "text": asked.text, "extension": asked.extension}
    try:
        sent = send(world, "sms_json", request_id=asked.request_id, **given)
    except SmsRefusal as refused:
        status, code = JSON_REFUSALS[refused.reason]
        world.book.count_call("sms_json", code)
        raise MachineRefusal(status, code, f"not sent: {refused.reason}") from refused
    world.book.count_call("sms_json", "ok")
    return sent


def _describe(sms: Sms) -> dict[str, Any]:
    return {
        "message_id": sms.message_id,
        "request_id": sms.request_id,
        "status": sms.state.upper(),
        "error": sms.error.upper(),
        "parts": sms.parts,
    }


def _why_not_signed(world: World, asked: dict[str, str]) -> str:
    try:
        told = datetime.strptime(asked.get("timestamp", ""), "%Y%m%d%H%M%S").replace(tzinfo=CHINA)
    except ValueError:
        return "-2"
    if abs((world.clock.now() - told).total_seconds()) > MAX_SKEW_SECONDS:
        return "-2"
    expected = form_signature(world.keys.machines["sms_form"], told)
    is_known = asked.get("account") == expected["account"]
    return "" if is_known and is_same(asked.get("sign", ""), expected["sign"]) else "-1"
