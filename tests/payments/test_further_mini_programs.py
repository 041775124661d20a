"""A merchant pays out in every mini-program bound to it. An openid is nobody outside its appid: a
transfer names both.
"""

import msgspec
import pytest

from core.sealing import Vault
from payments import disbursements
from payments.gateways import Transfer
from payments.kinds import DisbursementStatus
from payments.models import Disbursement
from tests.fakes.payments import MCHID, FakeTransfers
from tests.payments import make
from tests.payments.test_payout_channels import disburse, follow

pytestmark = pytest.mark.usefixtures("db")


async def test_who_is_known_in_the_second_only_is_paid_and_confirms_there(vault: Vault) -> None:
    payee = await make.caller(vault, appid="wx-second")
    wechat = FakeTransfers(MCHID, "wx-first", "wx-second")
    payers = make.payers(wechat)

    row = await disburse(payee, payers, vault)

    [order] = wechat.asked
    assert (order.appid, order.subject) == ("wx-second", payee.subject)
    assert (row.status, row.appid) == (DisbursementStatus.WAITING_USER, "wx-second")
    sheet = disbursements.confirmation(row, caller=payee, gateways=payers.gateways, vault=vault)
    assert sheet is not None
    assert sheet["appId"] == "wx-second"
    elsewhere = msgspec.structs.replace(payee, appid="wx-first")
    assert (
        disbursements.confirmation(row, caller=elsewhere, gateways=payers.gateways, vault=vault)
        is None
    )


async def test_asked_again_it_keeps_the_appid_first_asked_with(vault: Vault) -> None:
    """E13: an account in the first one comes while the first asking's answer is lost."""

    class Forgetful(FakeTransfers):
        async def query(self, number: str) -> Transfer | None:
            return None

    someone = await make.person(vault)
    payee = await make.caller(vault, someone, appid="wx-second")
    wechat = Forgetful(MCHID, "wx-first", "wx-second", fails=1)
    payers = make.payers(wechat)
    row = await disburse(payee, payers, vault)
    assert row.status is DisbursementStatus.UNKNOWN
    await make.caller(vault, someone, appid="wx-first")

    row = await follow(row, 1, payers, vault)

    first, again = wechat.asked
    assert first == again
    assert (again.appid, row.appid) == ("wx-second", "wx-second")
    assert row.status is DisbursementStatus.WAITING_USER


async def test_the_account_that_comes_in_the_second_is_taken(vault: Vault) -> None:
    someone = await make.person(vault)
    wechat = FakeTransfers(MCHID, "wx-first", "wx-second")
    payers = make.payers(wechat)
    nowhere = type("Payee", (), {"party_id": someone.id})
    row = await disburse(nowhere, payers, vault)
    assert row.appid == "wx-first"

    payee = await make.caller(vault, someone, appid="wx-second")
    row = await follow(row, 1, payers, vault)

    assert (row.status, row.appid) == (DisbursementStatus.WAITING_USER, "wx-second")
    assert [order.subject for order in wechat.asked] == [payee.subject]


async def test_what_was_noted_before_without_an_appid_is_the_firsts(vault: Vault) -> None:
    payee = await make.caller(vault, appid="wx-first")
    wechat = FakeTransfers(MCHID, "wx-first", "wx-second", fails=1)
    payers = make.payers(wechat)
    row = await disburse(payee, payers, vault)
    await Disbursement.filter(id=row.id).update(appid=None)

    row = await follow(row, 1, payers, vault)

    assert [order.appid for order in wechat.asked] == ["wx-first", "wx-first"]
    sheet = disbursements.confirmation(row, caller=payee, gateways=payers.gateways, vault=vault)
    assert sheet is not None
    assert sheet["appId"] == "wx-first"
