from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from core.ids import new_id
from identity.kinds import PartyKind


def _id() -> object:
    return fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)


def _moment(*, null: bool = False) -> object:
    return fields.DatetimeField(null=null, auto_now=False, auto_now_add=False)


def _licence(related_name: str, *, db_index: bool) -> object:
    return fields.ForeignKeyField(
        "licences.Licence",
        source_field="licence_id",
        db_index=db_index,
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=OnDelete.CASCADE,
    )


def _column(model: str, name: str, field: object) -> ops.AddField:
    return ops.AddField(model_name=model, name=name, field=field)


class Migration(migrations.Migration):
    """Where licences come from, how fresh what we know of them is, and how they lie in a wallet."""

    dependencies = [("licences", "0004_answers_end")]

    operations = [
        _column(
            "LicenceType",
            "holder_kind",
            fields.CharEnumField(
                default=PartyKind.PERSON,
                description="PERSON: person\nENTITY: entity",
                enum_type=PartyKind,
                max_length=16,
            ),
        ),
        _column(
            "LicenceType", "type_code", fields.CharField(null=True, unique=True, max_length=21)
        ),
        _column("LicenceType", "fresh_hours", fields.IntField(null=True)),
        _column("LicenceType", "notice", fields.CharField(default="", max_length=160)),
        _column("Licence", "identifier", fields.CharField(null=True, unique=True, max_length=128)),
        _column("Licence", "registry", fields.CharField(default="", max_length=32)),
        _column("Licence", "region", fields.CharField(default="", max_length=12)),
        _column("Licence", "region_name", fields.CharField(default="", max_length=32)),
        _column("Licence", "portrait_id", fields.UUIDField(null=True)),
        _column("Licence", "checked_at", _moment(null=True)),
        ops.CreateModel(
            name="RegistryState",
            fields=[
                (
                    "name",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=32),
                ),
                ("cursor", fields.CharField(default="", max_length=64)),
                ("synced_at", _moment(null=True)),
                ("next_at", _moment()),
                ("tries", fields.SmallIntField(default=0)),
                ("failing_since", _moment(null=True)),
            ],
            options={
                "table": "licences_registry_state",
                "app": "licences",
                "pk_attr": "name",
                "table_description": "How far we have read one registry's list of changes, and "
                "since when it does not answer.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="HolderFetch",
            fields=[
                ("id", _id()),
                ("registry", fields.CharField(max_length=32)),
                ("holder_id", fields.UUIDField()),
                ("next_at", _moment()),
                ("tries", fields.SmallIntField(default=0)),
                ("fetched_at", _moment(null=True)),
            ],
            options={
                "table": "licences_holder_fetch",
                "app": "licences",
                "unique_together": (("holder_id", "registry"),),
                "indexes": [Index(fields=["next_at"], name="ix_licences_holder_fetch_due")],
                "pk_attr": "id",
                "table_description": "What one registry has of one holder is to be asked for, "
                "again and again. 按人取证",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WalletMark",
            fields=[
                ("id", _id()),
                ("person_id", fields.UUIDField()),
                ("licence", _licence("marks", db_index=True)),
                ("pinned", fields.BooleanField(default=False)),
                ("hidden", fields.BooleanField(default=False)),
                ("position", fields.SmallIntField(null=True)),
            ],
            options={
                "table": "licences_wallet_mark",
                "app": "licences",
                "unique_together": (("person_id", "licence"),),
                "pk_attr": "id",
                "table_description": "How one person has a licence lie in the wallet. None: where "
                "all others lie. 卡包排列",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ExpiryWarning",
            fields=[
                ("id", _id()),
                ("licence", _licence("expiry_warnings", db_index=False)),
                ("valid_until", fields.DateField()),
                ("days", fields.SmallIntField()),
                ("warned_at", _moment()),
            ],
            options={
                "table": "licences_expiry_warning",
                "app": "licences",
                "unique_together": (("licence", "valid_until", "days"),),
                "pk_attr": "id",
                "table_description": "A holder was told that a licence ends so many days from "
                "then; told once. 到期提醒",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            "CREATE INDEX ix_licences_licence_ending ON licences_licence (valid_until)"
            " WHERE valid_until IS NOT NULL",
            reverse_sql="DROP INDEX ix_licences_licence_ending",
        ),
    ]
