import functools
from json import dumps, loads
from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from core.ids import new_id
from licences.kinds import Way
from licences.showing_models import random_id

_PRESENTATION = {
    "table": "licences_presentation",
    "app": "licences",
    "indexes": [
        Index(fields=["session_id", "expires_at"], name="ix_licences_presentation_session")
    ],
    "pk_attr": "id",
    "table_description": "One showing: one code, good for one verification and a minute. 亮证",
}
_VERIFICATION = {
    "table": "licences_verification",
    "app": "licences",
    "unique_together": (("verifier_id", "request_id"),),
    "constraints": [
        UniqueConstraint(
            fields=("presentation_id",),
            name="uq_licences_verification_shown",
            condition="outcome <> 'already_used' AND set_id IS NULL",
        ),
        UniqueConstraint(
            fields=("asked_id",),
            name="uq_licences_verification_asked",
            condition="asked_id IS NOT NULL AND set_id IS NULL",
        ),
    ],
    "indexes": [
        Index(fields=["licence_id", "id"], name="ix_licences_verification_history"),
        Index(fields=["presentation_id"], name="ix_licences_verification_shown"),
    ],
    "pk_attr": "id",
    "table_description": "What somebody was told about one licence, kept for it, for the holder "
    "and for audit. 核验",
}
_ONCE = [
    "DROP INDEX uq_licences_verification_once",
    "CREATE UNIQUE INDEX uq_licences_verification_shown ON licences_verification (presentation_id)"
    " WHERE outcome <> 'already_used' AND set_id IS NULL",
    "CREATE UNIQUE INDEX uq_licences_verification_asked ON licences_verification (asked_id)"
    " WHERE asked_id IS NOT NULL AND set_id IS NULL",
]
_ONCE_BEFORE = [
    "DROP INDEX uq_licences_verification_asked",
    "DROP INDEX uq_licences_verification_shown",
    "CREATE UNIQUE INDEX uq_licences_verification_once ON licences_verification (presentation_id)"
    " WHERE outcome <> 'already_used'",
]


def _with_default(
    model: str, name: str, kind: Any, *, default: object, **options: object
) -> list[Any]:
    """A column that rows of before have too: it gets a default for them, and keeps none."""
    given = kind(default=default, db_default=default, **options)
    kept = kind(default=default, **options)
    return [
        ops.AddField(model_name=model, name=name, field=given),
        ops.AlterField(model_name=model, name=name, field=kept),
    ]


class Migration(migrations.Migration):
    """Sets of licences, verifiers that ask first, and licences taken for a matter."""

    dependencies = [("licences", "0005_registries")]

    operations = [
        ops.CreateModel(
            name="LegalBasis",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                ("organisation_id", fields.UUIDField()),
                ("licence_type_id", fields.CharField(max_length=32)),
                (
                    "fields_allowed",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("citation", fields.CharField(max_length=256)),
                ("registered_by", fields.CharField(max_length=120)),
                ("registered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "licences_legal_basis",
                "app": "licences",
                "unique_together": (("organisation_id", "licence_type_id", "citation"),),
                "pk_attr": "id",
                "table_description": "The law under which an organisation takes "
                "a kind of licence without asking. 用证依据",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="UseConsent",
            fields=[
                (
                    "id",
                    fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True),
                ),
                (
                    "licence",
                    fields.ForeignKeyField(
                        "licences.Licence",
                        source_field="licence_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="use_consents",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("organisation_id", fields.UUIDField()),
                ("organisation_name", fields.CharField(max_length=64)),
                ("purpose", fields.CharField(max_length=128)),
                (
                    "fields_agreed",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("given_by", fields.CharField(max_length=120)),
                ("given_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("revoked_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "licences_use_consent",
                "app": "licences",
                "indexes": [
                    Index(fields=["licence_id", "id"], name="ix_licences_use_consent_licence")
                ],
                "pk_attr": "id",
                "table_description": "A holder lets one organisation take one "
                "licence, for its purpose, until a day. 用证授权",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="VerificationRequest",
            fields=[
                (
                    "id",
                    fields.UUIDField(
                        primary_key=True, default=random_id, unique=True, db_index=True
                    ),
                ),
                ("verifier_id", fields.UUIDField()),
                ("request_id", fields.CharField(max_length=64)),
                ("organisation_id", fields.UUIDField()),
                ("organisation_name", fields.CharField(max_length=64)),
                ("purpose", fields.CharField(max_length=128)),
                ("reference_no", fields.CharField(null=True, max_length=64)),
                (
                    "items",
                    fields.JSONField(
                        encoder=functools.partial(dumps, separators=(",", ":")), decoder=loads
                    ),
                ),
                ("asked_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "answered_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                ("refused_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "licences_verification_request",
                "app": "licences",
                "unique_together": (("verifier_id", "request_id"),),
                "pk_attr": "id",
                "table_description": "A verifier asks first: for which licences "
                "and fields, what for, until when. 核验请求",
            },
            bases=["Model"],
        ),
        *_with_default("LicenceType", "high_stakes", fields.BooleanField, default=False),
        ops.RemoveIndex(model_name="Presentation", name="ix_licences_presentation_living"),
        ops.AlterModelOptions(name="Presentation", options=_PRESENTATION),
        ops.AddField(
            model_name="Presentation",
            name="others",
            field=fields.JSONField(
                null=True,
                encoder=functools.partial(dumps, separators=(",", ":")),
                decoder=loads,
            ),
        ),
        ops.RunSQL(
            "CREATE INDEX ix_licences_presentation_session"
            " ON licences_presentation (session_id, expires_at)",
            reverse_sql="DROP INDEX ix_licences_presentation_session",
        ),
        ops.AlterField(
            model_name="Verification",
            name="presentation",
            field=fields.ForeignKeyField(
                "licences.Presentation",
                source_field="presentation_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="verifications",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AlterField(
            model_name="Verification",
            name="request_id",
            field=fields.CharField(null=True, max_length=64),
        ),
        *(
            ops.AddField(model_name="Verification", name=name, field=fields.UUIDField(null=True))
            for name in ("set_id", "asked_id", "basis_id")
        ),
        ops.AddField(
            model_name="Verification",
            name="reference_no",
            field=fields.CharField(null=True, max_length=64),
        ),
        *_with_default(
            "Verification",
            "way",
            fields.CharEnumField,
            default=Way.SHOWN,
            description="SHOWN: shown\nASKED: asked\nUSED: used",
            enum_type=Way,
            max_length=16,
        ),
        ops.AlterModelOptions(name="Verification", options=_VERIFICATION),
        ops.RunSQL(_ONCE, reverse_sql=_ONCE_BEFORE),
    ]
