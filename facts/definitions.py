"""The fact catalogue as the city keeps it. 数据项目录"""

import msgspec
from tortoise.transactions import in_transaction

from core.errors import Conflict
from facts.catalogue import Catalogue, FactSpec
from facts.models import FactDefinition, Source


class FactTypeFixed(Conflict):
    code = "facts.type_fixed"
    message = "数据项已有数据，不能更改类型或是否加密"
    shown = ("key",)


class SourceTaken(Conflict):
    code = "facts.source_taken"
    message = "该数据来源编号已属于其他部门"


async def define_fact(spec: FactSpec) -> None:
    """Put a line into the catalogue, or change its wording. Its type and sealing stay for ever."""
    columns = msgspec.to_builtins(spec)
    async with in_transaction():
        known = await FactDefinition.select_for_update().get_or_none(key=spec.key)
        if known is None:
            await FactDefinition.bulk_create([FactDefinition(**columns)], ignore_conflicts=True)
            return
        if (known.type, known.sensitive) != (spec.type, spec.sensitive):
            raise FactTypeFixed(key=spec.key)
        await known.update_from_dict(columns).save()


async def register_source(code: str, *, department: str, name: str) -> Source:
    """The source with this code, made if unknown."""
    source, _ = await Source.get_or_create(
        code=code, defaults={"department": department, "name": name}
    )
    if source.department != department:
        raise SourceTaken(source=code)
    return source


async def load_catalogue() -> Catalogue:
    """Every line of the catalogue, by key."""
    rows = await FactDefinition.all()
    return {row.key: msgspec.convert(row, FactSpec, from_attributes=True) for row in rows}
