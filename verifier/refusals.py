class Refused(Exception):
    """What was shown does not hold. `reason` is one of the words of `saying.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Undecided(Refused):
    """It cannot be told here: a key or a list is missing or too old, or the clock is wrong."""
