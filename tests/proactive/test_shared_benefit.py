import pytest

from core.sealing import Vault
from proactive.dry_runs import dry_run
from proactive.kinds import EntitlementStatus
from proactive.matching import match_policy
from proactive.policies import draft_policy
from proactive.publishing import approve_policy, publish_policy
from tests.given import AT
from tests.proactive import make

pytestmark = pytest.mark.usefixtures("city")


async def test_a_benefit_that_another_policy_gives_is_that_policys_in_every_column(
    vault: Vault,
) -> None:
    """Whose operators see it, and whose money it is, follows the policy."""
    resident = await make.person(vault, hukou=None)
    await make.matched(vault, benefit="elders")
    undecided = await make.entitlement_of(resident.id)
    assert (undecided.status, undecided.division) == (EntitlementStatus.NEEDS_FACTS, make.DIVISION)
    content = make.content(benefit="elders", division="330199001")
    await draft_policy(
        "elders-2", 1, content, operator=make.operator("editor"), revision=None, at=AT
    )
    await dry_run("elders-2", 1, operator=make.operator("editor"), vault=vault, at=AT)
    await approve_policy("elders-2", 1, operator=make.operator("approver"), at=AT)
    second = await publish_policy("elders-2", 1, operator=make.operator("publisher"), at=AT)

    await make.tell(vault, resident.id, hukou="330199001")
    await match_policy(second.id, on=make.TODAY, vault=vault, at=AT)

    found = await make.entitlement_of(resident.id)
    assert (found.status, found.version_id) == (EntitlementStatus.MATCHED, second.id)
    assert (found.department, found.division) == (make.DEPARTMENT, "330199001")
