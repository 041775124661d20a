from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.ids import new_id
from json import dumps, loads
from licences.models import LicenceStatus, Outcome, random_id
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('identity', '0002_constraints')]

    initial = True

    operations = [
        ops.CreateModel(
            name='LicenceType',
            fields=[
                ('code', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32)),
                ('name', fields.CharField(max_length=64)),
                ('department', fields.CharField(max_length=32)),
                ('field_definitions', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'licences_licence_type', 'app': 'licences', 'pk_attr': 'code', 'table_description': 'A kind of licence: who issues it, and the fields it carries. 证照类型'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Licence',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('holder', fields.ForeignKeyField('identity.Party', source_field='holder_id', db_constraint=True, to_field='id', related_name='licences', on_delete=OnDelete.RESTRICT)),
                ('licence_type', fields.ForeignKeyField('licences.LicenceType', source_field='licence_type_id', db_constraint=True, to_field='code', related_name='licences', on_delete=OnDelete.RESTRICT)),
                ('number_sealed', fields.BinaryField()),
                ('number_index', fields.UUIDField()),
                ('values_sealed', fields.BinaryField()),
                ('issuer', fields.CharField(max_length=64)),
                ('department', fields.CharField(max_length=32)),
                ('division', fields.CharField(max_length=12)),
                ('valid_from', fields.DateField()),
                ('valid_until', fields.DateField(null=True)),
                ('status', fields.CharEnumField(default=LicenceStatus.VALID, description='VALID: valid\nNOT_YET_VALID: not_yet_valid\nEXPIRED: expired\nSUSPENDED: suspended\nREVOKED: revoked', enum_type=LicenceStatus, max_length=16)),
                ('registry_date', fields.DateField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'licences_licence', 'app': 'licences', 'unique_together': (('licence_type', 'number_index'),), 'constraints': [CheckConstraint(check='valid_until IS NULL OR valid_until >= valid_from', name='ck_licences_licence_days')], 'indexes': [Index(fields=['holder_id'], name='ix_licences_licence_holder'), Index(fields=['department', 'division'], name='ix_licences_licence_scope')], 'pk_attr': 'id', 'table_description': 'A licence issued to a holder, as its registry had it on `registry_date`. 证照'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Presentation',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=random_id, unique=True, db_index=True)),
                ('licence', fields.ForeignKeyField('licences.Licence', source_field='licence_id', db_constraint=True, to_field='id', related_name='presentations', on_delete=OnDelete.RESTRICT)),
                ('session_id', fields.UUIDField()),
                ('shown_by', fields.CharField(max_length=120)),
                ('fallback_no', fields.CharField(unique=True, max_length=16)),
                ('consented_fields', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('shown_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('replaced_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('verified_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'licences_presentation', 'app': 'licences', 'indexes': [Index(fields=['licence_id', 'session_id', 'expires_at'], name='ix_licences_presentation_living')], 'pk_attr': 'id', 'table_description': 'One showing of one licence: one code, good for one verification and a minute. 亮证'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Verification',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('verification_no', fields.CharField(unique=True, max_length=32)),
                ('licence', fields.ForeignKeyField('licences.Licence', source_field='licence_id', db_constraint=True, to_field='id', related_name='verifications', on_delete=OnDelete.RESTRICT)),
                ('presentation', fields.ForeignKeyField('licences.Presentation', source_field='presentation_id', db_constraint=True, to_field='id', related_name='verifications', on_delete=OnDelete.RESTRICT)),
                ('verifier_id', fields.UUIDField()),
                ('request_id', fields.CharField(max_length=64)),
                ('organisation_id', fields.UUIDField()),
                ('organisation_name', fields.CharField(max_length=64)),
                ('purpose', fields.CharField(max_length=128)),
                ('outcome', fields.CharEnumField(description='VALID: valid\nINVALID: invalid\nALREADY_USED: already_used', enum_type=Outcome, max_length=16)),
                ('reason', fields.CharEnumField(null=True, description='VALID: valid\nNOT_YET_VALID: not_yet_valid\nEXPIRED: expired\nSUSPENDED: suspended\nREVOKED: revoked', enum_type=LicenceStatus, max_length=16)),
                ('fields_shown', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('answer_sealed', fields.BinaryField(null=True)),
                ('verified_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'licences_verification', 'app': 'licences', 'unique_together': (('verifier_id', 'request_id'),), 'constraints': [UniqueConstraint(fields=('presentation_id',), name='uq_licences_verification_once', condition="outcome <> 'already_used'")], 'indexes': [Index(fields=['licence_id', 'id'], name='ix_licences_verification_history'), Index(fields=['presentation_id'], name='ix_licences_verification_shown')], 'pk_attr': 'id', 'table_description': 'What one verifier was told about one code, kept for it, for the holder and for audit. 核验'},
            bases=['Model'],
        ),
    ]
