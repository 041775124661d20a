from datetime import datetime

import httpx
import msgspec
import pytest

from app.providers import Parts
from core.clock import now
from core.sealing import Vault
from identity.models import Account, Person
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from payments.disbursements import disburse_requested
from payments.gateways import Gateways
from payments.models import Disbursement
from payments.payouts import Payers
from payments.transfers import apply_transfer
from tests.fakes.identity import FakeProvider
from tests.fakes.payments import CONFIRM_BY, FakeBank, FakeTransfers
from tests.payments import make


@pytest.fixture
def transfers() -> FakeTransfers:
    return FakeTransfers(appid="wx-1")


@pytest.fixture
def parts(parts: Parts, transfers: FakeTransfers) -> Parts:
    return msgspec.structs.replace(parts, gateways=Gateways([], [transfers]))


async def offered_to(person: Person, transfers: FakeTransfers, vault: Vault) -> Disbursement:
    await disburse_requested(
        f"E-{person.id}"[:64],
        str(person.id),
        10000,
        "高龄津贴",
        "330199-civil-affairs",
        "330199",
        payers=Payers(Gateways([], [transfers]), FakeBank()),
        vault=vault,
    )
    return await Disbursement.get(payee_id=person.id)


@pytest.fixture
async def wang_herself(db: None, vault: Vault) -> Person:
    person = await make.person(vault)
    await Account.create(
        provider="wechat", appid="wx-1", subject="openid-wang", person=person, level=2
    )
    return person


@pytest.fixture
async def wang(
    client: httpx.AsyncClient, issuer: TokenIssuer, wang_herself: Person
) -> httpx.AsyncClient:
    signed_in = await log_in("openid-wang", provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"
    return client


async def test_the_payee_takes_the_money_with_its_own_wallet(
    wang: httpx.AsyncClient, wang_herself: Person, transfers: FakeTransfers, vault: Vault
) -> None:
    row = await offered_to(wang_herself, transfers, vault)

    offered = (await wang.get(f"/v1/disbursements/{row.id}")).json()
    await apply_transfer(transfers.confirm(row.number), vault=vault, at=now())
    taken = (await wang.get(f"/v1/disbursements/{row.id}?wait=20")).json()
    listed = (await wang.get("/v1/disbursements")).json()["items"]

    assert (offered["status"], offered["channel"]) == ("waiting_user", "wechat_transfer")
    assert datetime.fromisoformat(offered["confirm_by"]) == CONFIRM_BY
    assert offered["confirmation"] == {
        "mchId": transfers.merchant,
        "appId": "wx-1",
        "package": f"package-{row.number}",
    }
    assert (taken["status"], taken["confirmation"]) == ("paid", None)
    assert [(line["status"], line["confirm_by"]) for line in listed] == [("paid", None)]


async def test_somebody_elses_money_looks_like_none(
    wang: httpx.AsyncClient, transfers: FakeTransfers, vault: Vault
) -> None:
    """B25"""
    row = await offered_to(await make.person(vault), transfers, vault)

    reply = await wang.get(f"/v1/disbursements/{row.id}")

    assert (reply.status_code, reply.json()["code"]) == (404, "payments.disbursement_not_found")
    assert (await wang.get("/v1/disbursements")).json()["items"] == []
