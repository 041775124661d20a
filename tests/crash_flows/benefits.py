"""A benefit from the match to the money. 免申即享"""

from core.clock import date_in_china
from core.models import AuditEntry
from notifications.models import Message
from proactive.disbursing import disburse_entitlement, finish_disbursement
from proactive.entitlements import notify_entitlement
from proactive.kinds import EntitlementStatus
from proactive.matching import match_policy
from proactive.models import BenefitKey, Budget, Entitlement, PolicyVersion
from tests.crash_flows import Flow, Scene
from tests.payments.jobs_asked import jobs_asked
from tests.proactive import make

PEOPLE = 3


class Matching(Flow):
    points = ("proactive.after_match_batch",)

    async def prepare(self, scene: Scene) -> None:
        await make.facts_catalogue()
        for _ in range(PEOPLE):
            await make.person(scene.vault)
        await make.published(scene.vault, at=scene.at)

    async def act(self, scene: Scene) -> None:
        version, on = await PolicyVersion.get(), date_in_china(scene.at)
        await match_policy(version.id, on=on, vault=scene.vault, at=scene.at)

    async def check(self, scene: Scene) -> None:
        entitled = [row.beneficiary_id for row in await Entitlement.all()]
        assert len(entitled) == len(set(entitled)) == PEOPLE
        assert await BenefitKey.all().count() == PEOPLE
        assert len(await jobs_asked("proactive.notify")) == PEOPLE


class Claiming(Flow):
    """The last look, the money set aside, the payment asked for."""

    points = ("proactive.before_claim", "proactive.before_claim_commit", "proactive.after_claim")

    async def prepare(self, scene: Scene) -> None:
        await make.facts_catalogue()
        await make.person(scene.vault)
        await make.matched(scene.vault, at=scene.at)
        await notify_entitlement((await Entitlement.get()).id, at=scene.at)

    async def act(self, scene: Scene) -> None:
        row = await Entitlement.get()
        await disburse_entitlement(row.id, vault=scene.vault, at=scene.at)

    async def check(self, scene: Scene) -> None:
        row, budget = await Entitlement.get(), await Budget.get()
        assert row.status is EntitlementStatus.PAYING
        assert (budget.reserved_fen, budget.spent_fen) == (row.quantity, 0)
        assert len(await jobs_asked("payments.disburse")) == 1


class Finishing(Claiming):
    points = ("proactive.before_finish_commit",)

    async def prepare(self, scene: Scene) -> None:
        await super().prepare(scene)
        await super().act(scene)

    async def act(self, scene: Scene) -> None:
        row = await Entitlement.get()
        await finish_disbursement(f"entitlement:{row.id}", "paid", at=scene.at)

    async def check(self, scene: Scene) -> None:
        row, budget = await Entitlement.get(), await Budget.get()
        assert row.status is EntitlementStatus.PAID
        assert (budget.reserved_fen, budget.spent_fen) == (0, row.quantity)
        assert await Message.filter(kind="entitlement_paid").count() == 1
        assert await AuditEntry.filter(action="entitlement.paid").count() == 1
