"""What two persons decide about the laws under which licences are taken unasked. 用证依据登记"""

from collections.abc import Collection
from uuid import UUID

from core.errors import Conflict
from identity.models import VerifierOrganisation
from identity.staff_changes import Applied, Decision
from identity.verifier_changes import OrganisationNotFound
from licences.licence_fields import FieldDefinition, check_known, definitions
from licences.licence_types import get_licence_type
from licences.models import LegalBasis
from licences.requests import AskedLicence, check_registered
from licences.uses import BasisNotFound, register_basis
from licences.wanted import PORTRAIT


class BasisTaken(Conflict):
    code = "licences.basis_taken"
    message = "该核验方已登记过同一条用证依据，变更内容请写明不同的条款或文号"


async def check_basis(
    organisation: VerifierOrganisation, licence_type: str, fields: Collection[str], citation: str
) -> None:
    """Refuse what the kind of licence does not have, what is not registered for the organisation
    anyway, and a law that was registered for both before, ended or not.
    """
    known = definitions(await get_licence_type(licence_type))
    check_known(fields, [*known, FieldDefinition(PORTRAIT, "照片")])
    asked = AskedLicence(licence_type, list(fields))
    check_registered([asked], organisation.licence_types, organisation.fields_allowed)
    if await LegalBasis.exists(
        organisation_id=organisation.id, licence_type_id=licence_type, citation=citation
    ):
        raise BasisTaken(organisation_id=organisation.id)


async def apply_add(decision: Decision) -> Applied:
    """Under the lock of the organisation: the same law is not said twice at once."""
    said = decision.arguments
    living = VerifierOrganisation.filter(id=UUID(said["organisation_id"]), disabled_at=None)
    organisation = await living.select_for_update(no_key=True).first()
    if organisation is None:
        raise OrganisationNotFound(organisation_id=said["organisation_id"])
    await check_basis(organisation, said["licence_type"], said["fields"], said["citation"])
    basis = await register_basis(
        organisation_id=organisation.id,
        licence_type=said["licence_type"],
        fields=said["fields"],
        citation=said["citation"],
        actor=decision.actor,
        at=decision.at,
    )
    return Applied(result=str(basis.id))


async def list_bases(organisation_id: UUID, *, after: UUID | None, limit: int) -> list[LegalBasis]:
    """Newest first, ended ones too."""
    found = LegalBasis.filter(organisation_id=organisation_id)
    older = found if after is None else found.filter(id__lt=after)
    return await older.order_by("-id").limit(limit)


async def find_basis(basis_id: UUID, *, organisation_id: UUID) -> LegalBasis:
    found = await LegalBasis.get_or_none(id=basis_id, organisation_id=organisation_id)
    if found is None:
        raise BasisNotFound(basis_id=basis_id)
    return found
