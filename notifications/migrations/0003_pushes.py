from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from notifications.models import DeliveryReceipt, PushStatus

_COMPARED = CheckConstraint(
    check="awaited >= 0 AND unreported >= 0 AND unconfirmed >= 0",
    name="ck_notifications_consent_compared",
)
_COUNT_LASTING_YESES = """
UPDATE notifications_consent SET granted = spent + 1 WHERE long_term AND granted = spent"""


class Migration(migrations.Migration):
    """What WeChat pushes: events kept once, consents compared with them, receipts of deliveries."""

    dependencies = [("notifications", "0002_constraints")]

    operations = [
        ops.CreateModel(
            name="PushKey",
            fields=[
                ("id", fields.UUIDField(primary_key=True, unique=True, db_index=True)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("event", fields.CharField(max_length=32)),
                ("account_id", fields.UUIDField(null=True)),
                ("template_id", fields.CharField(max_length=64)),
                ("word", fields.CharField(max_length=32)),
                ("provider_no", fields.CharField(null=True, max_length=64)),
                ("occurred_at", fields.DatetimeField()),
                ("received_at", fields.DatetimeField()),
                (
                    "status",
                    fields.CharEnumField(
                        default=PushStatus.KEPT,
                        description="KEPT: kept\nAPPLIED: applied\nUNKNOWN: unknown\n"
                        "EXCEPTION: exception",
                        enum_type=PushStatus,
                        max_length=16,
                    ),
                ),
                ("due_at", fields.DatetimeField()),
                ("tries", fields.IntField(default=0)),
                ("outcome", fields.CharField(null=True, max_length=64)),
            ],
            options={
                "table": "notifications_push_key",
                "app": "notifications",
                "indexes": [
                    Index(fields=["status", "due_at"], name="ix_notifications_push_key_due"),
                    Index(fields=["received_at"], name="ix_notifications_push_key_received"),
                ],
                "pk_attr": "id",
                "table_description": "One event that WeChat pushed, kept once by its digest, "
                "until it is applied. 推送事件",
            },
            bases=["Model"],
        ),
        *(
            ops.AddField(model_name="Consent", name=name, field=fields.IntField(default=0))
            for name in ("awaited", "unreported", "unconfirmed")
        ),
        *(
            ops.AddField(model_name="Consent", name=name, field=fields.DatetimeField(null=True))
            for name in ("accepted_event_at", "refused_event_at")
        ),
        ops.AddConstraint(model_name="Consent", constraint=_COMPARED),
        ops.RunSQL(_COUNT_LASTING_YESES, reverse_sql=ops.RunSQL.noop),
        ops.AddField(
            model_name="Delivery",
            name="receipt",
            field=fields.CharEnumField(
                description="DELIVERED: delivered\nFAILED: failed",
                enum_type=DeliveryReceipt,
                null=True,
                max_length=16,
            ),
        ),
        ops.AddField(
            model_name="Delivery",
            name="receipt_code",
            field=fields.CharField(null=True, max_length=32),
        ),
        ops.AddField(
            model_name="Delivery", name="receipt_at", field=fields.DatetimeField(null=True)
        ),
        ops.AddIndex(
            model_name="Delivery",
            index=Index(fields=["provider_no"], name="ix_notifications_delivery_provider_no"),
        ),
    ]
