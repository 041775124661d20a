"""What a verifier is told of a licence, and the row that is kept of it, whichever way it came.

The answer is kept sealed in the row for a quarter of an hour; then its values are forgotten.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from core import audit
from core.clock import date_in_china
from core.ids import new_id, new_number
from core.sealing import Place, Vault
from licences import freshness
from licences.licence_fields import ShownField, definitions, open_values, show
from licences.models import Licence, LicenceStatus, LicenceType, Outcome, Verification, Way

Synced = Mapping[str, datetime]


class CheckedLicence(Struct, frozen=True, kw_only=True):
    """All that is told of one licence, and no more: an invalid licence shows no field.

    `as_of` is until when the registry's word is known; `stale`, that this is too long ago to rely
    on. `portrait` is a small picture as a `data:` address, when its holder agreed to that.
    """

    verification_no: str
    outcome: Outcome
    licence_type: str
    licence_name: str
    status: LicenceStatus
    registry_date: date
    as_of: datetime | None = None
    stale: bool = False
    fields: list[ShownField]
    portrait: str | None = None


class VerifiedLicence(CheckedLicence, frozen=True, kw_only=True):
    """One answer. `others` are the further licences of a set shown with one code."""

    verified_at: datetime
    others: list[CheckedLicence] = []


class Agreed(Struct, frozen=True):
    """One licence, under lock, and what of it may be told."""

    licence: Licence
    licence_type: LicenceType
    fields: Collection[str]
    portrait: str | None = None


def judge(
    agreed: Agreed, synced: Synced, *, vault: Vault, at: datetime, clear: bool = False
) -> CheckedLicence:
    """What the registry and the calendar say; fields only of a valid licence.

    `synced` is until when the registries' changes are known: read it before the transaction.
    """
    licence, licence_type = agreed.licence, agreed.licence_type
    licence.licence_type = licence_type
    known = freshness.judge(licence, synced, at=at)
    status = licence.status_on(date_in_china(at))
    valid = status is LicenceStatus.VALID
    shown: list[ShownField] = []
    if valid:
        every = definitions(licence_type)
        shown = show(open_values(licence, vault), every, only=agreed.fields, clear=clear)
    return CheckedLicence(
        verification_no=new_number("V", at),
        outcome=Outcome.VALID if valid else Outcome.INVALID,
        licence_type=licence_type.code,
        licence_name=licence_type.name,
        status=status,
        registry_date=licence.registry_date,
        as_of=known.as_of,
        stale=known.stale,
        fields=shown,
        portrait=agreed.portrait if valid else None,
    )


def answer_of(checked: Sequence[CheckedLicence], at: datetime) -> VerifiedLicence:
    """One answer for one code: the first licence, and with it the others of the set."""
    first, *others = checked
    named = {name: getattr(first, name) for name in first.__struct_fields__}
    return VerifiedLicence(**named, others=others, verified_at=at)


async def keep_answer(
    template: Verification,
    agreed: Sequence[Agreed],
    checked: Sequence[CheckedLicence],
    *,
    actor: str,
    vault: Vault,
) -> VerifiedLicence:
    """Keep a row for each licence, in the caller's transaction; the first one has the answer.

    `template` is a row with what all have in common: who asked, when, what for, under which id.
    """
    answer = answer_of(checked, template.verified_at)
    for place, (one, told) in enumerate(zip(agreed, checked, strict=True)):
        row = template if place == 0 else _further(template)
        row.licence_id = one.licence.id
        row.verification_no, row.outcome = told.verification_no, told.outcome
        if told.outcome is Outcome.INVALID:
            row.reason = told.status
        row.fields_shown = _shown(told)
        if place == 0:
            text = msgspec.json.encode(answer).decode()
            row.answer_sealed = vault.seal(_place(row.id), text)
        await keep_row(row, actor=actor)
    return answer


async def keep_row(row: Verification, *, actor: str) -> None:
    """Keep one row and its audit entry."""
    await row.save(force_create=True)
    await audit.record(
        actor,
        "licences.use" if row.way is Way.USED else "licences.verify",
        f"licence:{row.licence_id}",
        verification=row.verification_no,
        outcome=row.outcome.value,
    )


def open_answer(row: Verification, vault: Vault) -> VerifiedLicence:
    """The answer as it was given. Only of a row that still has it."""
    if row.answer_sealed is None:
        raise LookupError("the answer was forgotten")
    text = vault.open(_place(row.id), row.answer_sealed)
    return msgspec.json.decode(text, type=VerifiedLicence)


def _further(template: Verification) -> Verification:
    """A row of the same set, under no request id: the first one has that."""
    common = {
        name: getattr(template, name)
        for name in (
            *("presentation_id", "way", "asked_id", "basis_id", "reference_no", "verifier_id"),
            *("organisation_id", "organisation_name", "purpose", "verified_at"),
        )
    }
    return Verification(id=new_id(), set_id=template.id, **common)


def _shown(told: CheckedLicence) -> list[str]:
    keys = [field.key for field in told.fields]
    return [*keys, "portrait"] if told.portrait else keys


def _place(verification_id: UUID) -> Place:
    return Place("licences_verification", "answer_sealed", verification_id)
