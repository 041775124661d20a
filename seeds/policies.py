"""Policies of the invented city: written, tried, approved and published by its operators. 政策"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from core.sealing import Vault
from identity.callers import OperatorCaller
from identity.models import Operator
from proactive.dry_runs import dry_run
from proactive.kinds import VersionStatus
from proactive.models import PolicyVersion
from proactive.policies import PolicyContent, draft_policy
from proactive.publishing import approve_policy, publish_policy
from seeds.files import City
from seeds.rows import OperatorRow

FIRST = 1


async def load_policies(city: City, *, vault: Vault, at: datetime) -> int:
    """Publish what is not published yet, as far as the departments have somebody to do it.

    Killed half-way it goes on where it stopped: each step finds what the last try left.
    """
    staffed = [row for row in city.policies if _staff(city, row["department"])]
    for row in staffed:
        if not await _is_published(row["code"]):
            await _publish(city, row, vault=vault, at=at)
    return len(staffed)


async def _is_published(code: str) -> bool:
    return await PolicyVersion.exists(policy__code=code, status=VersionStatus.PUBLISHED)


async def _publish(city: City, row: Mapping[str, Any], *, vault: Vault, at: datetime) -> None:
    code, staff = row["code"], _staff(city, row["department"])
    editor, approver, publisher = [await _caller(operator) for operator in staff]
    said = {key: value for key, value in row.items() if key not in ("code", "department")}
    content = msgspec.convert(said, PolicyContent)
    await draft_policy(code, FIRST, content, operator=editor, revision=None, at=at)
    await dry_run(code, FIRST, operator=editor, vault=vault, at=at)
    await approve_policy(code, FIRST, operator=approver, at=at)
    await publish_policy(code, FIRST, operator=publisher, at=at)


def _staff(city: City, department: str) -> list[OperatorRow]:
    """An editor, an approver, a publisher, the approver somebody else than both; or nobody."""
    own = [row for row in city.operators if row.department == department]
    for editor in (row for row in own if "editor" in row.roles):
        for approver in (row for row in own if "approver" in row.roles):
            for publisher in (row for row in own if "publisher" in row.roles):
                if approver.person not in (editor.person, publisher.person):
                    return [editor, approver, publisher]
    return []


async def _caller(row: OperatorRow) -> OperatorCaller:
    """The operator as if signed in; no session is behind it."""
    operator = await Operator.get(login_name=row.username)
    return OperatorCaller(
        operator_id=operator.id,
        session_id=operator.id,
        person_id=operator.person_id,
        roles=frozenset(operator.roles),
        department=operator.department,
        division=operator.division,
    )
