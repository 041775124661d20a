"""Money on its way to a person's wallet and to an enterprise's bank account. 拨付"""

from datetime import date

from core.clock import date_in_china
from payments.disbursements import disburse_requested
from payments.gateways import Gateways
from payments.kinds import DisbursementStatus
from payments.models import Disbursement, Posting
from payments.payouts import Payers
from payments.transfers import apply_transfer
from proactive.disbursing import disburse_entitlement
from proactive.entitlements import confirm_entitlement, notify_entitlement
from proactive.models import Entitlement
from tests.crash_flows import Flow, Pages, Scene
from tests.crash_flows.outside import KeptAlipayTransfers, KeptBank, KeptTransfers
from tests.fakes.payments import ALIPAY_APP_ID
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked
from tests.proactive import make as benefits


class _Payout(Flow):
    """An entitlement whose money is set aside and asked for."""

    async def act(self, scene: Scene) -> None:
        [asked] = await jobs_asked("payments.disburse")
        wallets = [KeptTransfers(scene.outside), KeptAlipayTransfers(scene.outside)]
        payers = Payers(Gateways([], wallets), KeptBank(scene.outside))
        await disburse_requested(**asked, payers=payers, vault=scene.vault)

    def theirs(self, scene: Scene) -> Pages:
        return {
            "wechat_pay_transfers": KeptTransfers(scene.outside).rows(),
            "alipay_transfers": KeptAlipayTransfers(scene.outside).rows(),
            "bank_transfers": KeptBank(scene.outside).rows(),
        }


class ToWallet(_Payout):
    """WeChat offers a number once; the payee confirms."""

    points = (
        "payments.after_disbursement_intent",
        "payments.before_transfer",
        "payments.after_transfer",
        "payments.before_disbursement_answer",
        "payments.after_disbursement_answer",
    )

    async def prepare(self, scene: Scene) -> None:
        await _entitled(scene, provider="wechat")

    async def check(self, scene: Scene) -> None:
        transfers, row = KeptTransfers(scene.outside), await Disbursement.get()
        assert row.status is DisbursementStatus.WAITING_USER
        assert row.package_sealed is not None
        assert list(transfers.bills) == [row.number]
        assert len(await jobs_asked("payments.disbursement_waiting")) == 1

        for _ in range(2):
            await apply_transfer(transfers.confirm(row.number), vault=scene.vault, at=scene.at)
        await _check_posted_once()


class ToAlipay(_Payout):
    """Alipay pays a number at once and once; the payee has nothing to confirm."""

    points = ToWallet.points

    async def prepare(self, scene: Scene) -> None:
        await _entitled(scene, provider="alipay", appid=ALIPAY_APP_ID)

    async def check(self, scene: Scene) -> None:
        row = await Disbursement.get()
        assert list(KeptAlipayTransfers(scene.outside).bills) == [row.number]
        assert KeptTransfers(scene.outside).bills == {}
        await _check_posted_once()


class ToBank(_Payout):
    """The bank pays a number once, however often it is asked."""

    points = (
        "payments.before_transfer",
        "payments.after_transfer",
        "payments.before_disbursement_answer",
        "payments.after_disbursement_answer",
    )

    async def prepare(self, scene: Scene) -> None:
        await benefits.facts_catalogue()
        firm = await make.entity(scene.vault)
        facts = {"reg_region": "330199001", "hightech_year": 2024, "hightech_first": True}
        await benefits.tell(scene.vault, firm.id, at=scene.at, **facts)
        chief = await benefits.person(scene.vault, birth=date(1980, 1, 1))
        on = date_in_china(scene.at)
        await benefits.matched(scene.vault, "px-hightech", on=on, at=scene.at)
        row = await Entitlement.get(beneficiary_id=firm.id)
        await notify_entitlement(row.id, at=scene.at)
        caller = await benefits.caller(chief, party_id=firm.id)
        await confirm_entitlement(row.id, caller=caller, at=scene.at)
        await disburse_entitlement(row.id, vault=scene.vault, at=scene.at)

    async def check(self, scene: Scene) -> None:
        row = await Disbursement.get()
        assert KeptBank(scene.outside).paid == {row.number: row.amount_fen}
        await _check_posted_once()


async def _entitled(scene: Scene, **account: str) -> None:
    """Somebody old, told of the allowance, whose only account is this."""
    await benefits.facts_catalogue()
    person = await benefits.person(scene.vault)
    await make.caller(scene.vault, person, **account)
    await benefits.matched(scene.vault, on=date_in_china(scene.at), at=scene.at)
    row = await Entitlement.get()
    await notify_entitlement(row.id, at=scene.at)
    await disburse_entitlement(row.id, vault=scene.vault, at=scene.at)


async def _check_posted_once() -> None:
    row = await Disbursement.get()
    assert row.status is DisbursementStatus.PAID
    posted = sorted(posting.amount_fen for posting in await Posting.all())
    assert posted == [-row.amount_fen, row.amount_fen]
    assert len(await jobs_asked("proactive.disbursement_finished")) == 1
