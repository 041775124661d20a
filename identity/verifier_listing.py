"""Verifying organisations, their people, devices and programs, as an administrator sees them."""

from uuid import UUID

from identity.callers import OperatorCaller
from identity.models import MachineClient, MachineKey, Terminal, Verifier, VerifierOrganisation
from identity.verifiers import VerifierNotFound

MOST = 500


async def list_organisations(*, admin: OperatorCaller) -> list[VerifierOrganisation]:
    """Newest first, those inside the administrator's division, ended ones too."""
    found = VerifierOrganisation.filter(division__startswith=admin.division)
    return await found.order_by("-id").limit(MOST)


async def list_verifiers(organisation_id: UUID) -> list[Verifier]:
    return await Verifier.filter(organisation_id=organisation_id).order_by("-id").limit(MOST)


async def find_verifier(verifier_id: UUID, *, organisation_id: UUID) -> Verifier:
    found = await Verifier.get_or_none(id=verifier_id, organisation_id=organisation_id)
    if found is None:
        raise VerifierNotFound(verifier_id=verifier_id)
    return found


async def list_terminals(organisation_id: UUID) -> list[Terminal]:
    return await Terminal.filter(organisation_id=organisation_id).order_by("-id").limit(MOST)


async def list_machine_clients(*, admin: OperatorCaller) -> list[MachineClient]:
    found = MachineClient.filter(organisation__division__startswith=admin.division)
    return await found.order_by("-id").limit(MOST)


async def list_machine_keys(client_id: UUID) -> list[MachineKey]:
    return await MachineKey.filter(client_id=client_id).order_by("-id").limit(MOST)
