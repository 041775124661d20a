"""WeChat on a resident's phone."""

import json
from typing import Any, Literal

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Struct

from sandbox.city import Person
from sandbox.phone.people import check_wechat, phone_owner
from sandbox.refusals import PhoneRefusal
from sandbox.wechat.encrypted_data import phone_number_data, profile_data
from sandbox.wechat.faces import PASSED, Look, show_face
from sandbox.wechat.links import open_link
from sandbox.wechat.login import give_login_code
from sandbox.wechat.messages import answer_prompt, refuse_in_settings
from sandbox.wechat.phone_numbers import give_phone_code
from sandbox.wechat_pay.cashier import PaySheet, confirm_transfer, pay
from sandbox.world import World


class InApp(Struct):
    appid: str


class PhoneButton(Struct):
    """`realtime` is the dearer button, whose number is verified anew."""

    appid: str
    realtime: bool = False


class Prompt(Struct):
    appid: str
    template_ids: list[str]
    answer: Literal["accept", "reject"] = "accept"


class Settings(Struct):
    appid: str
    template_ids: list[str]


class Link(Struct):
    appid: str
    link: str


class Face(Struct):
    """Who looks into the camera: the phone's owner, the one named, somebody else, or nobody."""

    appid: str
    verify_id: str
    look: Look = "own"


class TransferPage(Struct, rename="camel"):
    mch_id: str
    app_id: str
    package: str


class WechatPhoneController(Controller):
    path = "/phone/{person_key:str}/wechat"
    dependencies = {"person": Provide(phone_owner)}

    @post("/login-code", status_code=200)
    async def login_code(
        self,
        data: JSONBody[InApp],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        check_wechat(world, person, data.appid)
        return {"code": give_login_code(world, person, data.appid)}

    @post("/phone-code", status_code=200)
    async def phone_code(
        self,
        data: JSONBody[PhoneButton],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        check_wechat(world, person, data.appid)
        return {"code": give_phone_code(world, person, data.appid, realtime=data.realtime)}

    @post("/encrypted-phone-number", status_code=200)
    async def encrypted_phone_number(
        self,
        data: JSONBody[InApp],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        """What the button of older clients gives beside the code."""
        check_wechat(world, person, data.appid)
        return phone_number_data(world, person, data.appid)

    @post("/profile", status_code=200)
    async def profile(
        self,
        data: JSONBody[InApp],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        check_wechat(world, person, data.appid)
        return profile_data(world, person, data.appid)

    @post("/subscribe", status_code=200)
    async def subscribe(
        self,
        data: JSONBody[Prompt],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        check_wechat(world, person, data.appid)
        accepts = data.answer == "accept"
        return answer_prompt(world, person, data.appid, data.template_ids, accepts=accepts)

    @post("/settings/refuse", status_code=200)
    async def refuse(
        self,
        data: JSONBody[Settings],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        check_wechat(world, person, data.appid)
        return refuse_in_settings(world, person, data.appid, data.template_ids)

    @post("/open-link", status_code=200)
    async def open_link(
        self,
        data: JSONBody[Link],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, object]:
        """Follow a scheme, a link, or the address that a code shows: what onLoad is given."""
        check_wechat(world, person, data.appid)
        return open_link(world, data.link)

    @post("/face", status_code=200)
    async def face(
        self,
        data: JSONBody[Face],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str | int]:
        """What wx.requestFacialVerify calls back with. The server asks for itself."""
        check_wechat(world, person, data.appid)
        result = show_face(world, person, data.appid, data.verify_id, data.look)
        said = "ok" if result == PASSED else "fail"
        return {"errMsg": f"requestFacialVerify:{said}", "errCode": result}

    @post("/pay", status_code=200)
    async def pay(
        self,
        data: JSONBody[PaySheet],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        """What wx.requestPayment calls back with: ok, or fail and why."""
        check_wechat(world, person, data.app_id)
        try:
            pay(world, person, data)
        except PhoneRefusal as refusal:
            return {"errMsg": refusal.message}
        return {"errMsg": "requestPayment:ok"}

    @post("/confirm-transfer", status_code=200)
    async def confirm_transfer(
        self,
        data: JSONBody[TransferPage],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        """What wx.requestMerchantTransfer calls back with."""
        check_wechat(world, person, data.app_id)
        given = {"mchid": data.mch_id, "appid": data.app_id, "package": data.package}
        try:
            confirm_transfer(world, person, **given)
        except PhoneRefusal as refusal:
            return {"errMsg": refusal.message}
        return {"errMsg": "requestMerchantTransfer:ok"}

    @get("/messages")
    async def messages(
        self, person: NamedDependency[Person], world: NamedDependency[World]
    ) -> list[dict[str, Any]]:
        """The subscribe messages received, oldest first."""
        query = "SELECT * FROM messages WHERE person = ? AND error_code = '0' ORDER BY msgid"
        rows = world.book.rows(query, person.key)
        return [row | {"data": json.loads(row["data"])} for row in rows]
