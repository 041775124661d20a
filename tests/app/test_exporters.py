"""Everything that names a person is in the copy they get, and in the table of what is kept."""

import re
from pathlib import Path

import pytest
from tortoise import Tortoise
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

from app import exporters
from app.retention import retention

READ_BY = Path(exporters.__file__).parent
ELSEWHERE = {
    "Person": "read through identity.persons, name and all",
    "IdDocument": "read through identity.documents, in full",
    "Verifier": "a post at an organisation; who holds it is in the accounts",
    "LegalEntity": "an enterprise's; its representative is told in the relations",
    "Operator": "an office, not a resident",
    "AccountAlias": "an older name of an account that is in the copy",
    "RegisterName": "a keyed hash of what the register calls the person",
    "Invitation": "becomes a relation once it is accepted; before that it is a link",
    "CounterCode": "eight figures that are good for minutes",
    "CounterCase": "told as a message, and in the record of who acted",
    "Erasure": "made when everything else goes",
}
"""Tables that name a party, a person or an account and are not in the copy, and why."""


@pytest.mark.usefixtures("database")
async def test_every_table_that_names_a_person_is_in_the_copy_or_says_why_not() -> None:
    """PIPL article 45"""
    text = "".join(path.read_text("utf-8") for path in sorted(READ_BY.glob("about_*.py")))

    named = {
        model.__name__
        for models in (Tortoise.apps or {}).values()
        for model in models.values()
        if _names_a_person(model)
    }
    missing = {name for name in named - set(ELSEWHERE) if not re.search(rf"\b{name}\b", text)}

    assert missing == set()
    assert set(ELSEWHERE) <= named


def test_each_kind_of_data_is_in_the_copy_once() -> None:
    keys = [section.key for section in exporters.SECTIONS]

    assert len(keys) == len(set(keys))


def test_the_page_says_of_retention_what_the_code_does() -> None:
    """PIPL article 47"""
    page = Path("docs/zh/retention.md").read_text("utf-8")
    rows = re.findall(r"^\| (.+?) \| `(\w+)` \|", page, re.MULTILINE)

    assert [(title, code) for title, code in rows] == [
        (known.title, known.code) for known in retention().classes
    ]


def _names_a_person(model: type[Model]) -> bool:
    return any(
        isinstance(field, ForeignKeyFieldInstance)
        and field.model_name in ("identity.Party", "identity.Person", "identity.Account")
        for field in model._meta.fields_map.values()
    )
