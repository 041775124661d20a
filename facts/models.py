"""The tables of shared facts. Values only grow; sealed ones open with table, column and row id."""

from datetime import date, datetime
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from core.ids import new_id
from facts.catalogue import FactType
from identity.models import Party


class FactDefinition(Model):
    """One line of the fact catalogue. 数据项"""

    key = fields.CharField(40, primary_key=True)
    name = fields.CharField(64)
    type = fields.CharEnumField(FactType, max_length=16)
    entities: fields.Field[list[str]] = fields.JSONField()
    department = fields.CharField(32)
    unit = fields.CharField(16, default="")
    grain = fields.CharField(8, default="day")
    freshness_days: int | None = fields.IntField(null=True)
    sensitive = fields.BooleanField(default=False)
    codes: fields.Field[list[str]] = fields.JSONField()
    missing = fields.CharField(128)

    class Meta:
        table = "facts_definition"


class Source(Model):
    """A department's delivery of facts: the name that stands behind each value. 数据来源"""

    code = fields.CharField(64, primary_key=True)
    department = fields.CharField(32)
    name = fields.CharField(64)

    class Meta:
        table = "facts_source"


class FactValue(Model):
    """What a source said of a party, true on a day and learned at a moment. Append only. 数据值

    The one in force is the newest by day and then by moment; with what was not yet received left
    out, the same reading replays the past. Sensitive values are sealed.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    party_id: UUID
    party: fields.ForeignKeyRelation[Party] = fields.ForeignKeyField(
        "identity.Party", related_name="facts", on_delete=fields.RESTRICT
    )
    key = fields.CharField(40)
    source_id: str
    source: fields.ForeignKeyRelation[Source] = fields.ForeignKeyField(
        "facts.Source", related_name="values", on_delete=fields.RESTRICT
    )
    as_of: date = fields.DateField()
    received_at: datetime = fields.DatetimeField()
    plain = fields.CharField(64, null=True)
    sealed: bytes | None = fields.BinaryField(null=True)

    class Meta:
        table = "facts_value"
        indexes = [Index(fields=["party_id", "key", "as_of"], name="ix_facts_value_reading")]
        constraints = (
            CheckConstraint(
                check="(plain IS NULL) <> (sealed IS NULL)", name="ck_facts_value_one_form"
            ),
        )


class FactKey(Model):
    """Keeps a source's statement once: a keyed hash of party, key, source, day and value. 去重"""

    digest = fields.UUIDField(primary_key=True)
    value_id = fields.UUIDField()

    class Meta:
        table = "facts_key"
