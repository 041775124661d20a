"""What can go wrong with one try to deliver a callback."""

from collections.abc import Mapping

from sandbox.faults import Strike, change_letter, flip_bit

SIGNATURE = "Wechatpay-Signature"
COPIES = {"drop": 0, "duplicate": 2}


class Fate:
    """How one try fares; without a strike, as it should."""

    def __init__(self, strike: Strike | None) -> None:
        self._strike = strike
        self._fault = strike.fault if strike else None
        self._seconds = strike.rule.seconds if strike else 0.0

    @property
    def waits_seconds(self) -> float:
        """How long it is put off: reordered ones for a part of the time, each for its own."""
        if self._strike is not None and self._fault == "reorder":
            return self._strike.dice.uniform(0, self._seconds) or self._seconds
        return self._seconds if self._fault == "delay" else 0.0

    @property
    def skew_seconds(self) -> float:
        return self._seconds if self._fault == "clock_skew" else 0.0

    @property
    def copies(self) -> int:
        """How often it arrives, all at once."""
        return COPIES.get(str(self._fault), 1)

    @property
    def is_heard(self) -> bool:
        return self._fault != "answer_lost"

    def spoil(self, headers: Mapping[str, str], content: bytes) -> tuple[dict[str, str], bytes]:
        """One bit of the body turned over, or one letter of the signature."""
        given = dict(headers)
        if self._strike is None or self._fault != "corrupt":
            return given, content
        dice = self._strike.dice
        if SIGNATURE in given and dice.random() < 0.5:
            given[SIGNATURE] = change_letter(given[SIGNATURE], dice)
            return given, content
        return given, flip_bit(content, dice)
