"""Facts in, and facts as they were known on any day. 数据汇入与读取"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from tortoise import connections
from tortoise.transactions import in_transaction

from core import audit
from core.clock import date_in_china
from core.errors import NotFound, Rejected
from core.ids import new_id
from core.sealing import Place, SealBroken, Vault
from core.tasks import raise_task
from facts.catalogue import Catalogue, FactLiteral, FactReading, FactSpec, FactType
from facts.definitions import load_catalogue
from facts.models import FactKey, FactValue, Source

_BATCH = 1_000

_READ = """
SELECT DISTINCT ON (v.party_id, v.key)
    v.id, v.party_id, v.key, v.plain, v.sealed, v.as_of, s.name AS source
FROM facts_value v JOIN facts_source s ON s.code = v.source_id
WHERE v.party_id = ANY($1::uuid[]) AND v.key = ANY($2::text[])
    AND v.as_of <= $3 AND v.received_at <= $4
ORDER BY v.party_id, v.key, v.as_of DESC, v.received_at DESC, v.id DESC"""


_REREAD = """
SELECT v.id, v.key, v.plain, v.sealed, v.as_of, s.name AS source
FROM facts_value v JOIN facts_source s ON s.code = v.source_id
WHERE v.id = ANY($1::uuid[])"""


class SourceNotFound(NotFound):
    code = "facts.source_not_found"
    message = "没有找到该数据来源"


class FactRefused(Rejected):
    """`row` counts from one, as the person who sent the list does."""

    shown = ("row", "key")


class FactNotDefined(FactRefused):
    code = "facts.not_defined"
    message = "数据项不在目录中"


class FactNotFromSource(FactRefused):
    code = "facts.not_from_source"
    message = "该数据项不由此部门提供"


class FactValueInvalid(FactRefused):
    code = "facts.value_invalid"
    message = "数据项的值不符合目录规定"


class FactFromFuture(FactRefused):
    code = "facts.from_future"
    message = "数据日期不能晚于今天"


class FactInput(Struct, frozen=True):
    """One statement: of whom, what, and the day it was true. A date may be written as text."""

    party_id: UUID
    key: str
    value: FactLiteral
    as_of: date


FactsByParty = dict[UUID, dict[str, FactReading]]


async def record_facts(
    source_code: str, inputs: Sequence[FactInput], *, actor: str, vault: Vault, at: datetime
) -> int:
    """Take what a source says, all or nothing; say how many statements were new. 汇入

    The same statement twice is kept once.
    """
    source = await Source.get_or_none(code=source_code)
    if source is None:
        raise SourceNotFound(source=source_code)
    catalogue = await load_catalogue()
    made = [
        _statement(row, given, source, catalogue, vault=vault, at=at)
        for row, given in enumerate(inputs, start=1)
    ]
    made.sort(key=lambda statement: statement[0].digest)  # one order, so importers cannot deadlock
    async with in_transaction():
        new = sum([await _keep(made[i : i + _BATCH]) for i in range(0, len(made), _BATCH)])
        if new:
            await audit.record(actor, "facts.recorded", f"source:{source.code}", count=new)
    return new


async def collect_facts(
    party_ids: Sequence[UUID],
    keys: Sequence[str],
    *,
    on: date,
    known_at: datetime,
    vault: Vault,
) -> FactsByParty:
    """What was known at a moment of a day's state; no entry where nothing was. 取数

    A value that does not open is not known: it is put before its department, and stops nobody else.
    """
    catalogue = await load_catalogue()
    rows = await connections.get("default").execute_query_dict(
        _READ, [list(party_ids), list(keys), on, known_at]
    )
    found: FactsByParty = {party_id: {} for party_id in party_ids}
    for row in rows:
        try:
            found[row["party_id"]][row["key"]] = _reading(row, catalogue, vault)
        except SealBroken:
            department = catalogue[row["key"]].department
            subject = f"fact_value:{row['id']}"
            await raise_task("facts.value_broken", department=department, subject=subject)
    return found


async def read_values(value_ids: Sequence[UUID], *, vault: Vault) -> dict[str, FactReading]:
    """Values by their own ids, under their keys: what a past decision rested on."""
    catalogue = await load_catalogue()
    rows = await connections.get("default").execute_query_dict(_REREAD, [list(value_ids)])
    return {row["key"]: _reading(row, catalogue, vault) for row in rows}


def _statement(
    row: int,
    given: FactInput,
    source: Source,
    catalogue: Catalogue,
    *,
    vault: Vault,
    at: datetime,
) -> tuple[FactKey, FactValue]:
    spec = catalogue.get(given.key)
    if spec is None:
        raise FactNotDefined(row=row, key=given.key)
    if spec.department != source.department:
        raise FactNotFromSource(row=row, key=given.key)
    if given.as_of > date_in_china(at):
        raise FactFromFuture(row=row, key=given.key)
    value = _read(given.value, spec)
    if value is None:
        raise FactValueInvalid(row=row, key=given.key)
    text = msgspec.json.encode(value).decode()
    said = f"{given.party_id}|{given.key}|{source.code}|{given.as_of}|{text}"
    digest = UUID(bytes=vault.blind_index("facts_key.digest", said))
    value_id = new_id()
    kept = FactValue(
        id=value_id,
        party_id=given.party_id,
        key=given.key,
        source_id=source.code,
        as_of=given.as_of,
        received_at=at,
        plain=None if spec.sensitive else text,
        sealed=vault.seal(_place(value_id), text) if spec.sensitive else None,
    )
    return FactKey(digest=digest, value_id=value_id), kept


async def _keep(statements: Sequence[tuple[FactKey, FactValue]]) -> int:
    await FactKey.bulk_create([key for key, _ in statements], ignore_conflicts=True)
    ids = [value.id for _, value in statements]
    new = set(await FactKey.filter(value_id__in=ids).values_list("value_id", flat=True))
    await FactValue.bulk_create([value for _, value in statements if value.id in new])
    return len(new)


def _read(value: FactLiteral, spec: FactSpec) -> FactLiteral | None:
    """The value in the fact's own type, or None when it is not one."""
    if spec.type is FactType.DATE and isinstance(value, str):
        try:
            value = date.fromisoformat(value)
        except ValueError:
            return None
    return value if spec.accepts(value) else None


def _reading(row: Mapping[str, Any], catalogue: Catalogue, vault: Vault) -> FactReading:
    value = _open(row, catalogue[row["key"]], vault)
    return FactReading(value, row["source"], row["as_of"], row["id"])


def _open(row: Mapping[str, Any], spec: FactSpec, vault: Vault) -> FactLiteral:
    text = row["plain"]
    if text is None:
        text = vault.open(_place(UUID(str(row["id"]))), row["sealed"])
    value: FactLiteral = msgspec.json.decode(str(text))
    return date.fromisoformat(str(value)) if spec.type is FactType.DATE else value


def _place(value_id: UUID) -> Place:
    return Place("facts_value", "sealed", value_id)
