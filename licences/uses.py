"""An agency's system takes a licence as a material of a matter, under authority. 用证

The authority is a consent that the holder gave before, or a registered legal basis. Either way the
fields are those registered for the organisation and named by the authority, the matter has a
number, and the holder sees it in the history.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct
from tortoise.exceptions import IntegrityError
from tortoise.transactions import in_transaction

from core import audit, jobs
from core.errors import NotFound
from core.files import FileStorage
from core.ids import new_id
from core.sealing import Vault
from identity.callers import MachineCaller
from licences.checking import Agreed, VerifiedLicence, judge, keep_answer, open_answer
from licences.consents import ConsentNotFound, is_living
from licences.freshness import synced_moments
from licences.licence_fields import number_index
from licences.models import LegalBasis, Licence, LicenceType, UseConsent, Verification, Way
from licences.portraits import inline_portrait
from licences.registry import LicenceNotFound
from licences.requests import AskedLicence, BeyondPurpose, check_registered
from licences.verifications import READABLE, CodeAlreadyUsed, RequestReused
from licences.wanted import PORTRAIT, check_fields


class BasisNotFound(NotFound):
    code = "licences.basis_not_found"
    message = "没有找到该用证依据"


class ConsentedUse(Struct, frozen=True, forbid_unknown_fields=True, tag="consent", tag_field="by"):
    """Under a consent, which names the licence."""

    consent_id: UUID


class LawfulUse(Struct, frozen=True, forbid_unknown_fields=True, tag="law", tag_field="by"):
    """Under a registered legal basis, the licence named by the number on it."""

    basis_id: UUID
    licence_no: Annotated[str, Meta(min_length=1, max_length=64)]


Authority = ConsentedUse | LawfulUse


class LicenceUse(Struct, frozen=True, kw_only=True):
    """What is taken, for which matter, under which authority."""

    authority: Authority
    request_id: str
    reference_no: str
    licence_type: str
    fields: Sequence[str]


async def use_licence(
    use: LicenceUse,
    *,
    taker: MachineCaller,
    vault: Vault,
    at: datetime,
    files: FileStorage | None = None,
) -> VerifiedLicence:
    """The licence as it is now, its fields in clear, logged under the matter's number. 用证

    The same `request_id` gets the same answer again for a quarter of an hour.
    """
    asked = [AskedLicence(use.licence_type, list(use.fields))]
    check_registered(asked, taker.licence_types, taker.fields)
    earlier = await Verification.get_or_none(verifier_id=taker.client_id, request_id=use.request_id)
    if earlier is not None:
        return _again(earlier, use, vault, at)
    licence = await _licence(use, taker, vault, at)
    portrait = None
    if PORTRAIT in use.fields and files is not None:
        portrait = await inline_portrait(licence, files, at=at)
    try:
        return await _take(use, licence, portrait, taker, vault, at)
    except IntegrityError:  # the same request came twice at once; the other was kept
        kept = await Verification.get(verifier_id=taker.client_id, request_id=use.request_id)
        return _again(kept, use, vault, at)


async def register_basis(
    *,
    organisation_id: UUID,
    licence_type: str,
    fields: Collection[str],
    citation: str,
    actor: str,
    at: datetime,
) -> LegalBasis:
    """Say which law lets an organisation take a kind of licence unasked; said twice it is one."""
    async with in_transaction():
        basis, fresh = await LegalBasis.get_or_create(
            organisation_id=organisation_id,
            licence_type_id=licence_type,
            citation=citation,
            defaults={
                "fields_allowed": sorted(fields),
                "registered_by": actor,
                "registered_at": at,
            },
        )
        if fresh:
            await audit.record(actor, "licences.register_basis", f"legal_basis:{basis.id}")
    return basis


async def end_basis(basis_id: UUID, *, actor: str, at: datetime) -> None:
    """From now on nothing is taken under it. Twice is once."""
    async with in_transaction():
        if await LegalBasis.filter(id=basis_id, ended_at=None).update(ended_at=at):
            await audit.record(actor, "licences.end_basis", f"legal_basis:{basis_id}")
        elif not await LegalBasis.exists(id=basis_id):
            raise BasisNotFound(basis_id=basis_id)


async def _licence(use: LicenceUse, taker: MachineCaller, vault: Vault, at: datetime) -> Licence:
    """The licence that the authority is about, if it is one that may be taken so."""
    allowed = await _fields_allowed(use, taker, at, lock=False)
    _check_within(use, allowed)
    if isinstance(use.authority, ConsentedUse):
        wanted = Licence.filter(use_consents__id=use.authority.consent_id)
    else:
        wanted = Licence.filter(number_index=number_index(use.authority.licence_no, vault))
    found = await wanted.filter(licence_type_id=use.licence_type).first()
    if found is None:
        raise LicenceNotFound()
    await found.fetch_related("licence_type")
    check_fields([key for key in use.fields if key != PORTRAIT], found)
    return found


async def _fields_allowed(
    use: LicenceUse, taker: MachineCaller, at: datetime, *, lock: bool
) -> list[str]:
    """What the authority lets this organisation take now. Not found when it is another's."""
    own = {"organisation_id": taker.organisation_id}
    if isinstance(use.authority, ConsentedUse):
        consents = UseConsent.filter(id=use.authority.consent_id, **own)
        consent = await (consents.select_for_update() if lock else consents).first()
        if consent is None or not is_living(consent, at):
            raise ConsentNotFound(consent_id=use.authority.consent_id)
        return consent.fields_agreed
    bases = LegalBasis.filter(
        id=use.authority.basis_id, licence_type_id=use.licence_type, ended_at=None, **own
    )
    basis = await (bases.select_for_update() if lock else bases).first()
    if basis is None:
        raise BasisNotFound(basis_id=use.authority.basis_id)
    return basis.fields_allowed


