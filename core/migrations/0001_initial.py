from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from json import dumps, loads
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index

class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('actor', fields.CharField(max_length=120)),
                ('action', fields.CharField(max_length=80)),
                ('subject', fields.CharField(max_length=120)),
                ('details', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'core_audit_entry', 'app': 'core', 'pk_attr': 'id', 'table_description': 'Who did what to what, written in the transaction that did it. Append only. 审计'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AuditSeal',
            fields=[
                ('seq', fields.BigIntField(generated=False, primary_key=True, unique=True, db_index=True)),
                ('entry_id', fields.UUIDField(unique=True)),
                ('hash', fields.BinaryField()),
                ('sealed_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_audit_seal', 'app': 'core', 'pk_attr': 'seq', 'table_description': 'The chain over audit entries: each hash covers the one before it. Append only. 审计链'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DataKey',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('data_class', fields.CharField(max_length=32)),
                ('version', fields.IntField()),
                ('wrapped', fields.BinaryField()),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'core_data_key', 'app': 'core', 'unique_together': (('data_class', 'version'),), 'pk_attr': 'id', 'table_description': 'A data key, wrapped under the key-encrypting key. A class has many versions. 数据密钥'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DueJob',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=64)),
                ('arguments', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_due_job', 'app': 'core', 'indexes': [Index(fields=['due_at'], name='ix_core_due_job_due')], 'pk_attr': 'id', 'table_description': 'A job whose time has not come; the queue itself knows nothing of due times. 定时任务'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='HumanTask',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('kind', fields.CharField(max_length=64)),
                ('department', fields.CharField(max_length=32)),
                ('division', fields.CharField(default='', max_length=12)),
                ('subject', fields.CharField(max_length=120)),
                ('details', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('dedupe_key', fields.CharField(unique=True, max_length=200)),
                ('due_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('assignee', fields.CharField(null=True, max_length=120)),
                ('outcome', fields.CharField(null=True, max_length=64)),
                ('raised_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('closed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_human_task', 'app': 'core', 'indexes': [Index(fields=['department', 'closed_at', 'raised_at'], name='ix_core_task_open')], 'pk_attr': 'id', 'table_description': 'Something only a person can decide: one queue for every department. 人工待办'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='JobKey',
            fields=[
                ('key', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'core_job_key', 'app': 'core', 'pk_attr': 'key', 'table_description': 'A job that was asked for once under this key, and so is not asked for again. 去重键'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='StoredFile',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('owner', fields.CharField(max_length=120)),
                ('media_type', fields.CharField(max_length=80)),
                ('size', fields.BigIntField()),
                ('sha256', fields.CharField(max_length=64)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'core_stored_file', 'app': 'core', 'indexes': [Index(fields=['expires_at'], name='ix_core_stored_file_expires')], 'pk_attr': 'id', 'table_description': 'One encrypted file in the storage, and until when it is kept. 文件'},
            bases=['Model'],
        ),
    ]
