import functools
from json import dumps, loads

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from core.ids import new_id
from identity.kinds import ConsentWay, DocumentKind, GrantKind, InvitationKind, Scope

_KINDS = "GUARDIAN: guardian\nAGENT: agent\nHELPER: helper"
_SCOPES = "PREPARER: preparer\nCONFIRMER: confirmer\nHELPER: helper"
_WAYS = "OWN_PHONE: own_phone\nFACE: face\nCOUNTER: counter"
_INVITATIONS = "AGENT: agent\nHELPER: helper\nCARE: care"
_DOCUMENTS = (
    "READER: reader\nID_CARD: id_card\nTEMPORARY: temporary_id_card\nPERMIT: residence_permit"
)
_DAYS = CheckConstraint(
    check="until_on IS NULL OR until_on >= from_on", name="ck_identity_acting_grant_days"
)
_SELF = CheckConstraint(check="agent_id <> party_id", name="ck_identity_acting_grant_self")
_ONE = UniqueConstraint(
    fields=("agent_id", "party_id", "kind"),
    name="uq_identity_acting_grant_living",
    condition="revoked_at IS NULL",
)
_HELPER = CheckConstraint(
    check="kind <> 'helper' OR (until_on IS NOT NULL AND rights IS NOT NULL"
    " AND until_on <= from_on + 366)",
    name="ck_identity_acting_grant_helper",
)
_MEANT = CheckConstraint(
    check="name_sealed IS NOT NULL OR phone_index IS NOT NULL", name="ck_identity_invitation_meant"
)
_PARTY = CheckConstraint(
    check="(kind = 'care') = (party_id IS NULL)", name="ck_identity_invitation_party"
)
_END = CheckConstraint(
    check="accepted_at IS NULL OR withdrawn_at IS NULL", name="ck_identity_invitation_end"
)


def _id() -> object:
    return fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)


def _moment(**null: bool) -> object:
    return fields.DatetimeField(auto_now=False, auto_now_add=False, **null)


def _scope() -> object:
    return fields.CharEnumField(description=_SCOPES, enum_type=Scope, max_length=16)


def _rights() -> object:
    return fields.JSONField(
        null=True, encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
    )


def _reference(to: str, column: str, related_name: str, **more: bool) -> object:
    return fields.ForeignKeyField(
        to,
        source_field=column,
        db_constraint=True,
        to_field="id",
        related_name=related_name,
        on_delete=OnDelete.RESTRICT,
        **more,
    )