def _check_within(use: LicenceUse, allowed: Collection[str]) -> None:
    beyond = next((key for key in use.fields if key not in allowed), None)
    if beyond is not None:
        raise BeyondPurpose(licence_type=use.licence_type, field=beyond)


async def _take(
    use: LicenceUse,
    licence: Licence,
    portrait: str | None,
    taker: MachineCaller,
    vault: Vault,
    at: datetime,
) -> VerifiedLicence:
    """The authority is locked and looked at again: who takes it back at this moment is heard."""
    licence_type: LicenceType = licence.licence_type
    synced = await synced_moments()
    async with in_transaction():
        _check_within(use, await _fields_allowed(use, taker, at, lock=True))
        locked = await Licence.select_for_update(no_key=True).get(id=licence.id)
        agreed = Agreed(locked, licence_type, use.fields, portrait)
        told = judge(agreed, synced, vault=vault, at=at, clear=True)
        row = _row(use, taker, at)
        answer = await keep_answer(row, [agreed], [told], actor=taker.actor(), vault=vault)
        await jobs.enqueue(
            "licences.used",
            dedupe_key=f"licences.used:{row.id}",
            verification_id=str(row.id),
        )
    return answer


def _row(use: LicenceUse, taker: MachineCaller, at: datetime) -> Verification:
    return Verification(
        id=new_id(),
        way=Way.USED,
        basis_id=_authority_id(use),
        reference_no=use.reference_no,
        verifier_id=taker.client_id,
        request_id=use.request_id,
        organisation_id=taker.organisation_id,
        organisation_name=taker.organisation_name,
        purpose=taker.purpose,
        verified_at=at,
    )


def _authority_id(use: LicenceUse) -> UUID:
    by = use.authority
    return by.consent_id if isinstance(by, ConsentedUse) else by.basis_id


def _again(row: Verification, use: LicenceUse, vault: Vault, at: datetime) -> VerifiedLicence:
    if (row.basis_id, row.reference_no) != (_authority_id(use), use.reference_no):
        raise RequestReused(verification_id=row.id)
    if row.answer_sealed is None or at >= row.verified_at + READABLE:
        raise CodeAlreadyUsed(verification_id=row.id)
    return open_answer(row, vault)
