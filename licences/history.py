"""Who checked a licence, when, what for, and what it was shown. 核验记录"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from identity.callers import Caller
from licences.licence_fields import definitions
from licences.models import LicenceStatus, Outcome, Verification
from licences.wallet import find_own


class PastVerification(Struct, frozen=True, kw_only=True):
    """One scan, as the holder sees it. `fields` are the labels of what the verifier was shown."""

    id: UUID
    verification_no: str
    organisation_name: str
    purpose: str
    outcome: Outcome
    reason: LicenceStatus | None
    fields: list[str]
    verified_at: datetime


async def list_verifications(
    licence_id: UUID, *, caller: Caller, before: UUID | None = None, limit: int = 20
) -> list[PastVerification]:
    """The newest scans of the party's own licence, older than `before`. 核验记录"""
    licence = await find_own(licence_id, caller)
    labels = {field.key: field.label for field in definitions(licence.licence_type)}
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
        outcome=row.outcome,
        reason=row.reason,
        fields=[labels.get(key, key) for key in row.fields_shown],
        verified_at=row.verified_at,
    )
