"""Double-entry bookkeeping, written in the transaction of the change it records. 记账"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from core.ids import new_id
from payments.models import Disbursement, FeeOrder, Posting


async def post_entry(
    about: FeeOrder | Disbursement, lines: Mapping[str, int], *, at: datetime
) -> UUID:
    """Write one entry, in the caller's transaction. Lines that do not sum to nothing are a bug."""
    if sum(lines.values()):
        raise ValueError("an entry whose lines do not balance")
    entry_id = new_id()
    await Posting.bulk_create(
        Posting(
            id=new_id(),
            entry_id=entry_id,
            about=about.id,
            account=account,
            amount_fen=amount_fen,
            department=about.department,
            division=about.division,
            posted_at=at,
        )
        for account, amount_fen in lines.items()
    )
    return entry_id


def held_by(provider: str, merchant: str) -> str:
    """What a provider holds for us."""
    return f"held:{provider}:{merchant}"


def fees_of(department: str) -> str:
    """What a department earned."""
    return f"fees:{department}"


def benefits_of(department: str) -> str:
    """What a department paid out."""
    return f"benefits:{department}"


REFUNDS_DUE = "refunds_due"
"""Money that was paid twice, or too late, and has to go back."""

SUSPENSE = "suspense"
"""Money that does not fit its order, until a person decides."""
