"""The tables of 免申即享. Rules, approvals and decisions are kept so that each decision replays."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.models import Party
from proactive.kinds import Delivery, EntitlementStatus, Mode, VersionStatus
from proactive.rules.evaluation import Outcome


class Policy(Model):
    """A benefit policy through all its versions, and whether it is halted. 政策"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    code = fields.CharField(32, unique=True)
    department = fields.CharField(32)
    division = fields.CharField(12)
    halted_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    versions: fields.ReverseRelation["PolicyVersion"]

    class Meta:
        table = "proactive_policy"
        indexes = [Index(fields=["department", "id"], name="ix_proactive_policy_dept")]


class PolicyVersion(Model):
    """One text of a policy: who, how much, where, when, and what people are told. 政策版本

    `content_hash` covers all of these; `edited_by` are the natural persons who wrote it.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    policy_id: UUID
    policy: fields.ForeignKeyRelation[Policy] = fields.ForeignKeyField(
        "proactive.Policy", related_name="versions", on_delete=fields.RESTRICT
    )
    number = fields.IntField()
    revision = fields.IntField(default=1)
    status = fields.CharEnumField(VersionStatus, default=VersionStatus.DRAFT, max_length=16)
    title = fields.CharField(64)
    mode = fields.CharEnumField(Mode, max_length=16)
    delivery = fields.CharEnumField(Delivery, max_length=8)
    benefit = fields.CharField(40)
    document: fields.Field[dict[str, Any]] = fields.JSONField()
    legal_basis = fields.CharField(256)
    source = fields.CharField(256)
    valid_from: date = fields.DateField()
    valid_to: date | None = fields.DateField(null=True)
    budget_fen: int | None = fields.BigIntField(null=True)
    confirm_days = fields.IntField(default=60)
    offer_text = fields.CharField(120)
    content_hash = fields.CharField(64)
    edited_by: fields.Field[list[str]] = fields.JSONField()
    edited_at = fields.DatetimeField()
    published_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "proactive_policy_version"
        unique_together = (("policy_id", "number"),)
        constraints = (
            CheckConstraint(
                check="delivery = 'info' OR budget_fen >= 0", name="ck_proactive_version_budget"
            ),
            UniqueConstraint(
                fields=("policy_id",),
                name="uq_proactive_version_published",
                condition="status = 'published'",
            ),
        )


class DryRun(Model):
    """Whom a version would reach and at what cost, worked out without telling anybody. 试算"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    version_id: UUID
    version: fields.ForeignKeyRelation[PolicyVersion] = fields.ForeignKeyField(
        "proactive.PolicyVersion", related_name="dry_runs", on_delete=fields.RESTRICT
    )
    content_hash = fields.CharField(64)
    on: date = fields.DateField()
    ran_at: datetime = fields.DatetimeField()
    eligible = fields.IntField()
    unknown = fields.IntField()
    refused = fields.IntField()
    amount_fen = fields.BigIntField()
    gained = fields.IntField()
    lost = fields.IntField()
    samples: fields.Field[dict[str, list[list[str]]]] = fields.JSONField()

    class Meta:
        table = "proactive_dry_run"


class Approval(Model):
    """One natural person's yes to one exact text and dry run. 审批"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    version_id: UUID
    version: fields.ForeignKeyRelation[PolicyVersion] = fields.ForeignKeyField(
        "proactive.PolicyVersion", related_name="approvals", on_delete=fields.RESTRICT
    )
    dry_run_id: UUID
    dry_run: fields.ForeignKeyRelation[DryRun] = fields.ForeignKeyField(
        "proactive.DryRun", related_name="approvals", on_delete=fields.RESTRICT
    )
    approved_hash = fields.CharField(64)
    approver_id = fields.UUIDField()
    approver_person_id = fields.UUIDField()
    approved_at: datetime = fields.DatetimeField()

    class Meta:
        table = "proactive_approval"


class Budget(Model):
    """The money of a policy. It is moved by conditional updates only. 预算"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    policy_id: UUID
    policy: fields.OneToOneRelation[Policy] = fields.OneToOneField(
        "proactive.Policy", related_name="budget", on_delete=fields.RESTRICT
    )
    total_fen = fields.BigIntField()
    reserved_fen = fields.BigIntField(default=0)
    spent_fen = fields.BigIntField(default=0)

    class Meta:
        table = "proactive_budget"
        constraints = (
            CheckConstraint(
                check="reserved_fen >= 0 AND spent_fen >= 0", name="ck_proactive_budget_parts"
            ),
            CheckConstraint(
                check="reserved_fen + spent_fen <= total_fen", name="ck_proactive_budget_total"
            ),
        )


