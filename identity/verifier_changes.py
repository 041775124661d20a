"""What two persons decide about verifying organisations and their programs. 核验方登记"""

from uuid import UUID

from tortoise.transactions import in_transaction

from core import audit
from core.errors import Conflict, NotFound
from identity.callers import OperatorCaller
from identity.machine_clients import (
    MachineClientNotFound,
    check_networks,
    check_scopes,
    register_machine_client,
)
from identity.models import MachineClient, VerifierOrganisation
from identity.staff_changes import Applied, Decision
from identity.verifiers import register_organisation


class OrganisationNotFound(NotFound):
    code = "identity.organisation_not_found"
    message = "没有找到该核验方"


class OrganisationTaken(Conflict):
    code = "identity.organisation_taken"
    message = "已有同名的核验方"


async def find_organisation(
    organisation_id: UUID, *, admin: OperatorCaller
) -> VerifierOrganisation:
    """A living organisation inside the administrator's division; any other is not found."""
    found = await VerifierOrganisation.get_or_none(
        id=organisation_id, division__startswith=admin.division, disabled_at=None
    )
    if found is None:
        raise OrganisationNotFound(organisation_id=organisation_id)
    return found


async def find_machine_client(client_id: UUID, *, admin: OperatorCaller) -> MachineClient:
    found = await MachineClient.get_or_none(
        id=client_id, organisation__division__startswith=admin.division
    )
    if found is None:
        raise MachineClientNotFound(client_id=client_id)
    return found


async def apply_add(decision: Decision) -> Applied:
    said = decision.arguments
    if await VerifierOrganisation.exists(name=said["name"]):
        raise OrganisationTaken()
    organisation = await register_organisation(
        name=said["name"],
        department=said["department"],
        division=said["division"],
        licence_types=said["licence_types"],
        fields=said["fields"],
        purpose=said["purpose"],
        terminals_only=said["terminals_only"],
        actor=decision.actor,
    )
    return Applied(result=str(organisation.id))


async def apply_change(decision: Decision) -> Applied:
    """What it may see and what for, from the next request on."""
    said = decision.arguments
    living = VerifierOrganisation.filter(id=UUID(said["organisation_id"]), disabled_at=None)
    async with in_transaction():
        changed = await living.update(
            licence_types=sorted(said["licence_types"]),
            fields_allowed=sorted(said["fields"]),
            purpose=said["purpose"],
            terminals_only=said["terminals_only"],
        )
        if not changed:
            raise OrganisationNotFound(organisation_id=said["organisation_id"])
        subject = f"verifier_organisation:{said['organisation_id']}"
        await audit.record(decision.actor, "verifier_organisation.change", subject)
    return Applied(result=said["organisation_id"])


async def apply_machine_add(decision: Decision) -> Applied:
    said = decision.arguments
    living = VerifierOrganisation.filter(id=UUID(said["organisation_id"]), disabled_at=None)
    if not await living.exists():
        raise OrganisationNotFound(organisation_id=said["organisation_id"])
    client = await register_machine_client(
        organisation_id=UUID(said["organisation_id"]),
        name=said["name"],
        scopes=said["scopes"],
        networks=said["networks"],
        daily_quota=said["daily_quota"],
        actor=decision.actor,
    )
    return Applied(result=str(client.id))


async def apply_machine_change(decision: Decision) -> Applied:
    said = decision.arguments
    async with in_transaction():
        changed = await MachineClient.filter(id=UUID(said["client_id"]), disabled_at=None).update(
            scopes=check_scopes(said["scopes"]),
            networks=check_networks(said["networks"]),
            daily_quota=said["daily_quota"],
        )
        if not changed:
            raise MachineClientNotFound(client_id=said["client_id"])
        subject = f"machine_client:{said['client_id']}"
        await audit.record(decision.actor, "machine_client.change", subject)
    return Applied(result=said["client_id"])
