"""The tables of payments. Sealed columns are opened with table, column and row id: `core.sealing`.

Notices and postings only grow: they are keyed by UUIDv7, refer to others by plain ids, and have
nothing unique but their key, so that they can be partitioned by it. What must be unique stands in a
small table.
"""

from datetime import datetime
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.models import Account, Party, Person
from payments.gateways.words import Provider
from payments.kinds import (
    AttemptStatus,
    DisbursementStatus,
    NoticeStatus,
    OrderStatus,
    PayoutChannel,
    ReceiptOutcome,
)


class Agency(Model):
    """A department that collects fees, and its merchant numbers. 执收单位"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    department = fields.CharField(32, unique=True)
    division = fields.CharField(12)
    name = fields.CharField(64)
    wechat_mchid = fields.CharField(32, null=True)
    alipay_app_id = fields.CharField(32, null=True)

    class Meta:
        table = "payments_agency"


class FeeOrder(Model):
    """One fee that one party owes, made once for an agency's own reference. 缴费单

    `acted_by` is who paid it, which need not be the payer.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    order_no = fields.CharField(32, unique=True)
    payer_id: UUID
    payer: fields.ForeignKeyRelation[Party] = fields.ForeignKeyField(
        "identity.Party", related_name="fee_orders", on_delete=fields.RESTRICT
    )
    acted_by_id: UUID | None
    acted_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="paid_orders", null=True, on_delete=fields.RESTRICT
    )
    agency_id: UUID
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "payments.Agency", related_name="orders", on_delete=fields.RESTRICT
    )
    agency_reference = fields.CharField(64)
    department = fields.CharField(32)
    division = fields.CharField(12)
    title = fields.CharField(64)
    amount_fen = fields.BigIntField()
    status = fields.CharEnumField(OrderStatus, default=OrderStatus.OPEN, max_length=16)
    deadline_at: datetime | None = fields.DatetimeField(null=True)
    provider = fields.CharEnumField(Provider, null=True, max_length=16)
    trade_no = fields.CharField(64, null=True)
    paid_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()

    class Meta:
        table = "payments_fee_order"
        unique_together = (("agency_id", "agency_reference"),)
        indexes = [
            Index(fields=["payer_id", "id"], name="ix_payments_fee_order_payer"),
            Index(fields=["department", "id"], name="ix_payments_fee_order_dept"),
        ]
        constraints = (
            CheckConstraint(check="amount_fen > 0", name="ck_payments_fee_order_amount"),
            CheckConstraint(
                check="status <> 'paid' OR (trade_no IS NOT NULL AND paid_at IS NOT NULL)",
                name="ck_payments_fee_order_paid",
            ),
        )


class PaymentAttempt(Model):
    """One try of one account to pay one order through one provider. 支付尝试

    `number` is what the provider knows it by. While `asked_until` lies ahead, somebody is asking.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    order_id: UUID
    order: fields.ForeignKeyRelation[FeeOrder] = fields.ForeignKeyField(
        "payments.FeeOrder", related_name="attempts", on_delete=fields.RESTRICT
    )
    account_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "identity.Account", related_name="payment_attempts", on_delete=fields.RESTRICT
    )
    acted_by_id: UUID | None
    acted_by: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "identity.Person", related_name="payment_attempts", null=True, on_delete=fields.RESTRICT
    )
    provider = fields.CharEnumField(Provider, max_length=16)
    merchant = fields.CharField(32)
    appid = fields.CharField(64)
    number = fields.CharField(32, unique=True)
    status = fields.CharEnumField(AttemptStatus, default=AttemptStatus.REQUESTED, max_length=16)
    asked_until: datetime | None = fields.DatetimeField(null=True)
    parameters: fields.Field[dict[str, str] | None] = fields.JSONField(null=True)
    parameters_until: datetime | None = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    created_at = fields.DatetimeField()

    class Meta:
        table = "payments_attempt"
        constraints = (
            UniqueConstraint(
                fields=("order_id", "account_id"),
                name="uq_payments_attempt_live",
                condition="status IN ('requested', 'ready', 'unknown')",
            ),
        )


class PaymentRequest(Model):
    """The client's own id for a try to pay, unique for its account. 客户端请求号"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    account_id = fields.UUIDField()
    client_id = fields.UUIDField()
    attempt_id: UUID
    attempt: fields.ForeignKeyRelation[PaymentAttempt] = fields.ForeignKeyField(
        "payments.PaymentAttempt", related_name="requests", on_delete=fields.RESTRICT
    )

    class Meta:
        table = "payments_request"
        unique_together = (("account_id", "client_id"),)


