"""一键登录: one tap, once; then who it is; then for how long."""

import asyncio

import pytest

from identity.models import Account
from tests.journeys import books
from tests.journeys.town import Town
from tests.journeys.world import Provider, Resident, audited, operator, resident


@pytest.mark.parametrize("provider", ["wechat", "alipay"])
async def test_one_tap_opens_an_account_and_fetches_no_phone_number(
    town: Town, provider: Provider
) -> None:
    tian = Resident(town, "tian-ye")
    code = await tian.login_code(provider)

    signed_in = await tian.post("/v1/sessions", {"provider": provider, "code": code})

    assert (signed_in["level"], signed_in["party_id"]) == (0, None)
    [login] = await town.book("logins", code=code)
    assert (login["person"], login["used_at"] is None) == ("tian-ye", False)
    account = await Account.get(provider=provider, subject=login["subject"])
    assert (account.appid, account.person_id) == (login["appid"], None)
    assert await town.book("phone_numbers") == []
    await books.agree(town)


async def test_a_code_works_once_even_for_two_at_once(town: Town) -> None:
    """A01"""
    gao = Resident(town, "gao-min")
    asked = {"provider": "wechat", "code": await gao.login_code("wechat")}

    replies = await asyncio.gather(*(gao.http.post("/v1/sessions", json=asked) for _ in range(3)))
    later = await gao.refusal("POST", "/v1/sessions", asked)

    assert sorted(reply.status_code for reply in replies) == [201, 401, 401]
    assert later == (401, "identity.code_used")
    [login] = await town.book("logins", code=asked["code"])
    assert await Account.filter(subject=login["subject"]).count() == 1


async def test_a_code_that_no_platform_gave_is_refused(town: Town) -> None:
    nobody = Resident(town, "gao-min")

    wechat = await nobody.refusal("POST", "/v1/sessions", {"provider": "wechat", "code": "0made"})
    alipay = await nobody.refusal("POST", "/v1/sessions", {"provider": "alipay", "code": "0made"})

    assert wechat == alipay == (401, "identity.login_code_rejected")


async def test_a_real_name_joins_the_accounts_of_both_platforms_to_one_person(town: Town) -> None:
    wechat, alipay = Resident(town, "feng-xue"), Resident(town, "feng-xue")
    await wechat.log_in("wechat")
    await alipay.log_in("alipay")
    before = await wechat.refusal("GET", "/v1/fee-orders")
    wrong = {"name": "冯雪梅", "id_number": wechat.row.id_number}
    mismatch = await wechat.refusal("PUT", "/v1/me/real-name", wrong)

    proved = [await person.prove_real_name() for person in (wechat, alipay)]

    assert before == (403, "identity.real_name_required")
    assert mismatch == (422, "identity.real_name_mismatch")
    assert proved == [{"level": 2}, {"level": 2}]
    homes = [await person.get("/v1/home") for person in (wechat, alipay)]
    assert homes[0]["me"]["may_act_for"] == homes[1]["me"]["may_act_for"]
    assert homes[0]["me"]["may_act_for"][0]["name"] == "冯*"
    assert homes[0]["me"]["acting_for"] is None
    assert (await wechat.get("/v1/me"))["name"] == "冯*"
    subjects = {row["subject"] for row in await town.book("logins", person="feng-xue")}
    people = await Account.filter(subject__in=subjects).values_list("person_id", flat=True)
    assert len(people) == len(subjects) == 2
    assert len(set(people)) == 1


async def test_the_name_of_somebody_who_died_is_refused_and_put_before_a_person(
    town: Town,
) -> None:
    dong = Resident(town, "dong-liang")
    await dong.log_in()
    dead = town.city.person("chen-fugui")
    asked = {"name": dead.name, "id_number": dead.id_number}

    refused = await dong.refusal("PUT", "/v1/me/real-name", asked)

    assert refused == (422, "identity.real_name_mismatch")
    assert (await dong.get("/v1/me"))["level"] == 0
    desk = await operator(town, "hechuan")
    assert len(await desk.tasks("identity.dead_person_claimed")) == 1


async def test_a_lost_refresh_answer_is_given_again_and_a_stolen_token_ends_the_login(
    town: Town,
) -> None:
    """A08, A09"""
    xie = await resident(town, "xie-xiaojun")
    first = {"refresh_token": xie.signed_in["refresh_token"]}

    once = await xie.post("/v1/sessions/refresh", first)
    again = await xie.post("/v1/sessions/refresh", first)
    xie.carry(once["access_token"])
    works = await xie.get("/v1/me")
    town.pass_time(seconds=31)
    stolen = await xie.refusal("POST", "/v1/sessions/refresh", first)
    out = await xie.refusal("GET", "/v1/me")
    successor = {"refresh_token": once["refresh_token"]}
    successor_out = await xie.refusal("POST", "/v1/sessions/refresh", successor)

    assert once["refresh_token"] == again["refresh_token"] != first["refresh_token"]
    assert works["level"] == 2
    assert stolen == (401, "identity.refresh_reused")
    assert out[0] == 401
    assert successor_out == (401, "identity.refresh_refused")
    await town.work()
    back = await resident(town, "xie-xiaojun")
    kinds = [row["kind"] for row in (await back.get("/v1/messages"))["items"]]
    assert kinds.count("signed_out_for_safety") == 1
    actions = [action for _, action in await audited(f"session:{xie.signed_in['session_id']}")]
    assert actions == ["session.start", "session.reused"]


async def test_who_logs_out_is_out_at_once(town: Town) -> None:
    """A10"""
    zhou = await resident(town, "zhou-xiuying")

    reply = await zhou.http.delete("/v1/sessions/current")

    assert reply.status_code == 204
    assert (await zhou.refusal("GET", "/v1/me"))[0] == 401
    token = {"refresh_token": zhou.signed_in["refresh_token"]}
    assert (await zhou.refusal("POST", "/v1/sessions/refresh", token))[0] == 401
