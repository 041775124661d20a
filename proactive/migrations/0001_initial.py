from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.ids import new_id
from json import dumps, loads
from proactive.kinds import Delivery, EntitlementStatus, Mode, VersionStatus
from proactive.rules.evaluation import Outcome
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('identity', '0002_constraints')]

    initial = True

    operations = [
        ops.CreateModel(
            name='BenefitKey',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('subject_id', fields.UUIDField()),
                ('benefit', fields.CharField(max_length=40)),
                ('period', fields.CharField(max_length=16)),
            ],
            options={'table': 'proactive_benefit_key', 'app': 'proactive', 'unique_together': (('subject_id', 'benefit', 'period'),), 'pk_attr': 'id', 'table_description': "One benefit to one subject in one period. Its id is the entitlement's. 唯一键"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DecisionRecord',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('version_id', fields.UUIDField()),
                ('beneficiary_id', fields.UUIDField()),
                ('on', fields.DateField()),
                ('known_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('engine', fields.CharField(max_length=16)),
                ('standing', fields.CharField(null=True, max_length=32)),
                ('outcome', fields.CharEnumField(description='ELIGIBLE: eligible\nREFUSED: refused\nUNKNOWN: unknown', enum_type=Outcome, max_length=16)),
                ('quantity', fields.BigIntField(null=True)),
                ('facts', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('truths', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('failing', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('needs', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('reasons', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'proactive_decision', 'app': 'proactive', 'pk_attr': 'id', 'table_description': 'Why one party was decided so: the version, and the very values read. Append only. 决定记录'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Policy',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('code', fields.CharField(unique=True, max_length=32)),
                ('department', fields.CharField(max_length=32)),
                ('division', fields.CharField(max_length=12)),
                ('halted_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'proactive_policy', 'app': 'proactive', 'indexes': [Index(fields=['department', 'id'], name='ix_proactive_policy_dept')], 'pk_attr': 'id', 'table_description': 'A benefit policy through all its versions, and whether it is halted. 政策'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Budget',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('policy', fields.OneToOneField('proactive.Policy', source_field='policy_id', db_constraint=True, to_field='id', related_name='budget', on_delete=OnDelete.RESTRICT)),
                ('total_fen', fields.BigIntField()),
                ('reserved_fen', fields.BigIntField(default=0)),
                ('spent_fen', fields.BigIntField(default=0)),
            ],
            options={'table': 'proactive_budget', 'app': 'proactive', 'constraints': [CheckConstraint(check='reserved_fen >= 0 AND spent_fen >= 0', name='ck_proactive_budget_parts'), CheckConstraint(check='reserved_fen + spent_fen <= total_fen', name='ck_proactive_budget_total')], 'pk_attr': 'id', 'table_description': 'The money of a policy. It is moved by conditional updates only. 预算'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('policy', fields.ForeignKeyField('proactive.Policy', source_field='policy_id', db_constraint=True, to_field='id', related_name='versions', on_delete=OnDelete.RESTRICT)),
                ('number', fields.IntField()),
                ('revision', fields.IntField(default=1)),
                ('status', fields.CharEnumField(default=VersionStatus.DRAFT, description='DRAFT: draft\nPUBLISHED: published\nREPLACED: replaced', enum_type=VersionStatus, max_length=16)),
                ('title', fields.CharField(max_length=64)),
                ('mode', fields.CharEnumField(description='DIRECT: DIRECT\nCONFIRM: CONFIRM\nPLEDGE: PLEDGE', enum_type=Mode, max_length=16)),
                ('delivery', fields.CharEnumField(description='PAID: paid\nINFO: info', enum_type=Delivery, max_length=8)),
                ('benefit', fields.CharField(max_length=40)),
                ('document', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('legal_basis', fields.CharField(max_length=256)),
                ('source', fields.CharField(max_length=256)),
                ('valid_from', fields.DateField()),
                ('valid_to', fields.DateField(null=True)),
                ('budget_fen', fields.BigIntField(null=True)),
                ('confirm_days', fields.IntField(default=60)),
                ('offer_text', fields.CharField(max_length=120)),
                ('content_hash', fields.CharField(max_length=64)),
                ('edited_by', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('edited_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('published_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'proactive_policy_version', 'app': 'proactive', 'unique_together': (('policy_id', 'number'),), 'constraints': [CheckConstraint(check="delivery = 'info' OR budget_fen >= 0", name='ck_proactive_version_budget'), UniqueConstraint(fields=('policy_id',), name='uq_proactive_version_published', condition="status = 'published'")], 'pk_attr': 'id', 'table_description': 'One text of a policy: who, how much, where, when, and what people are told. 政策版本'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DryRun',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('version', fields.ForeignKeyField('proactive.PolicyVersion', source_field='version_id', db_constraint=True, to_field='id', related_name='dry_runs', on_delete=OnDelete.RESTRICT)),
                ('content_hash', fields.CharField(max_length=64)),
                ('on', fields.DateField()),
                ('ran_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('eligible', fields.IntField()),
                ('unknown', fields.IntField()),
                ('refused', fields.IntField()),
                ('amount_fen', fields.BigIntField()),
                ('gained', fields.IntField()),
                ('lost', fields.IntField()),
                ('samples', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'proactive_dry_run', 'app': 'proactive', 'pk_attr': 'id', 'table_description': 'Whom a version would reach and at what cost, worked out without telling anybody. 试算'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Approval',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('version', fields.ForeignKeyField('proactive.PolicyVersion', source_field='version_id', db_constraint=True, to_field='id', related_name='approvals', on_delete=OnDelete.RESTRICT)),
                ('dry_run', fields.ForeignKeyField('proactive.DryRun', source_field='dry_run_id', db_constraint=True, to_field='id', related_name='approvals', on_delete=OnDelete.RESTRICT)),
                ('approved_hash', fields.CharField(max_length=64)),
                ('approver_id', fields.UUIDField()),
                ('approver_person_id', fields.UUIDField()),
                ('approved_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'proactive_approval', 'app': 'proactive', 'pk_attr': 'id', 'table_description': "One natural person's yes to one exact text and dry run. 审批"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Entitlement',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('policy', fields.ForeignKeyField('proactive.Policy', source_field='policy_id', db_constraint=True, to_field='id', related_name='entitlements', on_delete=OnDelete.RESTRICT)),
                ('version', fields.ForeignKeyField('proactive.PolicyVersion', source_field='version_id', db_constraint=True, to_field='id', related_name='entitlements', on_delete=OnDelete.RESTRICT)),
                ('beneficiary', fields.ForeignKeyField('identity.Party', source_field='beneficiary_id', db_constraint=True, to_field='id', related_name='entitlements', on_delete=OnDelete.RESTRICT)),
                ('payee', fields.ForeignKeyField('identity.Party', source_field='payee_id', null=True, db_constraint=True, to_field='id', related_name='entitlements_paid', on_delete=OnDelete.RESTRICT)),
                ('department', fields.CharField(max_length=32)),
                ('division', fields.CharField(max_length=12)),
                ('period', fields.CharField(max_length=16)),
                ('outcome', fields.CharEnumField(description='ELIGIBLE: eligible\nREFUSED: refused\nUNKNOWN: unknown', enum_type=Outcome, max_length=16)),
                ('status', fields.CharEnumField(description='NEEDS_FACTS: needs_facts\nNOT_ELIGIBLE: not_eligible\nMATCHED: matched\nNOTIFIED: notified\nCONFIRMED: confirmed\nDECLINED: declined\nWAITING_BUDGET: waiting_budget\nHELD: held\nSTOPPED: stopped\nPAYING: paying\nPAID: paid\nFAILED: failed', enum_type=EntitlementStatus, max_length=16)),
                ('quantity', fields.BigIntField(null=True)),
                ('decision_id', fields.UUIDField()),
                ('reasons', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('attempt', fields.IntField(default=0)),
                ('deadline_on', fields.DateField(null=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('confirmed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('confirmed_by', fields.UUIDField(null=True)),
                ('paid_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'proactive_entitlement', 'app': 'proactive', 'constraints': [CheckConstraint(check="outcome <> 'eligible' OR quantity > 0", name='ck_proactive_entitlement_quantity')], 'indexes': [Index(fields=['beneficiary_id', 'id'], name='ix_proactive_entitlement_whose'), Index(fields=['policy_id', 'status', 'id'], name='ix_proactive_entitlement_step')], 'pk_attr': 'id', 'table_description': 'What one policy gives one beneficiary for one period, from match to payment. 享受资格'},
            bases=['Model'],
        ),
    ]
