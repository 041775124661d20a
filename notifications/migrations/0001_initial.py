from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.ids import new_id
from json import dumps, loads
from notifications.models import DeliveryStatus, TemplateKind
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
            name='Message',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('recipient', fields.ForeignKeyField('identity.Party', source_field='recipient_id', db_constraint=True, to_field='id', related_name='messages', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharField(max_length=48)),
                ('about', fields.CharField(max_length=128)),
                ('title', fields.CharField(max_length=64)),
                ('text', fields.CharField(max_length=500)),
                ('plain', fields.CharField(max_length=200)),
                ('values', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('read_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notifications_message', 'app': 'notifications', 'indexes': [Index(fields=['recipient_id', 'id'], name='ix_notifications_message_inbox')], 'pk_attr': 'id', 'table_description': 'One thing told to one party, as it was worded then; `plain` is for elders. 消息'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Delivery',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('message', fields.ForeignKeyField('notifications.Message', source_field='message_id', db_constraint=True, to_field='id', related_name='deliveries', on_delete=OnDelete.RESTRICT)),
                ('channel', fields.CharField(max_length=32)),
                ('urgent', fields.BooleanField(default=False)),
                ('status', fields.CharEnumField(default=DeliveryStatus.WAITING, description='WAITING: waiting\nCLAIMED: claimed\nSENDING: sending\nSENT: sent\nUNKNOWN: unknown\nSUPPRESSED: suppressed\nFAILED: failed', enum_type=DeliveryStatus, max_length=16)),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('fence', fields.IntField(default=0)),
                ('leased_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('attempts', fields.IntField(default=0)),
                ('account_id', fields.UUIDField(null=True)),
                ('consent_id', fields.UUIDField(null=True)),
                ('provider_no', fields.CharField(null=True, max_length=64)),
                ('reason', fields.CharField(null=True, max_length=48)),
                ('field', fields.CharField(null=True, max_length=32)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notifications_delivery', 'app': 'notifications', 'indexes': [Index(fields=['status', 'due_at'], name='ix_notifications_delivery_due'), Index(fields=['message_id'], name='ix_notifications_delivery_message')], 'pk_attr': 'id', 'table_description': 'One message by one channel. `fence` rises with each claim: an older claim marks nothing. 发送'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='MessageKey',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('recipient_id', fields.UUIDField()),
                ('kind', fields.CharField(max_length=48)),
                ('about', fields.CharField(max_length=128)),
            ],
            options={'table': 'notifications_message_key', 'app': 'notifications', 'unique_together': (('recipient_id', 'kind', 'about'),), 'pk_attr': 'id', 'table_description': 'One thing told to one party is told once. The row that is first makes the message.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='SubscriptionTemplate',
            fields=[
                ('template_id', fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ('provider', fields.CharField(max_length=16)),
                ('appid', fields.CharField(max_length=64)),
                ('title', fields.CharField(max_length=32)),
                ('kind', fields.CharEnumField(description='ONE_TIME: one_time\nLONG_TERM: long_term', enum_type=TemplateKind, max_length=16)),
                ('keys', fields.JSONField(encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
            ],
            options={'table': 'notifications_subscription_template', 'app': 'notifications', 'unique_together': (('provider', 'appid', 'title'),), 'pk_attr': 'template_id', 'table_description': 'A template that a provider granted one of our apps; our kinds call it by `title`. 订阅模板'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Consent',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account_id', fields.UUIDField()),
                ('template', fields.ForeignKeyField('notifications.SubscriptionTemplate', source_field='template_id', db_constraint=True, to_field='template_id', related_name='consents', on_delete=OnDelete.RESTRICT)),
                ('granted', fields.IntField(default=0)),
                ('spent', fields.IntField(default=0)),
                ('long_term', fields.BooleanField(default=False)),
                ('withdrawn_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('updated_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'notifications_consent', 'app': 'notifications', 'unique_together': (('account_id', 'template'),), 'constraints': [CheckConstraint(check='spent BETWEEN 0 AND granted', name='ck_notifications_consent_left')], 'pk_attr': 'id', 'table_description': 'What an account allows for one template: how many sends were granted, and how many are spent.'},
            bases=['Model'],
        ),
    ]
