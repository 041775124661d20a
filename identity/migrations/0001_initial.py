from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.ids import new_id
from identity.kinds import EntityStatus, GrantKind, PartyKind, ProviderName, RealNameStatus, Scope, Sex
from json import dumps, loads
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='OneTimeProof',
            fields=[
                ('digest', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('used_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('forget_after', fields.DatetimeField(null=True, db_index=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'identity_one_time_proof', 'app': 'identity', 'pk_attr': 'digest', 'table_description': 'The digest of something that may count once: a login code, a phone payload.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Party',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('kind', fields.CharEnumField(description='PERSON: person\nENTITY: entity', enum_type=PartyKind, max_length=16)),
            ],
            options={'table': 'identity_party', 'app': 'identity', 'pk_attr': 'id', 'table_description': 'Whoever can own something here: a natural person or a legal entity, with the same id. 主体'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Person',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('party', fields.OneToOneField('identity.Party', source_field='party_id', db_constraint=True, to_field='id', related_name='person', on_delete=OnDelete.RESTRICT)),
                ('name_sealed', fields.BinaryField()),
                ('id_number_sealed', fields.BinaryField()),
                ('id_number_index', fields.UUIDField(unique=True)),
                ('birth_date', fields.DateField()),
                ('sex', fields.CharEnumField(description='MALE: male\nFEMALE: female', enum_type=Sex, max_length=8)),
                ('division', fields.CharField(db_index=True, max_length=12)),
                ('alive', fields.BooleanField(default=True)),
                ('died_on', fields.DateField(null=True)),
                ('real_name_status', fields.CharEnumField(default=RealNameStatus.UNCHECKED, description='UNCHECKED: unchecked\nCONFIRMED: confirmed\nCONFLICT: conflict', enum_type=RealNameStatus, max_length=16)),
                ('real_name_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'identity_person', 'app': 'identity', 'constraints': [CheckConstraint(check='party_id = id', name='ck_identity_person_party'), CheckConstraint(check='died_on IS NULL OR NOT alive', name='ck_identity_person_died')], 'pk_attr': 'id', 'table_description': 'A natural person, one row however many accounts. 自然人'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Account',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('provider', fields.CharEnumField(description='WECHAT: wechat\nALIPAY: alipay\nPHONE: phone', enum_type=ProviderName, max_length=16)),
                ('appid', fields.CharField(max_length=64)),
                ('subject', fields.CharField(max_length=128)),
                ('token_subject', fields.UUIDField(default=uuid4, unique=True)),
                ('unionid', fields.CharField(null=True, db_index=True, max_length=128)),
                ('person', fields.ForeignKeyField('identity.Person', source_field='person_id', null=True, db_constraint=True, to_field='id', related_name='accounts', on_delete=OnDelete.RESTRICT)),
                ('level', fields.SmallIntField(default=0)),
                ('epoch', fields.IntField(default=0)),
                ('disabled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('elder_mode', fields.BooleanField(default=False)),
                ('language', fields.CharField(default='zh-CN', max_length=8)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'identity_account', 'app': 'identity', 'unique_together': (('provider', 'appid', 'subject'),), 'constraints': [CheckConstraint(check='level BETWEEN 0 AND 3', name='ck_identity_account_level'), CheckConstraint(check='level < 2 OR person_id IS NOT NULL', name='ck_identity_account_real_name')], 'pk_attr': 'id', 'table_description': 'Someone as one app of a provider knows them; an openid is nobody outside its appid. 账号'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='ActingGrant',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('kind', fields.CharEnumField(description='GUARDIAN: guardian\nAGENT: agent', enum_type=GrantKind, max_length=16)),
                ('agent', fields.ForeignKeyField('identity.Person', source_field='agent_id', db_constraint=True, to_field='id', related_name='grants_held', on_delete=OnDelete.RESTRICT)),
                ('party', fields.ForeignKeyField('identity.Party', source_field='party_id', db_constraint=True, to_field='id', related_name='grants_given', on_delete=OnDelete.RESTRICT)),
                ('scope', fields.CharEnumField(description='PREPARER: preparer\nCONFIRMER: confirmer', enum_type=Scope, max_length=16)),
                ('from_on', fields.DateField()),
                ('until_on', fields.DateField(null=True)),
                ('revoked_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'identity_acting_grant', 'app': 'identity', 'constraints': [CheckConstraint(check='until_on IS NULL OR until_on >= from_on', name='ck_identity_acting_grant_days'), CheckConstraint(check='agent_id <> party_id', name='ck_identity_acting_grant_self'), UniqueConstraint(fields=('agent_id', 'party_id', 'kind'), name='uq_identity_acting_grant_living', condition='revoked_at IS NULL')], 'pk_attr': 'id', 'table_description': 'Somebody may act for a party: a guardian, or an agent it named. 监护 / 委托'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='LegalEntity',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('party', fields.OneToOneField('identity.Party', source_field='party_id', db_constraint=True, to_field='id', related_name='entity', on_delete=OnDelete.RESTRICT)),
                ('uscc', fields.CharField(unique=True, max_length=18)),
                ('name', fields.CharField(max_length=128)),
                ('legal_representative', fields.ForeignKeyField('identity.Person', source_field='legal_representative_id', null=True, db_constraint=True, to_field='id', related_name='represented', on_delete=OnDelete.RESTRICT)),
                ('division', fields.CharField(db_index=True, max_length=12)),
                ('status', fields.CharEnumField(default=EntityStatus.ACTIVE, description='ACTIVE: active\nSUSPENDED: suspended\nCLOSED: closed', enum_type=EntityStatus, max_length=16)),
                ('bank_account_sealed', fields.BinaryField(null=True)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'identity_legal_entity', 'app': 'identity', 'constraints': [CheckConstraint(check='party_id = id', name='ck_identity_legal_entity_party')], 'pk_attr': 'id', 'table_description': 'An enterprise or organisation. Its name is public; its bank account is sealed. 法人'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Operator',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('person', fields.ForeignKeyField('identity.Person', source_field='person_id', db_constraint=True, to_field='id', related_name='operators', on_delete=OnDelete.RESTRICT)),
                ('login_name', fields.CharField(unique=True, max_length=64)),
                ('department', fields.CharField(db_index=True, max_length=32)),
                ('division', fields.CharField(db_index=True, max_length=12)),
                ('roles', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('password_hash', fields.CharField(max_length=128)),
                ('totp_sealed', fields.BinaryField()),
                ('totp_step', fields.BigIntField(default=0)),
                ('disabled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'identity_operator', 'app': 'identity', 'pk_attr': 'id', 'table_description': 'Somebody who serves: a person with an office, roles and a second factor. 工作人员'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='OperatorSession',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('operator', fields.ForeignKeyField('identity.Operator', source_field='operator_id', db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('seen_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'identity_operator_session', 'app': 'identity', 'pk_attr': 'id', 'table_description': "An operator's browser, by the hash of its cookie. It ends when idle. 工作会话"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PhoneContact',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='phones', on_delete=OnDelete.RESTRICT)),
                ('phone_sealed', fields.BinaryField()),
                ('phone_index', fields.UUIDField(db_index=True)),
                ('verified_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'identity_phone_contact', 'app': 'identity', 'constraints': [UniqueConstraint(fields=('account_id',), name='uq_identity_phone_contact_living', condition='ended_at IS NULL')], 'pk_attr': 'id', 'table_description': "A number proved to be at an account's hand, until it ends; never an identity. 联系电话"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='VerifierOrganisation',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('name', fields.CharField(unique=True, max_length=64)),
                ('department', fields.CharField(db_index=True, max_length=32)),
                ('division', fields.CharField(db_index=True, max_length=12)),
                ('licence_types', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('fields_allowed', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('purpose', fields.CharField(max_length=128)),
                ('disabled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'identity_verifier_organisation', 'app': 'identity', 'pk_attr': 'id', 'table_description': 'Who checks licences, which of their fields it may see, and what for. 核验方'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Verifier',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('organisation', fields.ForeignKeyField('identity.VerifierOrganisation', source_field='organisation_id', db_constraint=True, to_field='id', related_name='verifiers', on_delete=OnDelete.RESTRICT)),
                ('login_name', fields.CharField(unique=True, max_length=64)),
                ('password_hash', fields.CharField(max_length=128)),
                ('token_subject', fields.UUIDField(default=uuid4, unique=True)),
                ('epoch', fields.IntField(default=0)),
                ('disabled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'identity_verifier', 'app': 'identity', 'pk_attr': 'id', 'table_description': 'One login of a verifying organisation. 核验员'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Session',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('login_id', fields.UUIDField(db_index=True)),
                ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('verifier', fields.ForeignKeyField('identity.Verifier', source_field='verifier_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('party', fields.ForeignKeyField('identity.Party', source_field='party_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('grant', fields.ForeignKeyField('identity.ActingGrant', source_field='grant_id', null=True, db_constraint=True, to_field='id', related_name='sessions', on_delete=OnDelete.RESTRICT)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('ended_because', fields.CharField(null=True, max_length=32)),
            ],
            options={'table': 'identity_session', 'app': 'identity', 'constraints': [CheckConstraint(check='(account_id IS NULL) <> (verifier_id IS NULL)', name='ck_identity_session_whose')], 'pk_attr': 'id', 'table_description': 'A signed-in device of an account or of a verifier, acting for `party`. 会话'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RefreshToken',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('session', fields.ForeignKeyField('identity.Session', source_field='session_id', db_constraint=True, to_field='id', related_name='refresh_tokens', on_delete=OnDelete.CASCADE)),
                ('token_hash', fields.CharField(unique=True, max_length=64)),
                ('issued_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('used_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('successor_sealed', fields.BinaryField(null=True)),
            ],
            options={'table': 'identity_refresh_token', 'app': 'identity', 'constraints': [UniqueConstraint(fields=('session_id',), name='uq_identity_refresh_token_living', condition='used_at IS NULL')], 'pk_attr': 'id', 'table_description': "One link of a session's chain. Only hashes are kept; the successor is sealed for a moment."},
            bases=['Model'],
        ),
    ]
