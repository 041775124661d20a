"""Bad days on demand: what goes wrong, where and how often; the same again for the same seed. 故障

The n-th request that a rule looks at fares alike in every run, whatever else goes on beside it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from fnmatch import fnmatchcase
from random import Random
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Fault = Literal[
    "delay",
    "drop",
    "duplicate",
    "reorder",
    "corrupt",
    "error",
    "answer_lost",
    "late",
    "half_open",
    "key_rotation",
    "clock_skew",
]
On = Literal["call", "callback"]

ONLY: dict[str, On] = {
    "reorder": "callback",
    "error": "call",
    "late": "call",
    "half_open": "call",
}
"""What can go wrong on one side only."""

MODES = ("public_key", "certificate", "both")
LOG_LASTS = 100_000


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong with some of the calls to us, or of the callbacks from us.

    `path` is a pattern with `*` and `?` for path and query. `seconds` is how long, how late or how
    wrong; `code` the error, or the mode that WeChat Pay signs in from then on; `times` the most.
    """

    path: str
    fault: Fault
    on: On = "call"
    probability: Annotated[float, Meta(ge=0, le=1)] = 1.0
    seconds: Annotated[float, Meta(ge=-(10**7), le=10**7)] = 1.0
    code: str = ""
    times: Annotated[int, Meta(ge=0)] | None = None

    def __post_init__(self) -> None:
        if ONLY.get(self.fault, self.on) != self.on:
            raise ValueError(f"{self.fault} does not happen to a {self.on}")
        if self.fault == "error" and not self.code:
            raise ValueError("an error has a code")
        is_alipays = "alipay" in self.path  # it has no modes to choose from
        if self.fault == "key_rotation" and self.code not in MODES and not is_alipays:
            raise ValueError(f"WeChat Pay signs in one of these modes: {', '.join(MODES)}")


class Plan(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to go wrong. The first rule that strikes is the only one."""

    seed: int = 0
    rules: list[Rule] = []


class Happening(Struct, frozen=True):
    """Something that went wrong: by which rule, at which of those it looked at, and to whom."""

    rule: int
    occurrence: int
    fault: Fault
    target: str


class Strike(Struct, frozen=True):
    """A rule that strikes now, and the dice for what it leaves to chance."""

    rule: Rule
    dice: Random

    @property
    def fault(self) -> Fault:
        return self.rule.fault


class Report(Struct, frozen=True):
    """The plan, how many requests each rule looked at, and all that happened."""

    plan: Plan
    looked_at: list[int]
    happened: list[Happening]


class Faults:
    """What goes wrong in one world, and the calls that are still to be carried out."""

    def __init__(self) -> None:
        self.follow(Plan())
        self._late: list[tuple[datetime, Callable[[], Awaitable[Any]]]] = []

    def follow(self, plan: Plan) -> None:
        """From now on this goes wrong, counted anew. What is late already still comes."""
        self._plan = plan
        self._looked_at = [0] * len(plan.rules)
        self._struck = [0] * len(plan.rules)
        self._happened: list[Happening] = []

    def on_call(self, target: str) -> Strike | None:
        """What goes wrong with this call; `target` is path and query. Only platforms have days."""
        return self._roll("call", target) if _is_platform(target) else None

    def on_callback(self, target: str) -> Strike | None:
        return self._roll("callback", target)

    def report(self) -> Report:
        return Report(self._plan, list(self._looked_at), list(self._happened))

    def put_off(self, due_at: datetime, work: Callable[[], Awaitable[Any]]) -> None:
        """Carry this out when its time has come, though nobody waits for the answer."""
        self._late.append((due_at, work))

    async def catch_up(self, at: datetime) -> int:
        """Carry out what was put off until now; how many there were."""
        due = [work for due_at, work in self._late if due_at <= at]
        self._late = [(due_at, work) for due_at, work in self._late if due_at > at]
        for work in due:
            await work()
        return len(due)

    def _roll(self, on: On, target: str) -> Strike | None:
        struck = None
        for index, rule in enumerate(self._plan.rules):
            if rule.on != on or not fnmatchcase(target, rule.path):
                continue
            self._looked_at[index] += 1  # also when an earlier rule struck: each counts for itself
            if struck is None:
                struck = self._strike(index, rule, target)
        return struck

    def _strike(self, index: int, rule: Rule, target: str) -> Strike | None:
        occurrence = self._looked_at[index]
        dice = Random(f"{self._plan.seed}/{index}/{occurrence}")
        used_up = rule.times is not None and self._struck[index] >= rule.times
        if used_up or dice.random() >= rule.probability:
            return None
        self._struck[index] += 1
        if len(self._happened) < LOG_LASTS:
            self._happened.append(Happening(index, occurrence, rule.fault, target))
        return Strike(rule, dice)


def flip_bit(data: bytes, dice: Random) -> bytes:
    """The same with one bit turned over."""
    if not data:
        return data
    at = dice.randrange(len(data) * 8)
    changed = bytearray(data)
    changed[at // 8] ^= 1 << at % 8
    return bytes(changed)


def change_letter(text: str, dice: Random) -> str:
    """The same with one letter changed, such as a signature in Base64 or hex; not at its end,
    where Base64 has bits that count for nothing."""
    at = dice.randrange(max(1, len(text) - 4))
    return text[:at] + ("A" if text[at : at + 1] != "A" else "B") + text[at + 1 :]


def _is_platform(target: str) -> bool:
    """A platform's first part is its host name; the registers and the bank are ours to name."""
    host = target.lstrip("/").partition("/")[0].partition("?")[0]
    return "." in host or host in ("registers", "licence-registries", "bank", "sms")
