from datetime import timedelta

import pytest

from core.sealing import Vault
from proactive.dry_runs import dry_run
from proactive.kinds import VersionStatus
from proactive.models import Budget, PolicyVersion
from proactive.policies import VersionIsFixed
from proactive.publishing import (
    ApprovalRequired,
    ApproverIsEditor,
    DryRunRequired,
    PublisherIsApprover,
    approve_policy,
    publish_policy,
)
from tests.conftest import AT
from tests.payments.jobs_asked import jobs_asked
from tests.proactive import make

pytestmark = pytest.mark.usefixtures("city")

EDITOR, APPROVER, PUBLISHER = (make.operator(role) for role in ("editor", "approver", "publisher"))
DAY = timedelta(hours=24, seconds=1)


async def try_out(vault: Vault) -> None:
    await dry_run("sh-elder", 1, operator=EDITOR, vault=vault, at=AT)


class TestApproval:
    async def test_nothing_is_approved_without_a_dry_run(self) -> None:
        """E01"""
        await make.draft()

        with pytest.raises(DryRunRequired):
            await approve_policy("sh-elder", 1, operator=APPROVER, at=AT)

    async def test_a_dry_run_of_another_text_or_a_day_old_does_not_count(
        self, vault: Vault
    ) -> None:
        """E01"""
        await make.draft()
        await try_out(vault)

        with pytest.raises(DryRunRequired):
            await approve_policy("sh-elder", 1, operator=APPROVER, at=AT + DAY)

        await make.draft(title="改过的标题", revision=1)
        with pytest.raises(DryRunRequired):
            await approve_policy("sh-elder", 1, operator=APPROVER, at=AT)

    async def test_whoever_wrote_any_of_it_may_not_approve_under_any_account(
        self, vault: Vault
    ) -> None:
        """E02: the author, the last editor, and a second account of either."""
        other = make.operator("editor")
        await make.draft(editor=EDITOR)
        await make.draft(editor=other, title="改过的标题", revision=1)
        await try_out(vault)

        for person in (EDITOR.person_id, other.person_id):
            second = make.operator("approver", person_id=person)
            with pytest.raises(ApproverIsEditor):
                await approve_policy("sh-elder", 1, operator=second, at=AT)


class TestPublication:
    async def test_an_approved_version_is_put_in_force_and_matched(self, vault: Vault) -> None:
        await make.draft()
        await try_out(vault)
        await approve_policy("sh-elder", 1, operator=APPROVER, at=AT)

        version = await publish_policy("sh-elder", 1, operator=PUBLISHER, at=AT)

        assert version.status is VersionStatus.PUBLISHED
        assert (await Budget.get()).total_fen == 2_000_000
        [asked] = await jobs_asked("proactive.match_policy")
        assert asked == {"version_id": str(version.id), "on": "2026-11-22"}
        assert await publish_policy("sh-elder", 1, operator=PUBLISHER, at=AT)

    async def test_nothing_is_published_unapproved(self, vault: Vault) -> None:
        """E01"""
        await make.draft()
        await try_out(vault)

        with pytest.raises(ApprovalRequired):
            await publish_policy("sh-elder", 1, operator=PUBLISHER, at=AT)

    @pytest.mark.parametrize(
        "change",
        [
            {"title": "改过的标题"},
            {"offer_text": "改过的文案"},
            {"budget_fen": 1},
            {"mode": "CONFIRM"},
            {"valid_to": "2027-01-01"},
        ],
    )
    async def test_an_approval_dies_with_any_change_even_when_it_is_undone(
        self, vault: Vault, change: dict[str, object]
    ) -> None:
        """E01"""
        await make.draft()
        await try_out(vault)
        await approve_policy("sh-elder", 1, operator=APPROVER, at=AT)

        await make.draft(revision=1, **change)
        with pytest.raises(ApprovalRequired):
            await publish_policy("sh-elder", 1, operator=PUBLISHER, at=AT)
        await make.draft(revision=2)
        with pytest.raises(ApprovalRequired):
            await publish_policy("sh-elder", 1, operator=PUBLISHER, at=AT)

    async def test_an_approval_dies_after_a_day(self, vault: Vault) -> None:
        """E01"""
        await make.draft()
        await try_out(vault)
        await approve_policy("sh-elder", 1, operator=APPROVER, at=AT)

        with pytest.raises(ApprovalRequired):
            await publish_policy("sh-elder", 1, operator=PUBLISHER, at=AT + DAY)

    async def test_whoever_approved_does_not_publish(self, vault: Vault) -> None:
        """E02"""
        await make.draft()
        await try_out(vault)
        await approve_policy("sh-elder", 1, operator=APPROVER, at=AT)

        both = make.operator("publisher", person_id=APPROVER.person_id)
        with pytest.raises(PublisherIsApprover):
            await publish_policy("sh-elder", 1, operator=both, at=AT)

    async def test_a_new_version_replaces_the_one_before_which_stays_as_it_was(
        self, vault: Vault
    ) -> None:
        await make.published(vault)
        await make.published(vault, number=2, title="老年综合津贴（新）")

        versions = await PolicyVersion.all().order_by("number")

        assert [version.status for version in versions] == [
            VersionStatus.REPLACED,
            VersionStatus.PUBLISHED,
        ]
        with pytest.raises(VersionIsFixed):
            await make.draft(title="改", revision=1)


class TestDryRun:
    async def test_it_counts_outcomes_and_money_and_shows_reasons(self, vault: Vault) -> None:
        await make.person(vault)
        await make.person(vault, hukou=None)
        await make.person(vault, hukou="310000")
        await make.draft()

        run = await dry_run("sh-elder", 1, operator=EDITOR, vault=vault, at=AT)

        assert (run.eligible, run.unknown, run.refused) == (1, 1, 1)
        assert (run.amount_fen, run.gained, run.lost) == (15_000, 1, 0)
        assert run.samples["refused"] == [["不符合：户籍在本地"]]
        assert run.samples["unknown"] == [["缺少信息：户籍所在地"]]

    async def test_it_tells_who_gains_and_loses_against_the_version_in_force(
        self, vault: Vault
    ) -> None:
        await make.published(vault)
        document = make.content().document
        document["rule"]["of"][2] |= {"years": 80, "text": "年满 80 周岁"}
        await make.person(vault)
        await make.draft(number=2, document=document)

        run = await dry_run("sh-elder", 2, operator=EDITOR, vault=vault, at=AT)

        assert (run.eligible, run.gained, run.lost) == (0, 0, 1)
