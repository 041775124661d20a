from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint

from core.ids import new_id
from identity.kinds import ProviderName

_PROVIDERS = "WECHAT: wechat\nALIPAY: alipay\nPHONE: phone\nUNIFIED: unified"
_SPENT = CheckConstraint(
    check="spent_at IS NULL OR passed_at IS NOT NULL", name="ck_identity_face_check_spent"
)


def _provider() -> object:
    return fields.CharEnumField(description=_PROVIDERS, enum_type=ProviderName, max_length=16)


def _reference(to: str, column: str, related_name: str) -> object:
    return fields.ForeignKeyField(
        to,
        source_field=column,
        db_index=True,
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=OnDelete.RESTRICT,
    )


def _id() -> object:
    return fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)


class Migration(migrations.Migration):
    """Other names of accounts, and faces proved before their phones."""

    dependencies = [("identity", "0003_indexes")]

    operations = [
        ops.CreateModel(
            name="AccountAlias",
            fields=[
                ("id", _id()),
                ("account", _reference("identity.Account", "account_id", "aliases")),
                ("provider", _provider()),
                ("appid", fields.CharField(max_length=64)),
                ("subject", fields.CharField(max_length=128)),
                ("learned_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "identity_account_alias",
                "app": "identity",
                "unique_together": (("provider", "appid", "subject"),),
                "pk_attr": "id",
                "table_description": "Another name that a provider has for an account in one app: "
                "Alipay's user_id beside open_id.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FaceCheck",
            fields=[
                ("id", _id()),
                ("account", _reference("identity.Account", "account_id", "face_checks")),
                ("person", _reference("identity.Person", "person_id", "face_checks")),
                ("purpose", fields.CharField(max_length=96)),
                ("number", fields.CharField(unique=True, max_length=32)),
                ("handle", fields.CharField(null=True, max_length=256)),
                ("started_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "expires_at",
                    fields.DatetimeField(db_index=True, auto_now=False, auto_now_add=False),
                ),
                ("passed_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("spent_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("reason", fields.CharField(default="", max_length=32)),
            ],
            options={
                "table": "identity_face_check",
                "app": "identity",
                "constraints": [_SPENT],
                "pk_attr": "id",
                "table_description": "Whether the face before an account's phone is that "
                "person's, as the platform says. 人脸核身",
            },
            bases=["Model"],
        ),
        ops.AlterField(model_name="Account", name="provider", field=_provider()),
        ops.AddField(
            model_name="Account",
            name="face_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        # Tortoise 1.1 leaves Meta.constraints out of CREATE TABLE (tortoise/tortoise-orm#2272).
        ops.AddConstraint(model_name="FaceCheck", constraint=_SPENT),
    ]
