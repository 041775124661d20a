from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.ids import new_id
from facts.catalogue import FactType
from json import dumps, loads
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0001_initial'), ('identity', '0002_constraints')]

    initial = True

    operations = [
        ops.CreateModel(
            name='FactDefinition',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40)),
                ('name', fields.CharField(max_length=64)),
                ('type', fields.CharEnumField(description='BOOL: bool\nINT: int\nMONEY: money\nDATE: date\nCODE: code\nDIVISION: division', enum_type=FactType, max_length=16)),
                ('entities', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('department', fields.CharField(max_length=32)),
                ('unit', fields.CharField(default='', max_length=16)),
                ('grain', fields.CharField(default='day', max_length=8)),
                ('freshness_days', fields.IntField(null=True)),
                ('sensitive', fields.BooleanField(default=False)),
                ('codes', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('missing', fields.CharField(max_length=128)),
            ],
            options={'table': 'facts_definition', 'app': 'facts', 'pk_attr': 'key', 'table_description': 'One line of the fact catalogue. 数据项'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FactKey',
            fields=[
                ('digest', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('value_id', fields.UUIDField()),
            ],
            options={'table': 'facts_key', 'app': 'facts', 'pk_attr': 'digest', 'table_description': "Keeps a source's statement once: a keyed hash of party, key, source, day and value. 去重"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Source',
            fields=[
                ('code', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('department', fields.CharField(max_length=32)),
                ('name', fields.CharField(max_length=64)),
            ],
            options={'table': 'facts_source', 'app': 'facts', 'pk_attr': 'code', 'table_description': "A department's delivery of facts: the name that stands behind each value. 数据来源"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FactValue',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('party', fields.ForeignKeyField('identity.Party', source_field='party_id', db_constraint=True, to_field='id', related_name='facts', on_delete=OnDelete.RESTRICT)),
                ('key', fields.CharField(max_length=40)),
                ('source', fields.ForeignKeyField('facts.Source', source_field='source_id', db_constraint=True, to_field='code', related_name='values', on_delete=OnDelete.RESTRICT)),
                ('as_of', fields.DateField()),
                ('received_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('plain', fields.CharField(null=True, max_length=64)),
                ('sealed', fields.BinaryField(null=True)),
            ],
            options={'table': 'facts_value', 'app': 'facts', 'constraints': [CheckConstraint(check='(plain IS NULL) <> (sealed IS NULL)', name='ck_facts_value_one_form')], 'indexes': [Index(fields=['party_id', 'key', 'as_of'], name='ix_facts_value_reading')], 'pk_attr': 'id', 'table_description': 'What a source said of a party, true on a day and learned at a moment. Append only. 数据值'},
            bases=['Model'],
        ),
    ]
