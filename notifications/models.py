"""The tables of notifications. Messages and deliveries grow for ever: they are keyed by UUIDv7, and
what must be unique about them stands in a small table of its own."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.ids import new_id
from identity.models import Party


class TemplateKind(StrEnum):
    """What one consent is good for."""

    ONE_TIME = "one_time"  # 一次性订阅: one message
    LONG_TERM = "long_term"  # 长期订阅: messages until it is withdrawn


class DeliveryStatus(StrEnum):
    WAITING = "waiting"  # 待发送
    HELD = "held"  # 已暂缓: not to be sent for now
    CLAIMED = "claimed"  # 已领取: nothing was sent yet
    SENDING = "sending"  # 发送中: it may have been sent
    SENT = "sent"  # 已发送
    UNKNOWN = "unknown"  # 不确定是否已发送: for a human, never sent again by itself
    SUPPRESSED = "suppressed"  # 未发送: the recipient does not want it
    FAILED = "failed"  # 发送失败: the message stays in the inbox


class DeliveryReceipt(StrEnum):
    """What the provider said afterwards became of what we sent. 送达回执"""

    DELIVERED = "delivered"  # 已送达
    FAILED = "failed"  # 未送达


class PushStatus(StrEnum):
    KEPT = "kept"  # 待处理
    APPLIED = "applied"  # 已处理
    UNKNOWN = "unknown"  # 对不上: about a send that we know nothing of
    EXCEPTION = "exception"  # 转人工


class MessageKey(Model):
    """One thing told to one party is told once. The row that is first makes the message."""

    id = fields.UUIDField(primary_key=True)
    recipient_id = fields.UUIDField()
    kind = fields.CharField(48)
    about = fields.CharField(128)

    class Meta:
        table = "notifications_message_key"
        unique_together = (("recipient_id", "kind", "about"),)


class Message(Model):
    """One thing told to one party, as it was worded then; `plain` is for elders. 消息

    `for_party_id` is whose matter it is, where it was told to who may act for that party.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    recipient_id: UUID
    recipient: fields.ForeignKeyRelation[Party] = fields.ForeignKeyField(
        "identity.Party", related_name="messages", on_delete=fields.RESTRICT
    )
    for_party_id: UUID | None = fields.UUIDField(null=True)
    kind = fields.CharField(48)
    about = fields.CharField(128)
    title = fields.CharField(64)
    text = fields.CharField(500)
    plain = fields.CharField(200)
    values: dict[str, str] = fields.JSONField()
    created_at = fields.DatetimeField()
    read_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "notifications_message"
        indexes = [Index(fields=["recipient_id", "id"], name="ix_notifications_message_inbox")]


class SubscriptionTemplate(Model):
    """A template that a provider granted one of our apps; our kinds call it by `title`. 订阅模板"""

    template_id = fields.CharField(64, primary_key=True)
    provider = fields.CharField(16)
    appid = fields.CharField(64)
    title = fields.CharField(32)
    kind = fields.CharEnumField(TemplateKind, max_length=16)
    keys: list[str] = fields.JSONField()

    class Meta:
        table = "notifications_subscription_template"
        unique_together = (("provider", "appid", "title"),)


class Consent(Model):
    """What an account allows for one template: how many sends were granted, and how many are spent.

    A long-term consent counts its yeses too, and no send spends one. `withdrawn_at` is a no, until
    the next yes. The other columns compare what clients report with what the provider pushes: see
    `notifications.ledger`. 订阅授权
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    account_id = fields.UUIDField()
    template_id: str
    template: fields.ForeignKeyRelation[SubscriptionTemplate] = fields.ForeignKeyField(
        "notifications.SubscriptionTemplate", related_name="consents", on_delete=fields.RESTRICT
    )
    granted = fields.IntField(default=0)
    spent = fields.IntField(default=0)
    long_term = fields.BooleanField(default=False)
    withdrawn_at: datetime | None = fields.DatetimeField(null=True)
    awaited = fields.IntField(default=0)
    unreported = fields.IntField(default=0)
    unconfirmed = fields.IntField(default=0)
    accepted_event_at: datetime | None = fields.DatetimeField(null=True)
    refused_event_at: datetime | None = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField()

    class Meta:
        table = "notifications_consent"
        unique_together = (("account_id", "template"),)
        constraints = (
            CheckConstraint(
                check="spent BETWEEN 0 AND granted", name="ck_notifications_consent_left"
            ),
            CheckConstraint(
                check="awaited >= 0 AND unreported >= 0 AND unconfirmed >= 0",
                name="ck_notifications_consent_compared",
            ),
        )


class Delivery(Model):
    """One message by one channel. `fence` rises with each claim: an older claim marks nothing. 发送

    `account_id` and `consent_id` say whose consent the sending took; `receipt` is the provider's
    later word on what was sent.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    message_id: UUID
    message: fields.ForeignKeyRelation[Message] = fields.ForeignKeyField(
        "notifications.Message", related_name="deliveries", on_delete=fields.RESTRICT
    )
    channel = fields.CharField(32)
    urgent = fields.BooleanField(default=False)
    status = fields.CharEnumField(DeliveryStatus, default=DeliveryStatus.WAITING, max_length=16)
    due_at = fields.DatetimeField()
    fence = fields.IntField(default=0)
    leased_until: datetime | None = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    account_id: UUID | None = fields.UUIDField(null=True)
    consent_id: UUID | None = fields.UUIDField(null=True)
    provider_no = fields.CharField(64, null=True)
    reason = fields.CharField(48, null=True)
    field = fields.CharField(32, null=True)
    receipt = fields.CharEnumField(DeliveryReceipt, max_length=16, null=True)
    receipt_code = fields.CharField(32, null=True)
    receipt_at: datetime | None = fields.DatetimeField(null=True)
    created_at = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "notifications_delivery"
        indexes = [
            Index(fields=["status", "due_at"], name="ix_notifications_delivery_due"),
            Index(fields=["message_id"], name="ix_notifications_delivery_message"),
            Index(fields=["provider_no"], name="ix_notifications_delivery_provider_no"),
        ]


class PushKey(Model):
    """One event that WeChat pushed, kept once by its digest, until it is applied. 推送事件

    It names an account of ours and nobody's openid. Old ones are forgotten.
    """

    id = fields.UUIDField(primary_key=True)
    digest = fields.CharField(64, unique=True)
    event = fields.CharField(32)
    account_id: UUID | None = fields.UUIDField(null=True)
    template_id = fields.CharField(64)
    word = fields.CharField(32)
    provider_no = fields.CharField(64, null=True)
    occurred_at = fields.DatetimeField()
    received_at = fields.DatetimeField()
    status = fields.CharEnumField(PushStatus, default=PushStatus.KEPT, max_length=16)
    due_at = fields.DatetimeField()
    tries = fields.IntField(default=0)
    outcome = fields.CharField(64, null=True)

    class Meta:
        table = "notifications_push_key"
        indexes = [
            Index(fields=["status", "due_at"], name="ix_notifications_push_key_due"),
            Index(fields=["received_at"], name="ix_notifications_push_key_received"),
        ]
