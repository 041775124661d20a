"""Alipay on a resident's phone."""

import json
from typing import Any, Literal

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Struct, field

from sandbox.alipay.cashier import pay
from sandbox.alipay.certify import show_face
from sandbox.alipay.login import give_auth_code
from sandbox.alipay.messages import answer_prompt
from sandbox.alipay.phone_numbers import give_phone_payload
from sandbox.city import Person
from sandbox.phone.people import check_alipay, phone_owner
from sandbox.refusals import PhoneRefusal
from sandbox.world import World


class AuthRequest(Struct):
    app_id: str
    scopes: str | list[str] = "auth_base"


class InApp(Struct):
    app_id: str


class Cashier(Struct):
    trade_no: str = field(name="tradeNO")
    answer: Literal["pay", "cancel"] = "pay"


class Prompt(Struct):
    app_id: str
    template_ids: list[str]
    answer: Literal["accept", "reject"] = "accept"


class FaceCheck(Struct):
    certify_id: str
    answer: Literal["face", "named", "photo"] = "face"


class AlipayPhoneController(Controller):
    path = "/phone/{person_key:str}/alipay"
    dependencies = {"person": Provide(phone_owner)}

    @post("/auth-code", status_code=200)
    async def auth_code(
        self,
        data: JSONBody[AuthRequest],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        check_alipay(world, person, data.app_id)
        return {"authCode": give_auth_code(world, person, data.app_id)}

    @post("/phone-number", status_code=200)
    async def phone_number(
        self,
        data: JSONBody[InApp],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        check_alipay(world, person, data.app_id)
        return {"response": give_phone_payload(world, person, data.app_id)}

    @post("/pay", status_code=200)
    async def pay(
        self,
        data: JSONBody[Cashier],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        """What my.tradePay calls back with: 9000 paid, 4000 failed, 6001 cancelled."""
        if not person.alipay:
            raise PhoneRefusal("there is no Alipay on this phone", status=409)
        if data.answer == "cancel":
            return {"resultCode": "6001"}
        return {"resultCode": pay(world, person, data.trade_no)}

    @post("/subscribe", status_code=200)
    async def subscribe(
        self,
        data: JSONBody[Prompt],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, Any]:
        """What my.requestSubscribeMessage calls back with."""
        check_alipay(world, person, data.app_id)
        accepts = data.answer == "accept"
        return answer_prompt(world, person, data.app_id, data.template_ids, accepts=accepts)

    @post("/face", status_code=200)
    async def face(
        self,
        data: JSONBody[FaceCheck],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        """What my.startAPVerify calls back with, when this person looks into the camera."""
        shown = show_face(
            world,
            person,
            data.certify_id,
            is_alive=data.answer != "photo",
            is_guest=data.answer == "named",
        )
        return {"resultStatus": shown}

    @get("/messages")
    async def messages(
        self, person: NamedDependency[Person], world: NamedDependency[World]
    ) -> list[dict[str, Any]]:
        """The subscribe messages received through Alipay, oldest first."""
        query = "SELECT * FROM messages WHERE person = ? ORDER BY msgid"
        rows = [
            row for row in world.book.rows(query, person.key) if row["appid"] in world.alipay_apps
        ]
        return [row | {"data": json.loads(row["data"])} for row in rows]
