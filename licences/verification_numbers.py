"""What a verification number says later to whoever holds it, and to whom it may be complained of.

核验编号. It proves that there was a check: when, of what kind of licence, by whom and how it ended;
never whose licence it was or what stood on it.
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit
from core.errors import NotFound
from core.tasks import raise_task
from identity.callers import Caller
from identity.models import VerifierOrganisation
from licences.models import LicenceStatus, Outcome, Verification, Way


class NumberNotFound(NotFound):
    code = "licences.number_not_found"
    message = "没有找到该核验编号"


class NumberedVerification(Struct, frozen=True, kw_only=True):
    """A check, without anything of the licence's holder."""

    verification_no: str
    way: Way
    licence_type: str
    licence_name: str
    outcome: Outcome
    reason: LicenceStatus | None
    organisation_name: str
    verified_at: datetime


_LONGEST = 32


class Misuse(StrEnum):
    """What a holder finds wrong with a check."""

    NOT_ME = "not_me"  # 不是我出示的
    NOT_AGREED = "not_agreed"  # 没有征得我同意
    TOO_MUCH = "too_much"  # 索要内容过多
    OTHER_PURPOSE = "other_purpose"  # 用于其他用途


class ReportedMisuse(Struct, frozen=True, kw_only=True):
    verification_no: str
    misuse: Misuse
    organisation_name: str


async def look_up(verification_no: str) -> NumberedVerification:
    """What there was under a number. 查验核验编号"""
    row = await _numbered(verification_no).select_related("licence__licence_type").first()
    if row is None:
        raise NumberNotFound()
    return NumberedVerification(
        verification_no=row.verification_no,
        way=row.way,
        licence_type=row.licence.licence_type_id,
        licence_name=row.licence.licence_type.name,
        outcome=row.outcome,
        reason=row.reason,
        organisation_name=row.organisation_name,
        verified_at=row.verified_at,
    )


async def report_misuse(verification_no: str, misuse: Misuse, *, caller: Caller) -> ReportedMisuse:
    """Put a check before the people of the department that answers for the verifier. 举报

    Only the licence's holder may; the same said twice is one task. A code and no free text, so that
    no personal data comes to stand in the queue: whoever takes it up asks.
    """
    holder_id = caller.required_party()
    row = await _numbered(verification_no).filter(licence__holder_id=holder_id).first()
    if row is None:
        raise NumberNotFound()
    organisation = await VerifierOrganisation.get_or_none(id=row.organisation_id)
    licence = await row.licence
    async with in_transaction():
        await raise_task(
            "licences.misuse_reported",
            department=organisation.department if organisation else licence.department,
            subject=f"verification:{row.verification_no}",
            dedupe_key=f"licences.misuse_reported:{row.id}:{misuse}",
            misuse=misuse.value,
            organisation=str(row.organisation_id),
        )
        await audit.record(
            caller.actor(),
            "licences.report_misuse",
            f"verification:{row.id}",
            misuse=misuse.value,
        )
    return ReportedMisuse(
        verification_no=row.verification_no,
        misuse=misuse,
        organisation_name=row.organisation_name,
    )


def _numbered(verification_no: str) -> QuerySet[Verification]:
    """Refused as not found when it is longer than any: the column would refuse to be asked."""
    if len(verification_no) > _LONGEST:
        raise NumberNotFound()
    return Verification.filter(verification_no=verification_no)
