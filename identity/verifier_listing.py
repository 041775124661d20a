"""Verifying organisations, their people, devices and programs, as an administrator sees them."""

from typing import TypeVar
from uuid import UUID

from tortoise.models import Model
from tortoise.queryset import QuerySet

from identity.callers import OperatorCaller
from identity.models import MachineClient, MachineKey, Terminal, Verifier, VerifierOrganisation
from identity.verifiers import VerifierNotFound

Row = TypeVar("Row", bound=Model)


async def list_organisations(
    *, admin: OperatorCaller, after: UUID | None, limit: int
) -> list[VerifierOrganisation]:
    """Newest first, those inside the administrator's division, ended ones too."""
    found = VerifierOrganisation.filter(division__startswith=admin.division)
    return await _newest(found, after, limit)


async def list_verifiers(
    organisation_id: UUID, *, after: UUID | None, limit: int
) -> list[Verifier]:
    return await _newest(Verifier.filter(organisation_id=organisation_id), after, limit)


async def find_verifier(verifier_id: UUID, *, organisation_id: UUID) -> Verifier:
    found = await Verifier.get_or_none(id=verifier_id, organisation_id=organisation_id)
    if found is None:
        raise VerifierNotFound(verifier_id=verifier_id)
    return found


async def list_terminals(
    organisation_id: UUID, *, after: UUID | None, limit: int
) -> list[Terminal]:
    return await _newest(Terminal.filter(organisation_id=organisation_id), after, limit)


async def list_machine_clients(
    *, admin: OperatorCaller, after: UUID | None, limit: int
) -> list[MachineClient]:
    found = MachineClient.filter(organisation__division__startswith=admin.division)
    return await _newest(found, after, limit)


async def list_machine_keys(client_id: UUID, *, after: UUID | None, limit: int) -> list[MachineKey]:
    return await _newest(MachineKey.filter(client_id=client_id), after, limit)


async def _newest(found: QuerySet[Row], after: UUID | None, limit: int) -> list[Row]:
    older = found if after is None else found.filter(id__lt=after)
    return await older.order_by("-id").limit(limit)
