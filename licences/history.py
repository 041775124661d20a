"""Who checked a licence, when, what for, and what it was shown. 核验记录"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from identity.callers import Caller
from licences.licence_fields import definitions
from licences.models import LicenceStatus, Outcome, Verification, Way
from licences.wallet import find_own
from licences.wanted import PORTRAIT


class PastVerification(Struct, frozen=True, kw_only=True):
    """One check, as the holder sees it. `fields` are the labels of what was told; a licence taken
    for a matter names that in `reference_no`.
    """

    id: UUID
    verification_no: str
    organisation_name: str
    purpose: str
    way: Way
    reference_no: str | None
    outcome: Outcome
    reason: LicenceStatus | None
    fields: list[str]
    verified_at: datetime


async def list_verifications(
    licence_id: UUID, *, caller: Caller, before: UUID | None = None, limit: int = 20
) -> list[PastVerification]:
    """The newest checks of the party's own licence, older than `before`. 核验记录"""
    licence = await find_own(licence_id, caller)
    labels = {field.key: field.label for field in definitions(licence.licence_type)}
    labels[PORTRAIT] = "照片"
    scans = Verification.filter(licence_id=licence.id)
    if before is not None:
        scans = scans.filter(id__lt=before)
    return [_past(row, labels) for row in await scans.order_by("-id").limit(limit)]


def _past(row: Verification, labels: dict[str, str]) -> PastVerification:
    return PastVerification(
        id=row.id,
        verification_no=row.verification_no,
        organisation_name=row.organisation_name,
        purpose=row.purpose,
        way=row.way,
        reference_no=row.reference_no,
        outcome=row.outcome,
        reason=row.reason,
        fields=[labels.get(key, key) for key in row.fields_shown],
        verified_at=row.verified_at,
    )
