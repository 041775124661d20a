"""What is done in a process that dies, done again by one that lives, and then looked at.

A flow makes its rows in the database and keeps what lies outside in files, so that the second
process finds what the first one left, in both.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from msgspec import Struct

from core.sealing import Vault
from identity.callers import Caller
from identity.models import Session
from identity.sessions import signed_in
from tests.fakes.identity import caller_of, make_issuer

Pages = Mapping[str, list[dict[str, Any]]]
"""What somebody outside has written down, in the columns of the sandbox's book."""


class Scene(Struct, frozen=True):
    """Where a flow happens: `outside` is the folder of those who are not us."""

    vault: Vault
    outside: Path
    at: datetime


class Flow(ABC):
    """One verb with the crash points it passes, and how long after a crash it is tried again."""

    points: ClassVar[tuple[str, ...]]
    again_after: ClassVar[timedelta] = timedelta(minutes=10)

    @abstractmethod
    async def prepare(self, scene: Scene) -> None:
        """Make what the verb finds."""

    @abstractmethod
    async def act(self, scene: Scene) -> None:
        """Do it, in whichever process."""

    @abstractmethod
    async def check(self, scene: Scene) -> None:
        """Assert that it was done, and once."""

    async def pass_time(self) -> None:  # noqa: B027 - for most flows nothing
        """Let time pass where it goes by another clock than the scene's, before the next try."""

    def theirs(self, scene: Scene) -> Pages:
        """The book of whoever moved money or messages here. Nobody, when nothing is said."""
        return {}


async def the_caller(at: datetime) -> Caller:
    """Who has the only session there is."""
    session = await Session.get()
    return await caller_of(await signed_in(session.id, "", issuer=make_issuer(), at=at), at=at)
