"""A second person's yes, publication, and the stop. 审批、发布与叫停"""

from datetime import date, datetime, timedelta
from hashlib import sha256

import msgspec
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.clock import CHINA
from core.errors import Conflict, NotAllowed
from identity.callers import OperatorCaller
from proactive import budgets
from proactive.dry_runs import first_day
from proactive.gates import close_gate
from proactive.kinds import Delivery, EntitlementStatus, VersionStatus
from proactive.models import Approval, DryRun, Entitlement, Policy, PolicyVersion
from proactive.policies import VersionIsFixed, VersionNotFound, get_policy, lock_policy

APPROVAL_LASTS = timedelta(hours=24)


class DryRunRequired(Conflict):
    code = "proactive.dry_run_required"
    message = "请先对当前内容进行试算（24 小时内有效）"


class ApprovalRequired(Conflict):
    code = "proactive.approval_required"
    message = "当前内容未经审批，或审批已失效"


class ApproverIsEditor(NotAllowed):
    code = "proactive.approver_is_editor"
    message = "起草或修改过该版本的人不能审批"


class PublisherIsApprover(NotAllowed):
    code = "proactive.publisher_is_approver"
    message = "审批人不能发布同一版本"


async def approve_policy(
    code: str, number: int, *, operator: OperatorCaller, at: datetime
) -> Approval:
    """Say yes to exactly this text and its newest dry run. 审批 (E01, E02)

    Only a natural person who wrote nothing of it may; which account is used makes no difference.
    """
    async with in_transaction():
        version = await _lock_draft(code, number, operator)
        if {str(person) for person in operator.persons()} & set(version.edited_by):
            raise ApproverIsEditor(version_id=version.id)
        run = await DryRun.filter(version_id=version.id).order_by("-id").first()
        if run is None or run.content_hash != version.content_hash or _is_old(run.ran_at, at):
            raise DryRunRequired(version_id=version.id)
        approval = await Approval.create(
            version_id=version.id,
            dry_run_id=run.id,
            approved_hash=_approved_hash(version, run),
            approver_id=operator.operator_id,
            approver_person_id=operator.person_id,
            approved_at=at,
        )
        subject = f"policy_version:{version.id}"
        await audit.record(
            operator.actor(), "policy.approve", subject, approved_hash=approval.approved_hash
        )
    return approval


async def publish_policy(
    code: str, number: int, *, operator: OperatorCaller, at: datetime
) -> PolicyVersion:
    """Put an approved version in force instead of the one before; matching follows as a job. 发布

    Published again, it stays as it is. A yes to another text, or one a day old, is none.
    """
    async with in_transaction():
        policy = await lock_policy(code, operator=operator)
        version = await _get(policy, number)
        if version.status is VersionStatus.PUBLISHED:
            return version
        if version.status is not VersionStatus.DRAFT:
            raise VersionIsFixed(version_id=version.id)
        await _check_approved(version, operator, at)
        current = PolicyVersion.filter(policy_id=policy.id, status=VersionStatus.PUBLISHED)
        await current.update(status=VersionStatus.REPLACED)
        version.status, version.published_at = VersionStatus.PUBLISHED, at
        await version.save(update_fields=["status", "published_at"])
        if version.delivery is Delivery.PAID:
            await budgets.set_total(policy.id, version.budget_fen or 0)
            await ask_to_pay_waiting(policy, f"version:{version.id}")
        await audit.record(
            operator.actor(),
            "policy.publish",
            f"policy_version:{version.id}",
            content_hash=version.content_hash,
        )
        await ask_to_match(version, first_day(version, at), at=at)
    return version


async def halt_policy(code: str, *, operator: OperatorCaller, at: datetime) -> Policy:
    """Stop a policy at once: from this commit on nothing of it is matched, told or sent to be paid.

    What was told stays in the inbox, and what was not sent of it yet is held. What a provider was
    being asked at that moment goes on. 叫停
    """
    async with in_transaction():
        policy = await _lock_with_gate(code, operator)
        if policy.halted_at is None:
            policy.halted_at = at
            await policy.save(update_fields=["halted_at"])
            await audit.record(operator.actor(), "policy.halt", f"policy:{policy.id}")
    return policy