class Migration(migrations.Migration):
    """Invitations, helpers of elders and counters. Who guards a child does so until it is of age:
    grants made before the rule end there too.
    """

    dependencies = [("identity", "0007_verifiers")]

    operations = [
        ops.CreateModel(
            name="CounterCase",
            fields=[
                ("id", _id()),
                ("operator", _reference("identity.Operator", "operator_id", "counter_cases")),
                (
                    "person",
                    _reference("identity.Person", "person_id", "counter_cases", db_index=True),
                ),
                ("department", fields.CharField(max_length=32)),
                ("division", fields.CharField(max_length=12)),
                (
                    "document",
                    fields.CharEnumField(
                        description=_DOCUMENTS, enum_type=DocumentKind, max_length=24
                    ),
                ),
                ("evidence_id", fields.UUIDField()),
                ("opened_at", _moment()),
                ("expires_at", _moment()),
                ("ended_at", _moment(null=True)),
            ],
            options={
                "table": "identity_counter_case",
                "app": "identity",
                "indexes": [
                    Index(fields=["operator_id", "id"], name="ix_identity_counter_case_desk")
                ],
                "pk_attr": "id",
                "table_description": "A person stands at a counter, and an officer who saw the "
                "document acts for them. 窗口代办",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CounterCode",
            fields=[
                ("id", _id()),
                (
                    "account",
                    fields.OneToOneField(
                        "identity.Account",
                        source_field="account_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="counter_code",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("code_index", fields.UUIDField(unique=True)),
                ("expires_at", _moment()),
            ],
            options={
                "table": "identity_counter_code",
                "app": "identity",
                "pk_attr": "id",
                "table_description": "What an account shows at a counter to be proved the "
                "person's there: eight figures. 窗口码",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Invitation",
            fields=[
                ("id", _id()),
                (
                    "kind",
                    fields.CharEnumField(
                        description=_INVITATIONS, enum_type=InvitationKind, max_length=16
                    ),
                ),
                (
                    "inviter",
                    _reference("identity.Person", "inviter_id", "invitations", db_index=True),
                ),
                (
                    "party",
                    _reference(
                        "identity.Party", "party_id", "invitations", null=True, db_index=True
                    ),
                ),
                ("scope", _scope()),
                ("rights", _rights()),
                ("notified", fields.BooleanField(default=True)),
                ("until_on", fields.DateField()),
                ("token_hash", fields.CharField(unique=True, max_length=64)),
                ("name_sealed", fields.BinaryField(null=True)),
                ("phone_index", fields.UUIDField(null=True)),
                ("expires_at", _moment()),
                ("accepted_at", _moment(null=True)),
                ("accepted_by_id", fields.UUIDField(null=True)),
                ("grant_id", fields.UUIDField(null=True)),
                ("withdrawn_at", _moment(null=True)),
                ("created_at", _moment()),
            ],
            options={
                "table": "identity_invitation",
                "app": "identity",
                "constraints": [_MEANT, _PARTY, _END],
                "pk_attr": "id",
                "table_description": "A link that makes one grant, once, for the person it is "
                "meant for. 邀请",
            },
            bases=["Model"],
        ),
        ops.AddConstraint(model_name="Invitation", constraint=_MEANT),
        ops.AddConstraint(model_name="Invitation", constraint=_PARTY),
        ops.AddConstraint(model_name="Invitation", constraint=_END),
        ops.AlterField(
            model_name="ActingGrant",
            name="kind",
            field=fields.CharEnumField(description=_KINDS, enum_type=GrantKind, max_length=16),
        ),
        ops.AlterField(model_name="ActingGrant", name="scope", field=_scope()),
        ops.AlterField(
            model_name="ActingGrant",
            name="party",
            field=_reference("identity.Party", "party_id", "grants_given", db_index=True),
        ),
        ops.AddField(
            model_name="ActingGrant",
            name="consent",
            field=fields.CharEnumField(
                null=True, description=_WAYS, enum_type=ConsentWay, max_length=16
            ),
        ),
        ops.AddField(
            model_name="ActingGrant",
            name="evidence",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="ActingGrant", name="given_by_id", field=fields.UUIDField(null=True)
        ),
        ops.AddField(
            model_name="ActingGrant", name="notified", field=fields.BooleanField(default=True)
        ),
        ops.AddField(model_name="ActingGrant", name="questioned_at", field=_moment(null=True)),
        ops.AddField(model_name="ActingGrant", name="rights", field=_rights()),
        ops.AlterModelOptions(
            name="ActingGrant",
            options={
                "table": "identity_acting_grant",
                "app": "identity",
                "constraints": [_DAYS, _SELF, _HELPER, _ONE],
                "pk_attr": "id",
                "table_description": "Somebody may act for a party: a guardian, an agent it "
                "named, an elder's helper. 监护 / 委托",
            },
        ),
        ops.AddConstraint(model_name="ActingGrant", constraint=_HELPER),
        ops.AddField(model_name="LegalEntity", name="register_asked_at", field=_moment(null=True)),
        ops.RunSQL(
            "UPDATE identity_acting_grant g"
            " SET until_on = CAST(p.birth_date + INTERVAL '18 years' AS date) - 1"
            " FROM identity_person p WHERE p.id = g.party_id AND g.kind = 'guardian'"
            " AND g.until_on IS NULL"
            " AND g.from_on < CAST(p.birth_date + INTERVAL '18 years' AS date)",
            reverse_sql=ops.RunSQL.noop,
        ),
    ]
