from tortoise import migrations
from tortoise.migrations import operations as ops
import functools
from core.ids import new_id
from json import dumps, loads
from payments.gateways.words import Provider
from payments.kinds import AttemptStatus, DisbursementStatus, NoticeStatus, OrderStatus, PayoutChannel, ReceiptOutcome
from tortoise.fields.base import OnDelete
from uuid import uuid4
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

class Migration(migrations.Migration):
    dependencies = [('identity', '0002_constraints')]

    initial = True

    operations = [
        ops.CreateModel(
            name='Agency',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('department', fields.CharField(unique=True, max_length=32)),
                ('division', fields.CharField(max_length=12)),
                ('name', fields.CharField(max_length=64)),
                ('wechat_mchid', fields.CharField(null=True, max_length=32)),
                ('alipay_app_id', fields.CharField(null=True, max_length=32)),
            ],
            options={'table': 'payments_agency', 'app': 'payments', 'pk_attr': 'id', 'table_description': 'A department that collects fees, and its merchant numbers. 执收单位'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Disbursement',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('reference', fields.CharField(unique=True, max_length=64)),
                ('number', fields.CharField(unique=True, max_length=32)),
                ('payee', fields.ForeignKeyField('identity.Party', source_field='payee_id', db_constraint=True, to_field='id', related_name='disbursements', on_delete=OnDelete.RESTRICT)),
                ('channel', fields.CharEnumField(description='WECHAT: wechat_transfer\nBANK: bank', enum_type=PayoutChannel, max_length=24)),
                ('merchant', fields.CharField(null=True, max_length=32)),
                ('purpose', fields.CharField(max_length=64)),
                ('amount_fen', fields.BigIntField()),
                ('department', fields.CharField(max_length=32)),
                ('division', fields.CharField(max_length=12)),
                ('status', fields.CharEnumField(default=DisbursementStatus.REQUESTED, description='REQUESTED: requested\nHELD: held\nUNKNOWN: unknown\nACCEPTED: accepted\nWAITING_USER: waiting_user\nPAID: paid\nFAILED: failed\nRETURNED: returned', enum_type=DisbursementStatus, max_length=16)),
                ('asked_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('slip_no', fields.CharField(null=True, max_length=64)),
                ('reason', fields.CharField(null=True, max_length=64)),
                ('package_sealed', fields.BinaryField(null=True)),
                ('requested_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('finished_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'payments_disbursement', 'app': 'payments', 'constraints': [CheckConstraint(check='amount_fen > 0', name='ck_payments_disbursement_amount')], 'indexes': [Index(fields=['payee_id', 'id'], name='ix_payments_disb_payee'), Index(fields=['department', 'id'], name='ix_payments_disb_dept')], 'pk_attr': 'id', 'table_description': 'Money we pay out, once for a reference. `number` is what the provider knows it by. 拨付'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FeeOrder',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('order_no', fields.CharField(unique=True, max_length=32)),
                ('payer', fields.ForeignKeyField('identity.Party', source_field='payer_id', db_constraint=True, to_field='id', related_name='fee_orders', on_delete=OnDelete.RESTRICT)),
                ('acted_by', fields.ForeignKeyField('identity.Person', source_field='acted_by_id', null=True, db_constraint=True, to_field='id', related_name='paid_orders', on_delete=OnDelete.RESTRICT)),
                ('agency', fields.ForeignKeyField('payments.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='orders', on_delete=OnDelete.RESTRICT)),
                ('agency_reference', fields.CharField(max_length=64)),
                ('department', fields.CharField(max_length=32)),
                ('division', fields.CharField(max_length=12)),
                ('title', fields.CharField(max_length=64)),
                ('amount_fen', fields.BigIntField()),
                ('status', fields.CharEnumField(default=OrderStatus.OPEN, description='OPEN: open\nPAID: paid\nCLOSED: closed', enum_type=OrderStatus, max_length=16)),
                ('deadline_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('provider', fields.CharEnumField(null=True, description='WECHAT: wechat\nALIPAY: alipay', enum_type=Provider, max_length=16)),
                ('trade_no', fields.CharField(null=True, max_length=64)),
                ('paid_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'payments_fee_order', 'app': 'payments', 'unique_together': (('agency_id', 'agency_reference'),), 'constraints': [CheckConstraint(check='amount_fen > 0', name='ck_payments_fee_order_amount'), CheckConstraint(check="status <> 'paid' OR (trade_no IS NOT NULL AND paid_at IS NOT NULL)", name='ck_payments_fee_order_paid')], 'indexes': [Index(fields=['payer_id', 'id'], name='ix_payments_fee_order_payer'), Index(fields=['department', 'id'], name='ix_payments_fee_order_dept')], 'pk_attr': 'id', 'table_description': "One fee that one party owes, made once for an agency's own reference. 缴费单"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Notice',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('provider', fields.CharEnumField(description='WECHAT: wechat\nALIPAY: alipay', enum_type=Provider, max_length=16)),
                ('merchant', fields.CharField(max_length=32)),
                ('event_type', fields.CharField(max_length=64)),
                ('raw_sealed', fields.BinaryField()),
                ('event_sealed', fields.BinaryField()),
                ('received_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'payments_notice', 'app': 'payments', 'pk_attr': 'id', 'table_description': 'A genuine callback as it came, and in our words; both sealed. Append only. 通知原文'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='NoticeKey',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('provider', fields.CharEnumField(description='WECHAT: wechat\nALIPAY: alipay', enum_type=Provider, max_length=16)),
                ('merchant', fields.CharField(max_length=32)),
                ('event_id', fields.CharField(max_length=128)),
                ('status', fields.CharEnumField(default=NoticeStatus.KEPT, description='KEPT: kept\nAPPLIED: applied\nEXCEPTION: exception', enum_type=NoticeStatus, max_length=16)),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('fence', fields.IntField(default=0)),
                ('tries', fields.IntField(default=0)),
                ('outcome', fields.CharField(null=True, max_length=64)),
                ('applied_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'payments_notice_key', 'app': 'payments', 'unique_together': (('provider', 'merchant', 'event_id'),), 'indexes': [Index(fields=['status', 'due_at'], name='ix_payments_notice_key_due')], 'pk_attr': 'id', 'table_description': "Keeps a notice once, and says how far applying it has come. Its id is the notice's. 通知处理"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PaymentAttempt',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('order', fields.ForeignKeyField('payments.FeeOrder', source_field='order_id', db_constraint=True, to_field='id', related_name='attempts', on_delete=OnDelete.RESTRICT)),
                ('account', fields.ForeignKeyField('identity.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='payment_attempts', on_delete=OnDelete.RESTRICT)),
                ('acted_by', fields.ForeignKeyField('identity.Person', source_field='acted_by_id', null=True, db_constraint=True, to_field='id', related_name='payment_attempts', on_delete=OnDelete.RESTRICT)),
                ('provider', fields.CharEnumField(description='WECHAT: wechat\nALIPAY: alipay', enum_type=Provider, max_length=16)),
                ('merchant', fields.CharField(max_length=32)),
                ('appid', fields.CharField(max_length=64)),
                ('number', fields.CharField(unique=True, max_length=32)),
                ('status', fields.CharEnumField(default=AttemptStatus.REQUESTED, description='REQUESTED: requested\nREADY: ready\nUNKNOWN: unknown\nPAID: paid\nCLOSED: closed', enum_type=AttemptStatus, max_length=16)),
                ('asked_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('parameters', fields.JSONField(null=True, encoder=functools.partial(dumps, separators=(',', ':')), decoder=loads)),
                ('parameters_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'payments_attempt', 'app': 'payments', 'constraints': [UniqueConstraint(fields=('order_id', 'account_id'), name='uq_payments_attempt_live', condition="status IN ('requested', 'ready', 'unknown')")], 'pk_attr': 'id', 'table_description': 'One try of one account to pay one order through one provider. 支付尝试'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PaymentReceipt',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('provider', fields.CharEnumField(description='WECHAT: wechat\nALIPAY: alipay', enum_type=Provider, max_length=16)),
                ('merchant', fields.CharField(max_length=32)),
                ('trade_no', fields.CharField(max_length=64)),
                ('order', fields.ForeignKeyField('payments.FeeOrder', source_field='order_id', db_constraint=True, to_field='id', related_name='receipts', on_delete=OnDelete.RESTRICT)),
                ('attempt', fields.ForeignKeyField('payments.PaymentAttempt', source_field='attempt_id', db_constraint=True, to_field='id', related_name='receipts', on_delete=OnDelete.RESTRICT)),
                ('amount_fen', fields.BigIntField()),
                ('currency', fields.CharField(max_length=16)),
                ('outcome', fields.CharEnumField(description='SETTLED: settled\nEXCESS: excess\nDIFFERS: differs\nFOREIGN: foreign\nREFUNDED: refunded', enum_type=ReceiptOutcome, max_length=16)),
                ('paid_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('recorded_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'payments_receipt', 'app': 'payments', 'unique_together': (('provider', 'merchant', 'trade_no'),), 'pk_attr': 'id', 'table_description': "Money that arrived, once for each of the provider's own numbers. 收讫"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='PaymentRequest',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ('account_id', fields.UUIDField()),
                ('client_id', fields.UUIDField()),
                ('attempt', fields.ForeignKeyField('payments.PaymentAttempt', source_field='attempt_id', db_constraint=True, to_field='id', related_name='requests', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'payments_request', 'app': 'payments', 'unique_together': (('account_id', 'client_id'),), 'pk_attr': 'id', 'table_description': "The client's own id for a try to pay, unique for its account. 客户端请求号"},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Posting',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True)),
                ('entry_id', fields.UUIDField()),
                ('about', fields.UUIDField(db_index=True)),
                ('account', fields.CharField(max_length=96)),
                ('amount_fen', fields.BigIntField()),
                ('department', fields.CharField(max_length=32)),
                ('division', fields.CharField(max_length=12)),
                ('posted_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'payments_posting', 'app': 'payments', 'constraints': [CheckConstraint(check='amount_fen <> 0', name='ck_payments_posting_amount')], 'pk_attr': 'id', 'table_description': 'One line of double-entry bookkeeping; the lines of an entry sum to nothing. Append only. 分录'},
            bases=['Model'],
        ),
    ]
