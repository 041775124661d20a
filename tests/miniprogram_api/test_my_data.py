"""A person's accounts, the copy of what we have about them, and their leaving, over HTTP."""

import io
import json
import zipfile
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.providers import Parts
from app.retention import retention
from app.worker import handlers
from core import jobs
from core.clock import CHINA, now
from core.sealing import Vault
from identity.erasure import ERASED_NAME, erase_due
from identity.exports import expire_exports
from identity.kinds import Level
from identity.models import (
    Account,
    Erasure,
    ErasureItem,
    LoginDevice,
    Person,
    PhoneContact,
)
from identity.persons import full_name, id_number
from identity.real_names import verify_real_name
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from notifications.models import Message
from tests.fakes.identity import (
    NO_CACHE,
    FakePopulationRegister,
    FakeProvider,
    caller_of,
    real_name_account,
)
from tests.payments import make

WANG = "330100195103089023"
GONE = "identity.export_not_found"
ERASE, ZIP = {"confirmation": "我要注销"}, {"format": "zip"}
STAKES = [
    ("PUT", f"/v1/me/exports/{UUID(int=1)}", ZIP),
    ("GET", f"/v1/me/exports/{UUID(int=1)}/content", None),
    ("PUT", "/v1/me/erasure", ERASE),
    ("POST", "/v1/entities/91330199MA2LX801XY/representation", None),
]


@pytest.fixture
async def wang(db: None, vault: Vault) -> Account:
    return await real_name_account(name="王桂兰", id_number=WANG, vault=vault)


@pytest.fixture
async def phone(client: httpx.AsyncClient, issuer: TokenIssuer, wang: Account) -> httpx.AsyncClient:
    """Whose face was seen a moment ago."""
    await Account.filter(id=wang.id).update(level=int(Level.FACE), face_at=now())
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"
    return client


async def work(parts: Parts) -> None:
    known = handlers(parts, operating_department="330199-data")
    await jobs.run_due(known, at=now())


async def copy_of(phone: httpx.AsyncClient, parts: Parts) -> tuple[str, zipfile.ZipFile]:
    path = f"/v1/me/exports/{uuid4()}"
    assert (await phone.put(path, json=ZIP)).status_code == 200
    await work(parts)
    reply = await phone.get(f"{path}/content")
    assert reply.status_code == 200, reply.text
    return path, zipfile.ZipFile(io.BytesIO(reply.content))


def person_of(account: Account) -> Any:
    assert account.person_id is not None
    return account.person_id


