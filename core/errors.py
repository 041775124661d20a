"""Refusals that a caller can act on.

A `DomainError` is an expected outcome, not a crash. Each concrete error sits beside the code that
raises it, inherits one of the kinds below, and carries a `code` that clients match on and a Chinese
`message` that a citizen can read. Its context carries ids for the log, never names, numbers or
secrets.
"""

from typing import ClassVar


class DomainError(Exception):
    code: ClassVar[str]
    message: ClassVar[str]
    shown: ClassVar[tuple[str, ...]] = ()
    """Context keys that the client may see, as `details`."""
    retry_after: int | None = None
    """Seconds after which trying again makes sense."""

    def __init__(self, **context: object) -> None:
        super().__init__(self.code, context)
        self.context = context

    def details(self) -> dict[str, object]:
        return {key: self.context[key] for key in self.shown if key in self.context}


class NotFound(DomainError):
    """Absent, or not this caller's to see."""


class NotAllowed(DomainError):
    """Known and visible, but this caller may not do it."""


class Conflict(DomainError):
    """The record is in a state that rules the action out."""


class Rejected(DomainError):
    """Well-formed input that the rules of the service turn down."""


class UpstreamFailed(DomainError):
    """A provider did not answer, or answered nonsense. Safe to try again."""

    retry_after: int | None = 5


class NotSignedIn(DomainError):
    """No caller, or no longer one."""


class TooMany(DomainError):
    """Within the rules, but not so often. Says when to come back."""

    def __init__(self, *, retry_after: int = 60, **context: object) -> None:
        super().__init__(**context)
        self.retry_after = retry_after
