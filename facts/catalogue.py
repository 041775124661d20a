"""What a fact is: types without tables, for the rules that are typed against them. 数据项目录"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

FactLiteral = bool | int | str | date

DIVISION = re.compile(r"(?:[0-9]{2,12}|[0-9]{4}[A-Z]{2})\Z")
FIRST_DAY, LAST_DAY = date(1850, 1, 1), date(2200, 12, 31)
LARGEST = 10**15


class FactType(StrEnum):
    BOOL = "bool"
    INT = "int"
    MONEY = "money"  # whole fen
    DATE = "date"
    CODE = "code"  # one of a list
    DIVISION = "division"  # 区划代码


class FactSpec(Struct, frozen=True, kw_only=True):
    """One line of the catalogue. `freshness_days` None: it does not age."""

    key: str
    name: str
    type: FactType
    entities: tuple[str, ...]
    department: str
    unit: str = ""
    grain: str = "day"
    freshness_days: int | None = None
    sensitive: bool = False
    codes: tuple[str, ...] = ()
    missing: str = "未提供，不作有无判断"

    def is_fresh(self, as_of: date, on: date) -> bool:
        """Whether a value true on `as_of` may still be relied upon on that day."""
        if self.freshness_days is None:
            return True
        return on <= as_of + timedelta(days=self.freshness_days)

    def accepts(self, value: object) -> bool:
        """Whether a value is one this fact can have. A bool is not an int, "5" is not 5."""
        match self.type:
            case FactType.BOOL:
                return isinstance(value, bool)
            case FactType.INT | FactType.MONEY:
                return type(value) is int and abs(value) <= LARGEST
            case FactType.DATE:
                return type(value) is date and FIRST_DAY <= value <= LAST_DAY
            case FactType.CODE:
                return isinstance(value, str) and value in self.codes
            case FactType.DIVISION:
                return isinstance(value, str) and DIVISION.match(value) is not None


Catalogue = Mapping[str, FactSpec]


class FactReading(Struct, frozen=True):
    """What we know: the value, who says so, and the day it was true."""

    value: FactLiteral
    source: str
    as_of: date
    value_id: UUID | None = None
