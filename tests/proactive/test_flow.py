"""From publication to money, through the worker's own handlers."""

from datetime import date

import pytest

from app.providers import Parts
from app.worker import handlers
from core import jobs
from core.clock import date_in_china, now
from core.sealing import Vault
from identity.entities import BankAccount, register_entity
from identity.models import Account
from notifications.models import Message
from payments.disbursements import apply_transfer
from payments.models import Disbursement
from proactive.entitlements import confirm_entitlement
from proactive.kinds import EntitlementStatus
from proactive.models import Budget
from tests.fakes.payments import APPID, FakeTransfers
from tests.proactive import make

pytestmark = pytest.mark.usefixtures("city")


async def work(parts: Parts) -> None:
    known = handlers(parts, operating_department="330199-data")
    while await jobs.run_due(known, at=now()):
        pass


async def test_an_old_person_who_never_asked_is_found_told_and_paid(
    parts: Parts, vault: Vault
) -> None:
    today = date_in_china(now())
    person = await make.person(vault, alive=None, hukou=None)
    await make.tell(vault, person.id, as_of=today, at=now(), alive=True, hukou="330199001")
    await Account.create(
        provider="wechat", appid=APPID, subject="openid-wang", person=person, level=2
    )
    await make.published(vault, at=now())

    await work(parts)
    payout = await Disbursement.get(payee_id=person.id)
    transfers = parts.gateways.transfer(str(payout.merchant))
    assert isinstance(transfers, FakeTransfers)
    await apply_transfer(transfers.confirm(payout.number), vault=vault, at=now())
    await work(parts)

    entitlement = await make.entitlement_of(person.id)
    assert entitlement.status is EntitlementStatus.PAID
    assert (payout.reference, payout.amount_fen) == (f"entitlement:{entitlement.id}", 15_000)
    kinds = await Message.filter(recipient_id=person.id).values_list("kind", flat=True)
    assert sorted(kinds) == ["entitlement_coming", "entitlement_paid", "payout_to_confirm"]
    budget = await Budget.get()
    assert (budget.reserved_fen, budget.spent_fen) == (0, 15_000)


async def test_an_enterprise_says_yes_and_its_account_is_paid(parts: Parts, vault: Vault) -> None:
    firm = await register_entity(
        uscc="91330199MA2LX801XY",
        name="临溪精密机械有限公司",
        division="330199001",
        legal_representative_id=None,
        bank_account=BankAccount("6228990199010000019", "临溪精密机械有限公司", "临溪农商行"),
        vault=vault,
    )
    facts = {"reg_region": "330199001", "hightech_year": 2024, "hightech_first": True}
    await make.tell(vault, firm.id, as_of=date_in_china(now()), at=now(), **facts)
    chief = await make.person(vault, birth=date(1980, 1, 1))
    await make.published(vault, "px-hightech", at=now())
    await work(parts)
    entitlement = await make.entitlement_of(firm.id)
    assert entitlement.status is EntitlementStatus.NOTIFIED

    caller = await make.caller(chief, party_id=firm.id)
    await confirm_entitlement(entitlement.id, caller=caller, at=now())
    await work(parts)

    await entitlement.refresh_from_db()
    assert entitlement.status is EntitlementStatus.PAID
    assert entitlement.confirmed_by == chief.id
    assert sum(parts.bank.paid.values()) == 20_000_000
