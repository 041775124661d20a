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
from sandbox.wechat.login import give_login_code
from sandbox.wechat.messages import answer_prompt
from sandbox.wechat.phone_numbers import give_phone_code
from sandbox.wechat_pay.cashier import PaySheet, confirm_transfer, pay
from sandbox.world import World


class InApp(Struct):
    appid: str


class Prompt(Struct):
    appid: str
    template_ids: list[str]
    answer: Literal["accept", "reject"] = "accept"


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
        data: JSONBody[InApp],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        check_wechat(world, person, data.appid)
        return {"code": give_phone_code(world, person, data.appid)}

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
        rows = world.book.rows("SELECT * FROM messages WHERE person = ? ORDER BY msgid", person.key)
        return [row | {"data": json.loads(row["data"])} for row in rows]
