"""Money on its way to a person's wallet and to an enterprise's bank account. 拨付"""

from identity.models import Party
from payments.disbursements import disburse_requested
from payments.gateways import Gateways
from payments.kinds import DisbursementStatus
from payments.models import Disbursement, Posting
from payments.payouts import Payers
from payments.transfers import apply_transfer
from tests.crash_flows import Flow, Scene
from tests.crash_flows.outside import KeptAlipayTransfers, KeptBank, KeptTransfers
from tests.fakes.payments import ALIPAY_APP_ID
from tests.payments import make
from tests.payments.jobs_asked import jobs_asked


class ToWallet(Flow):
    """WeChat offers a number once; the payee confirms."""

    points = (
        "payments.after_disbursement_intent",
        "payments.before_transfer",
        "payments.after_transfer",
        "payments.before_disbursement_answer",
        "payments.after_disbursement_answer",
    )

    async def prepare(self, scene: Scene) -> None:
        await make.caller(scene.vault)

    async def act(self, scene: Scene) -> None:
        await _disburse(scene)

    async def check(self, scene: Scene) -> None:
        transfers, row = KeptTransfers(scene.outside), await Disbursement.get()
        assert row.status is DisbursementStatus.WAITING_USER
        assert row.package_sealed is not None
        assert list(transfers.bills) == [row.number]
        assert len(await jobs_asked("payments.disbursement_waiting")) == 1

        for _ in range(2):
            await apply_transfer(transfers.confirm(row.number), vault=scene.vault, at=scene.at)
        await _check_posted_once()


class ToAlipay(Flow):
    """Alipay pays a number at once and once; the payee has nothing to confirm."""

    points = ToWallet.points

    async def prepare(self, scene: Scene) -> None:
        await make.caller(scene.vault, provider="alipay", appid=ALIPAY_APP_ID)

    async def act(self, scene: Scene) -> None:
        await _disburse(scene)

    async def check(self, scene: Scene) -> None:
        row = await Disbursement.get()
        assert list(KeptAlipayTransfers(scene.outside).bills) == [row.number]
        assert KeptTransfers(scene.outside).bills == {}
        await _check_posted_once()


class ToBank(Flow):
    """The bank pays a number once, however often it is asked."""

    points = (
        "payments.before_transfer",
        "payments.after_transfer",
        "payments.before_disbursement_answer",
        "payments.after_disbursement_answer",
    )

    async def prepare(self, scene: Scene) -> None:
        await make.entity(scene.vault)

    async def act(self, scene: Scene) -> None:
        await _disburse(scene)

    async def check(self, scene: Scene) -> None:
        row = await Disbursement.get()
        assert KeptBank(scene.outside).paid == {row.number: 10_000}
        await _check_posted_once()


async def _disburse(scene: Scene) -> None:
    wallets = [KeptTransfers(scene.outside), KeptAlipayTransfers(scene.outside)]
    gateways = Gateways([], wallets)
    await disburse_requested(
        "E-1",
        str((await Party.get()).id),
        10_000,
        "高龄津贴",
        "330199-civil-affairs",
        "330199",
        payers=Payers(gateways, KeptBank(scene.outside)),
        vault=scene.vault,
    )


async def _check_posted_once() -> None:
    row = await Disbursement.get()
    assert row.status is DisbursementStatus.PAID
    assert sorted(posting.amount_fen for posting in await Posting.all()) == [-10_000, 10_000]
    assert len(await jobs_asked("proactive.disbursement_finished")) == 1
