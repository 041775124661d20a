"""Who may ask a provider to pay, and what an unanswered asking leaves open. 请求拨付"""

from datetime import datetime, timedelta

from payments.kinds import DisbursementStatus
from payments.models import Disbursement

ASKING_LASTS = timedelta(seconds=30)
MAY_STILL_LAND = timedelta(days=1)
"""How long an asking without an answer may still be carried out at the provider, unknown to its
queries. Until then a refusal of its repeat proves nothing, and no other wallet is taken."""


async def claim_asking(disbursement: Disbursement, at: datetime) -> bool:
    """One asks at a time; who dies while asking is replaced when the claim has run out."""
    free = Disbursement.filter(id=disbursement.id, status=disbursement.status)
    claimed = {"status": DisbursementStatus.UNKNOWN, "asked_until": at + ASKING_LASTS}
    if await free.filter(asked_until=None).update(**claimed):
        return True
    died = {**claimed, "unanswered_at": at}
    return bool(await free.filter(asked_until__lte=at).update(**died))


async def leave_unanswered(disbursement: Disbursement, at: datetime) -> None:
    """The asking got no answer; somebody may ask again with the same number."""
    await Disbursement.filter(id=disbursement.id).update(asked_until=None, unanswered_at=at)


def may_still_land(disbursement: Disbursement, at: datetime) -> bool:
    """Whether an earlier asking may yet be carried out."""
    since = disbursement.unanswered_at
    return since is not None and at < since + MAY_STILL_LAND
