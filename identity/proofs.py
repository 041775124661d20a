"""What may count once: a login code, a phone payload. Only digests are kept."""

from datetime import datetime
from hashlib import sha256

from identity.models import OneTimeProof


async def claim_once(
    kind: str, proof: str, *, at: datetime, forget_after: datetime | None = None
) -> bool:
    """True for the first to bring this proof, however many come at once."""
    _, fresh = await OneTimeProof.get_or_create(
        digest=_digest(kind, proof), defaults={"used_at": at, "forget_after": forget_after}
    )
    return fresh


async def was_claimed(kind: str, proof: str) -> bool:
    """Whether somebody brought this proof before."""
    return await OneTimeProof.filter(digest=_digest(kind, proof)).exists()


async def give_back(kind: str, proof: str) -> None:
    """Let a proof be tried again, because it was not looked at."""
    await OneTimeProof.filter(digest=_digest(kind, proof)).delete()


async def forget_old_proofs(*, at: datetime) -> int:
    """Drop what can no longer be used anywhere."""
    return await OneTimeProof.filter(forget_after__lt=at).delete()


def _digest(kind: str, proof: str) -> str:
    return sha256(f"{kind}|{proof}".encode()).hexdigest()