class TestCopy:
    async def test_holds_everything_for_machines_and_for_people(
        self, phone: httpx.AsyncClient, parts: Parts, wang: Account
    ) -> None:
        order = await make.fee_order(person_of(wang))

        path, archive = await copy_of(phone, parts)

        data = json.loads(archive.read("personal-data.json"))["sections"]
        text = archive.read("个人信息.txt").decode("utf-8-sig")
        assert data["person"][0]["姓名"] == "王桂兰"
        assert data["documents"][0]["号码"] == WANG
        assert data["fees"][0]["缴款码"] == order.order_no
        assert "姓名：王桂兰" in text
        assert "80.00" in text
        assert (await phone.get(path)).json()["status"] == "ready"
        assert await Message.filter(kind="export_ready").count() == 1

    async def test_asked_twice_under_one_id_is_one(
        self, phone: httpx.AsyncClient, parts: Parts
    ) -> None:
        path = f"/v1/me/exports/{uuid4()}"

        first, again = await phone.put(path, json=ZIP), await phone.put(path, json=ZIP)
        other = await phone.put(f"/v1/me/exports/{uuid4()}", json=ZIP)
        unmade = await phone.get(f"{path}/content")

        assert first.json() == again.json()
        assert (other.status_code, other.json()["code"]) == (409, "identity.export_waiting")
        assert (unmade.status_code, unmade.json()["code"]) == (409, "identity.export_not_ready")

    async def test_is_nobody_elses_and_ends(
        self, phone: httpx.AsyncClient, parts: Parts, issuer: TokenIssuer, vault: Vault
    ) -> None:
        path, _ = await copy_of(phone, parts)
        mine = dict(phone.headers)
        await real_name_account(
            name="陈丽", id_number="330100197609219066", vault=vault, subject="openid-chen"
        )
        await Account.filter(subject="openid-chen").update(level=int(Level.FACE), face_at=now())
        other = await log_in("openid-chen", provider=FakeProvider(), issuer=issuer, at=now())

        phone.headers["authorization"] = f"Bearer {other.access_token}"
        theirs = await phone.get(f"{path}/content")
        phone.headers.update(mine)
        await expire_exports(at=now() + timedelta(days=3))
        over = await phone.get(f"{path}/content")

        for reply in (theirs, over):
            assert (reply.status_code, reply.json()["code"]) == (404, GONE)

    @pytest.mark.parametrize(("method", "path", "body"), STAKES)
    async def test_asks_for_a_face_shown_lately_where_the_app_can_see_one(
        self,
        method: str,
        path: str,
        body: dict[str, str] | None,
        phone: httpx.AsyncClient,
        wang: Account,
        issuer: TokenIssuer,
    ) -> None:
        await Account.filter(id=wang.id).update(face_at=now() - timedelta(minutes=31))
        again = await log_in("openid-wang#2", provider=FakeProvider(), issuer=issuer, at=now())
        phone.headers["authorization"] = f"Bearer {again.access_token}"

        reply = await phone.request(method, path, json=body)

        assert (reply.status_code, reply.json()["code"]) == (403, "identity.real_name_required")
        assert reply.json()["details"]["step"] == "face"

    async def test_is_refused_before_real_name_proof(self, client: httpx.AsyncClient) -> None:
        body = {"provider": "wechat", "code": "openid-nobody"}
        token = (await client.post("/v1/sessions", json=body)).json()["access_token"]

        reply = await client.put(
            f"/v1/me/exports/{uuid4()}", json=ZIP, headers={"authorization": f"Bearer {token}"}
        )

        assert (reply.status_code, reply.json()["code"]) == (403, "identity.real_name_required")


