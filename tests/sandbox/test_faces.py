"""Faces, texts and session keys: what WeChat checks for the server."""

import hmac
from hashlib import sha256
from typing import Any

import httpx
import pytest

from sandbox.city import Person
from sandbox.wechat.faces import cert_hash
from sandbox.world import World
from tests.sandbox.conftest import APPID, later
from tests.sandbox.test_links import ask
from tests.sandbox.test_wechat import API, log_in, login_code, token

FACES = "/cityservice/face/identify"


class TestFaces:
    @pytest.mark.parametrize(
        ("name", "look", "result"),
        [
            ("wang-guilan", "own", 10000),
            ("wang-guilan", "another", 10004),
            ("wang-guilan", "cancel", 90002),
            ("wang-guilan", "unsupported", 90001),
            ("wang-guilan", "offline", 90007),
            ("wang-guilan", "no_camera", 90008),
            ("wang-guilan", "timeout", 90017),
            ("wang-guilan", "system", 90018),
            ("li-qiang", "own", 10004),
        ],
    )
    async def test_only_the_owners_own_face_passes_for_their_own_card(
        self, http: httpx.AsyncClient, world: World, wang: Person, name: str, look: str, result: int
    ) -> None:
        claimed = world.city.people[name]
        verify_id = await begin(http, world, wang, claimed)
        before = await result_of(http, world, wang, claimed, verify_id)
        shown = await show(http, wang, verify_id, look)
        after = await result_of(http, world, wang, claimed, verify_id)

        assert before["verify_ret"] == 10005
        assert shown["errCode"] == result
        assert (after["errcode"], after["verify_ret"]) == (0, result)

    async def test_a_name_and_number_that_do_not_belong_together_never_pass(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        verify_id = await begin(http, world, wang, wang, cert_name="王桂芳")

        assert (await show(http, wang, verify_id))["errCode"] == 10003

    async def test_an_hour_later_it_is_too_late(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        verify_id = await begin(http, world, wang, wang)
        later(world, hours=1, seconds=1)

        shown = await show(http, wang, verify_id)

        assert shown["errMsg"] == "requestFacialVerify:fail"
        assert (await result_of(http, world, wang, wang, verify_id))["verify_ret"] == 90017

    async def test_the_result_is_for_whoever_knows_whom_it_was_about(
        self, http: httpx.AsyncClient, world: World, wang: Person, li: Person
    ) -> None:
        verify_id = await begin(http, world, wang, wang)
        await show(http, wang, verify_id)

        another_card = await result_of(http, world, wang, li, verify_id)
        another_user = await result_of(http, world, li, wang, verify_id)

        assert (another_card["errcode"], another_user["errcode"]) == (40097, 40097)
        assert "verify_ret" not in another_card

    async def test_a_number_is_good_for_one_and_a_verification_for_its_user(
        self, http: httpx.AsyncClient, world: World, wang: Person, li: Person
    ) -> None:
        verify_id = await begin(http, world, wang, wang)

        again = await ask(http, world, f"{FACES}/getverifyid", face_of(world, wang, wang))
        other = await show(http, li, verify_id)

        assert again.json()["errcode"] == 40097
        assert "invalid verifyId" in other["errMsg"]

    def test_the_hash_is_that_of_the_documents(self) -> None:
        assert cert_hash("张三", "310101199801011234") == (
            "3c241f7ff324977aeb91f173bb2a7b06569e6fd784d5573db34a636d8671108b"
        )


class TestTexts:
    @pytest.mark.parametrize(
        ("content", "suggest"),
        [("办事很快", "pass"), ("这是违规测试", "risky"), ("这是复核测试", "review")],
    )
    async def test_a_text_has_a_verdict(
        self, http: httpx.AsyncClient, world: World, wang: Person, content: str, suggest: str
    ) -> None:
        session = await log_in(http, world, await login_code(http, wang))
        asked = {"version": 2, "openid": session["openid"], "scene": 2, "content": content}

        verdict = (await ask(http, world, "/wxa/msg_sec_check", asked)).json()

        assert (verdict["errcode"], verdict["result"]["suggest"]) == (0, suggest)

    async def test_the_user_was_there_within_two_hours(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        session = await log_in(http, world, await login_code(http, wang))
        asked = {"version": 2, "openid": session["openid"], "scene": 2, "content": "好"}
        later(world, hours=2, seconds=1)

        assert (await ask(http, world, "/wxa/msg_sec_check", asked)).json()["errcode"] == 61010


class TestSessionKeys:
    async def test_the_newest_key_is_the_one_and_can_be_replaced(
        self, http: httpx.AsyncClient, world: World, wang: Person
    ) -> None:
        old, new = [await log_in(http, world, await login_code(http, wang)) for _ in range(2)]
        checked = [await check(http, world, session) for session in (old, new)]
        fresh = await check(http, world, new, "resetusersessionkey")
        after = [await check(http, world, session) for session in (new, fresh)]

        assert [reply["errcode"] for reply in checked] == [87009, 0]
        assert fresh["openid"] == new["openid"]
        assert [reply["errcode"] for reply in after] == [87009, 0]


def face_of(world: World, user: Person, claimed: Person, **changed: str) -> dict[str, Any]:
    card = {
        "cert_type": "IDENTITY_CARD",
        "cert_name": claimed.name,
        "cert_no": claimed.id_number,
    }
    openid = world.identities.openid(user, APPID)
    return {"out_seq_no": "FACE-2026_1", "cert_info": card | changed, "openid": openid}


async def begin(
    http: httpx.AsyncClient, world: World, user: Person, claimed: Person, **changed: str
) -> str:
    asked = face_of(world, user, claimed, **changed)
    begun = (await ask(http, world, f"{FACES}/getverifyid", asked)).json()
    assert begun["expires_in"] == 3600
    return str(begun["verify_id"])


async def show(
    http: httpx.AsyncClient, person: Person, verify_id: str, look: str = "own"
) -> dict[str, Any]:
    asked = {"appid": APPID, "verify_id": verify_id, "look": look}
    return dict((await http.post(f"/phone/{person.key}/wechat/face", json=asked)).json())


async def result_of(
    http: httpx.AsyncClient, world: World, user: Person, claimed: Person, verify_id: str
) -> dict[str, Any]:
    asked = {
        "verify_id": verify_id,
        "out_seq_no": "FACE-2026_1",
        "cert_hash": cert_hash(claimed.name, claimed.id_number),
        "openid": world.identities.openid(user, APPID),
    }
    return dict((await ask(http, world, f"{FACES}/queryverifyinfo", asked)).json())


async def check(
    http: httpx.AsyncClient, world: World, session: dict[str, Any], api: str = "checksession"
) -> dict[str, Any]:
    signed = hmac.new(session["session_key"].encode(), b"", sha256).hexdigest()
    params = {
        "access_token": (await token(http, world))["access_token"],
        "openid": session["openid"],
        "signature": signed,
        "sig_method": "hmac_sha256",
    }
    return dict((await http.get(f"{API}/wxa/{api}", params=params)).json())
