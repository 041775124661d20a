"""统一身份认证: the login of the province as one more channel, and what it proves."""

import asyncio
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from identity.kinds import ProviderName
from identity.models import Account, Session
from sandbox.unified import pairwise
from tests.journeys.town import Town
from tests.journeys.world import Reply, Resident, resident


async def account_of(person: Resident) -> Account:
    session = await Session.get(id=person.signed_in["session_id"])
    return await Account.get(id=session.account_id)


class TestUnifiedIdentity:
    async def test_its_real_name_counts_when_the_register_says_so_too(self, town: Town) -> None:
        person = Resident(town, "shen-lan")

        signed_in = await log_in_unified(person)

        assert signed_in["level"] == 2
        me = await person.get("/v1/me")
        assert (me["provider"], me["name"]) == ("unified", "沈*")
        wechat = await account_of(await resident(town, "shen-lan"))
        assert (await account_of(person)).person_id == wechat.person_id
        assert person.row.id_number not in "".join(town.said)

    @pytest.mark.parametrize(
        ("assurance", "level", "key"),
        [("1", 0, "lu-ming"), ("2", 2, "ding-jie"), ("3", 3, "he-chuan")],
    )
    async def test_its_levels_become_ours(
        self, town: Town, assurance: str, level: int, key: str
    ) -> None:
        person = Resident(town, key)

        assert (await log_in_unified(person, assurance))["level"] == level

    async def test_a_second_login_is_the_same_account_and_asks_no_register(
        self, town: Town
    ) -> None:
        person = Resident(town, "zhou-xiuying")
        await log_in_unified(person)
        first = await account_of(person)
        asked: list[httpx.Response] = []

        async def note(response: httpx.Response) -> None:
            asked.append(response)

        with town.line.meanwhile("/registers/", note):
            await log_in_unified(person)

        assert (await account_of(person)).id == first.id
        assert asked == []

    async def test_a_ticket_and_a_code_are_good_once_and_for_each_other_only(
        self, town: Town
    ) -> None:
        person, thief = Resident(town, "wang-guilan"), Resident(town, "chen-li")
        brought = await come_back(person)
        of_thief = await come_back(thief)
        crossed = of_thief | {"code": brought["code"]}
        slipped_in = brought | {"code": of_thief["code"]}

        assert await refusal(thief, of_thief | {"state": brought["state"]}) == (
            401,
            "identity.unified_ticket_refused",
        )
        for wrong in (crossed, slipped_in):
            assert await refusal(thief, wrong) == (401, "identity.login_code_rejected")
        replies = await asyncio.gather(
            *(person.http.post("/v1/unified-logins/session", json=brought) for _ in range(3))
        )
        assert sorted(reply.status_code for reply in replies) == [201, 401, 401]

    async def test_who_is_not_as_the_register_says_is_not_logged_in(self, town: Town) -> None:
        """The dead do not log in: a unified service may not know yet."""
        gone = next(row for row in town.city.people if not row.alive)
        person = Resident(town, gone.key)

        brought = await come_back(person)
        refused = await refusal(person, brought)

        assert refused == (422, "identity.real_name_mismatch")
        subject = pairwise(town.world, gone.key)
        account = await Account.get(provider=ProviderName.UNIFIED, subject=subject)
        assert (account.person_id, account.level) == (None, 0)
        assert await Session.filter(account_id=account.id, ended_at=None).count() == 0


async def come_back(person: Resident, assurance: str = "2") -> dict[str, str]:
    begun = await person.post("/v1/unified-logins")
    visit = {"url": begun["authorization_url"], "assurance": assurance}
    redirect = (await person.phone("unified/authorize", visit))["redirect"]
    brought = dict(parse_qsl(urlsplit(redirect).query))
    return {"ticket": begun["ticket"], **brought}


async def log_in_unified(person: Resident, assurance: str = "2") -> Reply:
    brought = await come_back(person, assurance)
    person.take_up(await person.post("/v1/unified-logins/session", brought))
    return person.signed_in


async def refusal(person: Resident, brought: dict[str, str]) -> tuple[int, str]:
    return await person.refusal("POST", "/v1/unified-logins/session", brought)
