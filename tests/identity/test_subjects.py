import asyncio

import pytest
from tortoise.transactions import in_transaction

from core.models import HumanTask
from core.sealing import Vault
from identity.kinds import ProviderName
from identity.models import Account, AccountAlias
from identity.persons import register_person
from identity.providers import Subject
from identity.sessions import log_in
from identity.subjects import account_of, hint_conflict
from identity.tokens import TokenIssuer
from tests.conftest import AT
from tests.fakes.identity import FakeProvider, real_name_account
from tests.payments.jobs_asked import jobs_asked

pytestmark = pytest.mark.usefixtures("db")

WANG, CHEN = "330100195103089023", "330100197609219066"
WECHAT, ALIPAY = ProviderName.WECHAT, ProviderName.ALIPAY
USER_ID, OPEN_ID = "2088123412341234", "074a1XZd"


async def seen(
    subject: str,
    *,
    unionid: str | None = None,
    alias: str | None = None,
    provider: ProviderName = WECHAT,
    appid: str = "wx-1",
) -> Account:
    async with in_transaction():
        return await account_of(provider, appid, Subject(subject, unionid, alias), at=AT)


async def seen_by_alipay(subject: str, alias: str | None = None) -> Account:
    return await seen(subject, alias=alias, provider=ALIPAY, appid="ali-1")


class TestAccounts:
    async def test_one_openid_in_two_apps_is_two_people(
        self, issuer: TokenIssuer, vault: Vault
    ) -> None:
        """A03"""
        wang = await real_name_account(
            name="王桂兰", id_number=WANG, vault=vault, subject="openid-x", appid="wx-1"
        )

        signed_in = await log_in("openid-x", provider=FakeProvider("wx-2"), issuer=issuer, at=AT)

        assert (signed_in.level, signed_in.party_id) == (0, None)
        rows = await Account.filter(subject="openid-x").values_list("id", "appid")
        assert {appid for _, appid in rows} == {"wx-1", "wx-2"}
        assert (await seen("openid-x")).id == wang.id

    async def test_seen_first_by_many_at_once_it_is_one(self) -> None:
        accounts = await asyncio.gather(*(seen("openid-new") for _ in range(5)))

        assert len({account.id for account in accounts}) == 1


class TestUnionid:
    async def test_a_unionid_that_appears_later_is_kept_and_joins_nobody(
        self, vault: Vault
    ) -> None:
        """A04: known without it, then with it, then under a second openid."""
        wang = await real_name_account(name="王桂兰", id_number=WANG, vault=vault)

        await seen("openid-wang", unionid="u-1")
        second = await seen("openid-second", unionid="u-1", appid="wx-2")
        third = await seen("openid-third", appid="wx-3")
        await seen("openid-third", unionid="u-1", appid="wx-3")

        await third.refresh_from_db()
        assert (third.unionid, third.person_id, third.level) == ("u-1", None, 0)
        assert (await Account.get(id=wang.id)).unionid == "u-1"
        assert (second.unionid, second.person_id, second.level) == ("u-1", None, 0)
        assert await jobs_asked("identity.hint_conflict") == []

    async def test_two_real_named_persons_under_one_unionid_are_for_a_human_once(
        self, vault: Vault
    ) -> None:
        """A04: neither is touched; whichever is seen with the unionid last."""
        wang = await real_name_account(name="王桂兰", id_number=WANG, vault=vault)
        chen = await real_name_account(
            name="陈丽", id_number=CHEN, vault=vault, subject="openid-chen", appid="wx-2"
        )
        people = {wang.person_id, chen.person_id}

        await seen("openid-wang", unionid="u-1")
        for _ in range(2):
            await seen("openid-chen", unionid="u-1", appid="wx-2")

        [asked] = await jobs_asked("identity.hint_conflict")
        assert {asked["account_id"], asked["other_id"]} == {str(wang.id), str(chen.id)}
        for _ in range(2):
            await hint_conflict(**asked, department="330199-data")
        task = await HumanTask.get(kind="identity.unionid_conflict")
        assert task.department == "330199-data"
        assert {row.person_id for row in await Account.all()} == people

    async def test_another_unionid_for_the_same_openid_changes_nothing(self) -> None:
        await seen("openid-wang", unionid="u-1")

        assert (await seen("openid-wang", unionid="u-2")).unionid == "u-1"


class TestNamesAtAlipay:
    async def test_an_app_that_moves_from_user_ids_to_open_ids_keeps_its_accounts(self) -> None:
        before = await seen_by_alipay(USER_ID)

        between = await seen_by_alipay(OPEN_ID, USER_ID)
        after = await seen_by_alipay(OPEN_ID)
        back = await seen_by_alipay(USER_ID)

        assert {before.id, between.id, after.id, back.id} == {before.id}
        assert (await Account.get()).subject == OPEN_ID
        assert (await AccountAlias.get()).subject == USER_ID

    async def test_one_that_had_both_names_from_the_start_is_known_by_either(self) -> None:
        first = await seen_by_alipay(OPEN_ID, USER_ID)

        assert (await seen_by_alipay(USER_ID)).id == first.id
        assert (await seen_by_alipay(OPEN_ID)).id == first.id

    async def test_a_name_of_another_app_is_nobody_here(self) -> None:
        here = await seen_by_alipay(OPEN_ID, USER_ID)

        there = await seen(USER_ID, provider=ALIPAY, appid="ali-2")

        assert there.id != here.id

    async def test_two_accounts_that_turn_out_to_be_one_user_stay_two(self, vault: Vault) -> None:
        """Two persons would have to be merged: that is a human's to decide."""
        older, newer = await seen_by_alipay(USER_ID), await seen_by_alipay(OPEN_ID)
        for account, name, number in ((older, "王桂兰", WANG), (newer, "陈丽", CHEN)):
            person = await register_person(name=name, id_number=number, vault=vault)
            await Account.filter(id=account.id).update(person_id=person.id, level=2)

        both = await seen_by_alipay(OPEN_ID, USER_ID)

        assert both.id == newer.id
        assert (await seen_by_alipay(USER_ID)).id == older.id
        assert len(await jobs_asked("identity.hint_conflict")) == 1

    async def test_learnt_by_many_at_once_it_is_learnt_once(self) -> None:
        first = await seen_by_alipay(USER_ID)

        accounts = await asyncio.gather(*(seen_by_alipay(OPEN_ID, USER_ID) for _ in range(5)))

        assert {account.id for account in accounts} == {first.id}
        assert await AccountAlias.all().count() == 1
