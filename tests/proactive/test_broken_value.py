import pytest
from tortoise import connections

from core.models import HumanTask
from core.sealing import Vault
from facts.models import FactValue
from proactive.kinds import EntitlementStatus
from tests.proactive import make

pytestmark = pytest.mark.usefixtures("city")


async def test_a_value_that_was_tampered_with_stops_nobody_else(vault: Vault) -> None:
    """G10, E08: unknown is not no; the rest of the city is matched."""
    resident, other = await make.person(vault), await make.person(vault)
    broken = await FactValue.get(party_id=resident.id, key="birth")
    await connections.get("default").execute_query(
        "UPDATE facts_value SET sealed = set_byte(sealed, 20, 255 - get_byte(sealed, 20))"
        " WHERE id = $1",
        [broken.id],
    )

    await make.matched(vault)

    assert (await make.entitlement_of(resident.id)).status is EntitlementStatus.NEEDS_FACTS
    assert (await make.entitlement_of(other.id)).status is EntitlementStatus.MATCHED
    task = await HumanTask.get()
    assert (task.kind, task.subject) == ("facts.value_broken", f"fact_value:{broken.id}")
