"""Who did what for whom, as both sides may read it: out of the audit that nobody changes. 代办记录

Audit names an actor "person:… for party:…", and an officer at a counter "operator:… for party:…".
"""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from uuid import UUID

import msgspec
import yaml
from msgspec import Struct
from tortoise import connections

from core.errors import NotAllowed
from core.prepared import AFTER_ALL
from core.sealing import Vault
from identity.callers import Caller
from identity.choices import masked_name
from identity.kinds import Scope

_FOR = " for "
_OFFICER = {"zh-CN": "窗口工作人员", "en": "A counter officer"}
_OTHER = {"zh-CN": "办理事项", "en": "Did something"}
_DONE_BY = (  # each as its index has it
    "SELECT id, at, actor, action, subject FROM core_audit_entry WHERE actor LIKE '% for %'"
    " AND split_part(actor, ' for ', 1) = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
)
_DONE_FOR = (
    "SELECT id, at, actor, action, subject FROM core_audit_entry WHERE actor LIKE '% for %'"
    " AND split_part(actor, ' for ', 2) = $1 AND id < $2 ORDER BY id DESC LIMIT $3"
)


class ActedNotShown(NotAllowed):
    code = "identity.acted_not_shown"
    message = "代办记录由本人、监护人或单位负责人查看"


class Act(Struct, frozen=True, kw_only=True):
    """One thing done for a party. `by` and `for_name` are masked; `what` says it in words."""

    id: UUID
    at: datetime
    by: str
    for_name: str
    what: str
    action: str
    subject: str


class _Words(Struct, frozen=True, forbid_unknown_fields=True):
    zh: str
    en: str


async def list_acted_for(
    caller: Caller, *, vault: Vault, before: UUID | None = None, limit: int
) -> list[Act]:
    """What others did for the caller's party, newest first. 谁替我办过什么"""
    party_id = caller.required_party()
    if caller.scope != Scope.CONFIRMER:
        raise ActedNotShown(account_id=caller.account_id)
    return await _acts(_DONE_FOR, f"party:{party_id}", caller, vault, before, limit)


async def list_acted_by(
    caller: Caller, *, vault: Vault, before: UUID | None = None, limit: int
) -> list[Act]:
    """What the caller did for others, newest first. 我替别人办过什么"""
    return await _acts(_DONE_BY, f"person:{caller.required_person()}", caller, vault, before, limit)


@cache
def known_acts() -> Mapping[str, _Words]:
    text = files("identity").joinpath("acts.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), dict[str, _Words])


async def _acts(
    query: str, named: str, caller: Caller, vault: Vault, before: UUID | None, limit: int
) -> list[Act]:
    rows = await connections.get("default").execute_query_dict(
        query, [named, before or AFTER_ALL, limit]
    )
    names = _Names(vault, caller.language)
    return [
        Act(
            id=row["id"],
            at=row["at"],
            by=await names.of(row["actor"].partition(_FOR)[0]),
            for_name=await names.of(row["actor"].partition(_FOR)[2]),
            what=_words(row["action"], caller.language),
            action=row["action"],
            subject=row["subject"],
        )
        for row in rows
    ]


def _words(action: str, language: str) -> str:
    known = known_acts().get(action)
    if known is None:
        return _OTHER.get(language, _OTHER["zh-CN"])
    return known.en if language == "en" else known.zh


class _Names:
    """The names on one page, each opened once."""

    def __init__(self, vault: Vault, language: str) -> None:
        self._vault = vault
        self._officer = _OFFICER.get(language, _OFFICER["zh-CN"])
        self._known: dict[str, str] = {}

    async def of(self, who: str) -> str:
        if who.startswith("operator:"):
            return self._officer
        if who not in self._known:
            party_id = UUID(who.partition(":")[2])
            self._known[who] = await masked_name(party_id, vault=self._vault)
        return self._known[who]
