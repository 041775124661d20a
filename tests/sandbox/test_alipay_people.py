"""Messages that were agreed to, and faces that are compared, through Alipay."""

import json
from typing import Any

import pytest

from sandbox.city import Person
from sandbox.world import World
from tests.sandbox.conftest import APP_ID, later
from tests.sandbox.peers import AlipayClient

SEND = "alipay.open.app.mini.templatemessage.send"
RELATIONS = "alipay.open.app.messagetemplate.subscribe.query"
INITIALIZE, FACE = "alipay.user.certify.open.initialize", "alipay.user.certify.open.query"


class TestMessages:
    async def test_one_accept_is_one_message_and_can_be_asked_about(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        before = await relation(alipay, world, wang, "fee")
        prompted = await subscribe(alipay, wang, ["fee"])
        sent = [await send(alipay, world, wang, "fee", keyword1="80.00元") for _ in range(2)]
        after = await relation(alipay, world, wang, "fee")

        assert prompted["result"]["subscribedEntityIds"] == ["fee"]
        assert (before["subscribe_state"], after["subscribe_state"]) == (False, False)
        assert (sent[0]["code"], sent[1]["code"]) == ("10000", "40004")
        [message] = (await alipay.http.get("/phone/wang-guilan/alipay/messages")).json()
        assert (message["title"], message["data"]) == ("缴费成功通知", {"keyword1": "80.00元"})

    async def test_a_long_term_one_lasts(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        await subscribe(alipay, wang, ["benefit"])

        values = {"keyword1": "高龄津贴", "keyword2": "100.00元"}
        sent = [await send(alipay, world, wang, "benefit", **values) for _ in range(3)]

        assert {one["code"] for one in sent} == {"10000"}
        assert (await relation(alipay, world, wang, "benefit"))["subscribe_state"] is True

    @pytest.mark.parametrize(
        ("template", "values", "sub_code"),
        [
            ("none", {}, "USER_TEMPLATE_ILLEGAL"),
            ("", {}, "TEMPLATE_ID_IS_BLANK"),
            ("fee", {"keyword2": "x"}, "USER_TEMPLATE_LACK_KEYWORD"),
            ("fee", {"keyword1": "字" * 21}, "USER_KEYWORD_LENGTH_ERROR"),
            ("fee", {"keyword1": ""}, "USER_KEYWORD_LENGTH_ERROR"),
        ],
    )
    async def test_what_does_not_fit_its_template_is_refused(
        self,
        alipay: AlipayClient,
        world: World,
        wang: Person,
        template: str,
        values: dict[str, str],
        sub_code: str,
    ) -> None:
        await subscribe(alipay, wang, ["fee"])

        assert (await send(alipay, world, wang, template, **values))["sub_code"] == sub_code

    @pytest.mark.parametrize(
        ("entities", "error"),
        [(["fee", "benefit"], 106002), (["none"], 106008), (["fee"] * 4, 203)],
    )
    async def test_a_prompt_that_asks_wrongly_fails(
        self, alipay: AlipayClient, wang: Person, entities: list[str], error: int
    ) -> None:
        assert (await subscribe(alipay, wang, entities))["error"] == error

    async def test_a_refusal_gives_nothing(
        self, alipay: AlipayClient, world: World, wang: Person
    ) -> None:
        assert (await subscribe(alipay, wang, ["fee"], answer="reject"))["behavior"] == "cancel"
        assert (await relation(alipay, world, wang, "fee"))["subscribe_state"] is False


class TestFaces:
    @pytest.mark.parametrize(
        ("face", "answer", "passed"),
        [("wang-guilan", "face", "T"), ("li-qiang", "face", "F"), ("wang-guilan", "photo", "F")],
    )
    async def test_only_the_named_persons_own_face_passes(
        self, alipay: AlipayClient, wang: Person, face: str, answer: str, passed: str
    ) -> None:
        begun = await certify(alipay, wang)
        before = await alipay.call(FACE, {"certify_id": begun["certify_id"]})

        asked = {"certify_id": begun["certify_id"], "answer": answer}
        shown = (await alipay.http.post(f"/phone/{face}/alipay/face", json=asked)).json()

        told = await alipay.call(FACE, {"certify_id": begun["certify_id"]})
        assert (before["passed"], told["passed"]) == ("F", passed)
        assert shown["resultStatus"] == ("9000" if passed == "T" else "4000")
        assert bool(told.get("fail_reason")) == (passed == "F")

    async def test_it_is_decided_once(
        self, alipay: AlipayClient, wang: Person, world: World
    ) -> None:
        begun, later_begun = await certify(alipay, wang), await certify(alipay, wang, "C2")
        for face in ("li-qiang", "wang-guilan"):
            url = f"/phone/{face}/alipay/face"
            await alipay.http.post(url, json={"certify_id": begun["certify_id"]})
        later(world, hours=24)
        url, asked = "/phone/wang-guilan/alipay/face", {"certify_id": later_begun["certify_id"]}
        too_late = await alipay.http.post(url, json=asked)

        assert (await alipay.call(FACE, {"certify_id": begun["certify_id"]}))["passed"] == "F"
        assert too_late.status_code == 404

    async def test_an_order_number_begins_one(self, alipay: AlipayClient, wang: Person) -> None:
        await certify(alipay, wang)

        assert (await certify(alipay, wang))["sub_code"] == "OUTER_ORDER_NO_REPEAT"
        unknown = await alipay.call(FACE, {"certify_id": "none"})
        assert unknown["sub_code"] == "CERTIFY_ID_NOT_EXIST"


async def subscribe(
    alipay: AlipayClient, person: Person, entities: list[str], answer: str = "accept"
) -> dict[str, Any]:
    asked = {"app_id": APP_ID, "template_ids": entities, "answer": answer}
    reply = await alipay.http.post(f"/phone/{person.key}/alipay/subscribe", json=asked)
    return dict(reply.json())


async def send(
    alipay: AlipayClient, world: World, person: Person, template: str, **values: str
) -> dict[str, Any]:
    data = json.dumps({key: {"value": value} for key, value in values.items()})
    content = {
        "to_open_id": world.identities.open_id(person, APP_ID),
        "user_template_id": template,
        "page": "pages/index",
        "data": data,
    }
    return await alipay.call(SEND, content)


async def relation(
    alipay: AlipayClient, world: World, person: Person, template: str
) -> dict[str, Any]:
    open_id = world.identities.open_id(person, APP_ID)
    told = await alipay.call(RELATIONS, {"open_id": open_id, "template_id_list": [template]})
    return dict(told["subscribe_relations"][0])


async def certify(alipay: AlipayClient, person: Person, number: str = "C1") -> dict[str, Any]:
    return await alipay.call(
        INITIALIZE,
        {
            "outer_order_no": number,
            "biz_code": "FACE",
            "identity_param": {
                "identity_type": "CERT_INFO",
                "cert_type": "IDENTITY_CARD",
                "cert_name": person.name,
                "cert_no": person.id_number,
            },
            "merchant_config": {"return_url": "alipays://platformapi/startapp"},
        },
    )
