"""That every code counts once: what was answered beside what the database kept. 一码一次"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from benchmarks.client import Came
from licences.models import Outcome, Presentation, Verification

USED = "409"


class Spent(Struct, frozen=True):
    """Codes since a moment. `answered` is how many scans were told that a code is good.

    `turned_away` are those told that it was used; `unheard`, by status, those told neither.
    """

    answered: int
    codes: int
    valid: int
    turned_away: int = 0
    unheard: dict[str, int] = {}

    @property
    def twice(self) -> int:
        """Good answers, or rows of such, beyond one for each code."""
        return max(self.answered, self.valid) - self.codes

    @property
    def exact(self) -> bool:
        """Each code that was spent is one good answer and one row, and no scan went unheard."""
        return self.answered == self.codes == self.valid and not self.unheard


async def count_spent(since: datetime, came: Sequence[Came]) -> Spent:
    """What the database says of all codes that were spent since then, beside what came of it."""
    bad = sum((Counter(one.bad) for one in came), Counter[str]())
    spent = Presentation.filter(verified_at__gte=since)
    kept = Verification.filter(verified_at__gte=since, outcome=Outcome.VALID, set_id=None)
    return Spent(
        answered=sum(one.good for one in came),
        codes=await spent.count(),
        valid=await kept.count(),
        turned_away=bad.pop(USED, 0),
        unheard=dict(bad),
    )


class Counted(Struct, frozen=True):
    """A case's scans of fresh codes, and those of codes that two verifiers scan at once."""

    alone: Spent
    contested: Spent

    @property
    def exact(self) -> bool:
        scans = self.contested.answered + self.contested.turned_away
        both_ended = scans == 2 * self.contested.codes
        return self.alone.exact and self.contested.exact and both_ended

    def told(self, case: str) -> str:
        one, two = self.alone, self.contested
        unheard = Counter(one.unheard) + Counter(two.unheard)
        neither = ", ".join(f"{count:,} × {status}" for status, count in unheard.items())
        return (
            f"{case}: {one.codes:,} codes, {one.valid:,} valid once, {one.twice:,} twice; of"
            f" {two.codes:,} codes scanned by two verifiers at once {two.valid:,} valid once,"
            f" {two.turned_away:,} scans turned away, {two.twice:,} twice"
            + (f"; scans that were told neither: {neither}" if neither else "")
        )