class DecisionRecord(Model):
    """Why one party was decided so: the version, and the very values read. Append only. 决定记录

    `facts` names the values by id and not by content; `standing` is what the base register added.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    version_id = fields.UUIDField()
    beneficiary_id = fields.UUIDField()
    on: date = fields.DateField()
    known_at: datetime = fields.DatetimeField()
    engine = fields.CharField(16)
    standing = fields.CharField(32, null=True)
    outcome = fields.CharEnumField(Outcome, max_length=16)
    quantity: int | None = fields.BigIntField(null=True)
    facts: fields.Field[dict[str, str]] = fields.JSONField()
    truths: fields.Field[dict[str, bool | None]] = fields.JSONField()
    failing: fields.Field[list[str]] = fields.JSONField()
    needs: fields.Field[list[str]] = fields.JSONField()
    reasons: fields.Field[list[str]] = fields.JSONField()

    class Meta:
        table = "proactive_decision"


class Entitlement(Model):
    """What one policy gives one beneficiary for one period, from match to payment. 享受资格"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    policy_id: UUID
    policy: fields.ForeignKeyRelation[Policy] = fields.ForeignKeyField(
        "proactive.Policy", related_name="entitlements", on_delete=fields.RESTRICT
    )
    version_id: UUID
    version: fields.ForeignKeyRelation[PolicyVersion] = fields.ForeignKeyField(
        "proactive.PolicyVersion", related_name="entitlements", on_delete=fields.RESTRICT
    )
    beneficiary_id: UUID
    beneficiary: fields.ForeignKeyRelation[Party] = fields.ForeignKeyField(
        "identity.Party", related_name="entitlements", on_delete=fields.RESTRICT
    )
    payee_id: UUID | None
    payee: fields.ForeignKeyNullableRelation[Party] = fields.ForeignKeyField(
        "identity.Party", related_name="entitlements_paid", null=True, on_delete=fields.RESTRICT
    )
    department = fields.CharField(32)
    division = fields.CharField(12)
    period = fields.CharField(16)
    outcome = fields.CharEnumField(Outcome, max_length=16)
    status = fields.CharEnumField(EntitlementStatus, max_length=16)
    quantity: int | None = fields.BigIntField(null=True)
    decision_id = fields.UUIDField()
    reasons: fields.Field[list[str]] = fields.JSONField()
    attempt = fields.IntField(default=0)
    deadline_on: date | None = fields.DateField(null=True)
    created_at = fields.DatetimeField()
    confirmed_at: datetime | None = fields.DatetimeField(null=True)
    confirmed_by = fields.UUIDField(null=True)
    paid_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "proactive_entitlement"
        indexes = [
            Index(fields=["beneficiary_id", "id"], name="ix_proactive_entitlement_whose"),
            Index(fields=["policy_id", "status", "id"], name="ix_proactive_entitlement_step"),
        ]
        constraints = (
            CheckConstraint(
                check="outcome <> 'eligible' OR quantity > 0",
                name="ck_proactive_entitlement_quantity",
            ),
        )


class BenefitKey(Model):
    """One benefit to one subject in one period. Its id is the entitlement's. 唯一键"""

    id = fields.UUIDField(primary_key=True)
    subject_id = fields.UUIDField()
    benefit = fields.CharField(40)
    period = fields.CharField(16)

    class Meta:
        table = "proactive_benefit_key"
        unique_together = (("subject_id", "benefit", "period"),)