class Notice(Model):
    """A genuine callback as it came, and in our words; both sealed. Append only. 通知原文"""

    id = fields.UUIDField(primary_key=True)
    provider = fields.CharEnumField(Provider, max_length=16)
    merchant = fields.CharField(32)
    event_type = fields.CharField(64)
    raw_sealed = fields.BinaryField()
    event_sealed = fields.BinaryField()
    received_at = fields.DatetimeField()

    class Meta:
        table = "payments_notice"


class NoticeKey(Model):
    """Keeps a notice once, and says how far applying it has come. Its id is the notice's. 通知处理

    A claim moves `due_at` to its own end and raises `fence`, so that a late worker cannot mark it.
    """

    id = fields.UUIDField(primary_key=True)
    provider = fields.CharEnumField(Provider, max_length=16)
    merchant = fields.CharField(32)
    event_id = fields.CharField(128)
    status = fields.CharEnumField(NoticeStatus, default=NoticeStatus.KEPT, max_length=16)
    due_at = fields.DatetimeField()
    fence = fields.IntField(default=0)
    tries = fields.IntField(default=0)
    outcome = fields.CharField(64, null=True)
    applied_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "payments_notice_key"
        unique_together = (("provider", "merchant", "event_id"),)
        indexes = [Index(fields=["status", "due_at"], name="ix_payments_notice_key_due")]


class PaymentReceipt(Model):
    """Money that arrived, once for each of the provider's own numbers. 收讫"""

    id = fields.UUIDField(primary_key=True, default=new_id)
    provider = fields.CharEnumField(Provider, max_length=16)
    merchant = fields.CharField(32)
    trade_no = fields.CharField(64)
    order_id: UUID
    order: fields.ForeignKeyRelation[FeeOrder] = fields.ForeignKeyField(
        "payments.FeeOrder", related_name="receipts", on_delete=fields.RESTRICT
    )
    attempt_id: UUID
    attempt: fields.ForeignKeyRelation[PaymentAttempt] = fields.ForeignKeyField(
        "payments.PaymentAttempt", related_name="receipts", on_delete=fields.RESTRICT
    )
    amount_fen = fields.BigIntField()
    currency = fields.CharField(16)
    outcome = fields.CharEnumField(ReceiptOutcome, max_length=16)
    paid_at = fields.DatetimeField()
    recorded_at = fields.DatetimeField()

    class Meta:
        table = "payments_receipt"
        unique_together = (("provider", "merchant", "trade_no"),)


class Posting(Model):
    """One line of double-entry bookkeeping; the lines of an entry sum to nothing. Append only. 分录

    `about` is the order or the disbursement; a debit is above zero, a credit below.
    """

    id = fields.UUIDField(primary_key=True)
    entry_id = fields.UUIDField()
    about = fields.UUIDField(db_index=True)
    account = fields.CharField(96)
    amount_fen = fields.BigIntField()
    department = fields.CharField(32)
    division = fields.CharField(12)
    posted_at = fields.DatetimeField()

    class Meta:
        table = "payments_posting"
        constraints = (CheckConstraint(check="amount_fen <> 0", name="ck_payments_posting_amount"),)


class Disbursement(Model):
    """Money we pay out, once for a reference. `number` is what the provider knows it by. 拨付

    `unanswered_at` is when an asking stayed without an answer: it may land long after. `appid` is
    the mini-program whose payee it is: asking again names the same one.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    reference = fields.CharField(64, unique=True)
    number = fields.CharField(32, unique=True)
    payee_id: UUID
    payee: fields.ForeignKeyRelation[Party] = fields.ForeignKeyField(
        "identity.Party", related_name="disbursements", on_delete=fields.RESTRICT
    )
    channel = fields.CharEnumField(PayoutChannel, max_length=24)
    merchant = fields.CharField(32, null=True)
    appid = fields.CharField(64, null=True)
    purpose = fields.CharField(64)
    amount_fen = fields.BigIntField()
    department = fields.CharField(32)
    division = fields.CharField(12)
    status = fields.CharEnumField(
        DisbursementStatus, default=DisbursementStatus.REQUESTED, max_length=16
    )
    asked_until: datetime | None = fields.DatetimeField(null=True)
    unanswered_at: datetime | None = fields.DatetimeField(null=True)
    slip_no = fields.CharField(64, null=True)
    reason = fields.CharField(64, null=True)
    package_sealed: bytes | None = fields.BinaryField(null=True)
    confirm_by: datetime | None = fields.DatetimeField(null=True)
    requested_at = fields.DatetimeField()
    finished_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "payments_disbursement"
        indexes = [
            Index(fields=["payee_id", "id"], name="ix_payments_disb_payee"),
            Index(fields=["department", "id"], name="ix_payments_disb_dept"),
        ]
        constraints = (
            CheckConstraint(check="amount_fen > 0", name="ck_payments_disbursement_amount"),
        )