async def resume_policy(code: str, *, operator: OperatorCaller, at: datetime) -> Policy:
    """Let a halted policy go on from where it stopped; what was held is decided anew. 恢复"""
    async with in_transaction():
        policy = await _lock_with_gate(code, operator)
        if policy.halted_at is None:
            return policy
        halted_at, policy.halted_at = policy.halted_at, None
        await policy.save(update_fields=["halted_at"])
        await audit.record(operator.actor(), "policy.resume", f"policy:{policy.id}")
        await ask_to_pay_waiting(policy, f"halt:{halted_at.isoformat()}")
        await jobs.enqueue("notifications.release_held")
        unsaid = Entitlement.filter(policy_id=policy.id, status=EntitlementStatus.MATCHED)
        for entitlement in await unsaid.order_by("id"):
            await jobs.enqueue("proactive.notify", entitlement_id=str(entitlement.id))
        version = await PolicyVersion.get_or_none(
            policy_id=policy.id, status=VersionStatus.PUBLISHED
        )
        if version is not None:
            await ask_to_match(version, first_day(version, at), at=at, again=halted_at.isoformat())
    return policy


async def ask_to_match(version: PolicyVersion, on: date, *, at: datetime, again: str = "") -> None:
    """Have the version matched for the period of a day, not before that day begins."""
    begins = datetime(on.year, on.month, on.day, tzinfo=CHINA)
    await jobs.enqueue(
        "proactive.match_policy",
        dedupe_key=f"proactive.match_policy:{version.id}:{on}:{again}",
        run_at=begins if begins > at else None,
        version_id=str(version.id),
        on=on.isoformat(),
    )


async def ask_to_pay_waiting(policy: Policy, cause: str) -> None:
    """Have those who wait for money or for the end of a halt looked at, in their order."""
    await jobs.enqueue(
        "proactive.pay_waiting",
        dedupe_key=f"proactive.pay_waiting:{policy.id}:{cause}",
        policy_id=str(policy.id),
    )


async def _check_approved(version: PolicyVersion, operator: OperatorCaller, at: datetime) -> None:
    approval = (
        await Approval.filter(version_id=version.id)
        .order_by("-id")
        .select_related("dry_run")
        .first()
    )
    if (
        approval is None
        or approval.approved_hash != _approved_hash(version, approval.dry_run)
        or _is_old(approval.approved_at, at)
        or _is_old(approval.dry_run.ran_at, at)
    ):
        raise ApprovalRequired(version_id=version.id)
    if approval.approver_person_id in operator.persons():
        raise PublisherIsApprover(version_id=version.id)


def _approved_hash(version: PolicyVersion, run: DryRun) -> str:
    """Binds rule, amount, scope, text and dry run: another of any of them is another hash."""
    counted = [run.eligible, run.unknown, run.refused, run.amount_fen, run.gained, run.lost]
    bound = [version.content_hash, version.revision, str(run.id), run.content_hash, *counted]
    return sha256(msgspec.json.encode(bound)).hexdigest()


def _is_old(made_at: datetime, at: datetime) -> bool:
    return at - made_at > APPROVAL_LASTS


async def _lock_with_gate(code: str, operator: OperatorCaller) -> Policy:
    await close_gate((await get_policy(code, operator=operator)).id)
    return await lock_policy(code, operator=operator)


async def _lock_draft(code: str, number: int, operator: OperatorCaller) -> PolicyVersion:
    version = await _get(await lock_policy(code, operator=operator), number)
    if version.status is not VersionStatus.DRAFT:
        raise VersionIsFixed(version_id=version.id)
    return version


async def _get(policy: Policy, number: int) -> PolicyVersion:
    version = await PolicyVersion.get_or_none(policy_id=policy.id, number=number)
    if version is None:
        raise VersionNotFound(policy_id=policy.id, number=number)
    return version