class TestLeaving:
    async def test_is_explained_before(self, phone: httpx.AsyncClient, wang: Account) -> None:
        await make.fee_order(person_of(wang))

        plan = (await phone.get("/v1/me/erasure")).json()

        told = {one["code"]: (one["erased"], one["kept_until"]) for one in plan["classes"]}
        assert told["contacts"] == (True, None)
        assert told["vouchers"] == (False, "2057-01-01")
        assert told["audit"] == (False, None)
        assert plan["reasons"] == []
        assert all(one["source"] and one["title"] for one in plan["classes"])

    async def test_erases_what_no_law_keeps_and_ends_everything(
        self, phone: httpx.AsyncClient, wang: Account, vault: Vault
    ) -> None:
        person_id = person_of(wang)
        await phone.put("/v1/me/phone", json={"proof": "phone-15401991001"})

        reply = await phone.put("/v1/me/erasure", json=ERASE)
        after = await phone.get("/v1/me")

        assert reply.status_code == 200, reply.text
        assert after.status_code == 401
        assert await full_name(person_id, vault=vault) == ERASED_NAME
        assert await id_number(person_id, vault=vault) == ""
        account = await Account.get(id=wang.id)
        assert (account.person_id, account.subject) == (None, f"erased:{wang.id}")
        for gone in (PhoneContact, LoginDevice, Message):
            assert await gone.all().count() == 0
        assert await ErasureItem.filter(erased_at=None, kept_until__isnull=False).count() == 0

    async def test_keeps_the_name_as_long_as_the_vouchers(
        self, phone: httpx.AsyncClient, wang: Account, vault: Vault
    ) -> None:
        person_id = person_of(wang)
        await make.fee_order(person_id)
        await phone.put("/v1/me/erasure", json=ERASE)
        assert await full_name(person_id, vault=vault) == "王桂兰"

        early, late = moment(2056, 12, 31), moment(2057, 1, 1)
        counts = [await erase_due(retention(), vault=vault, at=at) for at in (early, late, late)]

        assert counts == [0, 1, 0]
        assert await full_name(person_id, vault=vault) == ERASED_NAME

    async def test_is_refused_while_money_is_under_way(
        self, phone: httpx.AsyncClient, wang: Account, vault: Vault
    ) -> None:
        order = await make.fee_order(person_of(wang))
        await make.attempt(order, await make.caller(vault, await Person.get(id=wang.person_id)))

        reply = await phone.put("/v1/me/erasure", json=ERASE)

        assert (reply.status_code, reply.json()["code"]) == (409, "identity.erasure_blocked")
        assert reply.json()["details"]["reasons"] == ["payment_under_way"]
        assert await Erasure.all().count() == 0

    async def test_takes_the_words_and_not_a_slip_of_the_finger(
        self, phone: httpx.AsyncClient
    ) -> None:
        reply = await phone.put("/v1/me/erasure", json={"confirmation": "好"})

        assert reply.status_code == 400
        assert await Erasure.all().count() == 0

    async def test_and_coming_back_is_being_the_same_person(
        self, phone: httpx.AsyncClient, wang: Account, vault: Vault, issuer: TokenIssuer
    ) -> None:
        """E06: whoever leaves and comes back is not owed a benefit twice."""
        person_id = person_of(wang)
        await phone.put("/v1/me/erasure", json=ERASE)
        again = await log_in("openid-wang#2", provider=FakeProvider(), issuer=issuer, at=now())

        person = await verify_real_name(
            await caller_of(again, at=now()),
            name="王桂兰",
            id_number=WANG,
            register=FakePopulationRegister({WANG: ("王桂兰", True)}),
            vault=vault,
            states=NO_CACHE,
            department="330199-data",
            at=now(),
        )

        assert person.id == person_id
        assert await full_name(person_id, vault=vault) == "王桂兰"
        assert await id_number(person_id, vault=vault) == WANG
        assert (await Erasure.get()).returned_at is not None


class TestAccounts:
    async def test_are_listed_and_parted(self, phone: httpx.AsyncClient, wang: Account) -> None:
        listed = (await phone.get("/v1/me/accounts")).json()["items"]

        parted = await phone.delete(f"/v1/me/accounts/{wang.id}")
        after = await phone.get("/v1/me")

        assert [one["id"] for one in listed] == [str(wang.id)]
        assert (parted.status_code, after.status_code) == (204, 401)

    async def test_of_others_are_not_found(self, phone: httpx.AsyncClient) -> None:
        reply = await phone.delete(f"/v1/me/accounts/{uuid4()}")

        assert (reply.status_code, reply.json()["code"]) == (404, "identity.account_not_found")

    async def test_a_second_channel_is_told_to_the_person(
        self, phone: httpx.AsyncClient, parts: Parts, issuer: TokenIssuer, vault: Vault
    ) -> None:
        stranger = await log_in("openid-new", provider=FakeProvider(), issuer=issuer, at=now())
        await verify_real_name(
            await caller_of(stranger, at=now()),
            name="王桂兰",
            id_number=WANG,
            register=FakePopulationRegister({WANG: ("王桂兰", True)}),
            vault=vault,
            states=NO_CACHE,
            department="330199-data",
            at=now(),
        )
        account = await Account.get(subject="openid-new")
        await phone.delete(f"/v1/me/accounts/{account.id}")

        await work(parts)

        kinds = await Message.all().order_by("id").values_list("kind", flat=True)
        assert "account_parted" in kinds


def moment(year: int, month: int, day: int) -> datetime:
    return datetime.combine(date(year, month, day), datetime.min.time(), CHINA)
