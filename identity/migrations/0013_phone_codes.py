from uuid import uuid4

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    """Codes that are sent to phones."""

    dependencies = [("identity", "0012_terminal_sessions")]

    operations = [
        ops.CreateModel(
            name="PhoneChallenge",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=uuid4, unique=True, db_index=True),
                ),
                ("phone_index", fields.UUIDField()),
                ("code_digest", fields.UUIDField()),
                ("tries", fields.SmallIntField(default=0)),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "expires_at",
                    fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False),
                ),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity_phone_challenge",
                "app": "identity",
                "constraints": [
                    CheckConstraint(check="tries >= 0", name="ck_identity_phone_challenge_tries")
                ],
                "pk_attr": "id",
                "table_description": (
                    "A code sent to a phone for who asked: only they know the id. 短信验证"
                ),
            },
            bases=["Model"],
        ),
        ops.AddConstraint(
            model_name="PhoneChallenge",
            constraint=CheckConstraint(
                check="tries >= 0", name="ck_identity_phone_challenge_tries"
            ),
        ),
    ]
