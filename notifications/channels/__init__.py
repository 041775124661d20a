"""Ways out of the house. Each declares its contract about repeats; without one nothing starts.

An adapter turns our words into a provider's and back; it keeps no state and touches no table.
"""

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from msgspec import Struct

from core.errors import Rejected


class ValueRefused(Rejected):
    code = "notifications.value_refused"
    message = "消息内容不符合模板要求"
    shown = ("field",)


class Contract(StrEnum):
    """What may be done when nobody knows whether a send arrived."""

    DEDUPE = "dedupe"  # repeat with the same number: the provider drops it
    QUERY = "query"  # ask the provider what became of it
    AT_MOST_ONCE = "at_most_once"  # neither: never send it again by itself


class Notice(Struct, frozen=True, kw_only=True):
    """One message to one account in one app, its values already fitted to the template."""

    appid: str
    to: str
    template_id: str
    values: Mapping[str, str]
    page: str


class Sent(Struct, frozen=True):
    provider_no: str | None


class Refusal(StrEnum):
    """Why the provider took nothing, and so what may be done next."""

    CONSENT_GONE = "consent_gone"  # the user does not want it, or no consent is left
    ADDRESS = "address"  # nobody of that name in this app
    VALUE = "value"  # a value does not fit the template
    SETUP = "setup"  # template, page or permission: an operator must look
    DAY_LIMIT = "day_limit"  # no more today
    LATER = "later"  # the provider is busy or out of reach


class NotSent(Struct, frozen=True, kw_only=True):
    """Certainly not sent. `code` is the provider's."""

    why: Refusal
    code: str
    field: str | None = None


class Unclear(Struct, frozen=True):
    """It may have been sent; nobody can tell."""

    code: str


SendResult = Sent | NotSent | Unclear


@runtime_checkable
class Channel(Protocol):
    name: ClassVar[str]
    contract: ClassVar[Contract]

    def fit(self, values: Mapping[str, str]) -> dict[str, str]:
        """The values as the provider takes them, cut where that does no harm; or ValueRefused."""
        ...

    async def send(self, notice: Notice) -> SendResult:
        """Send once. Whatever the provider answers is a result; nothing is raised for it."""
        ...


class ContractMissing(Exception):
    """A channel that does not say what it promises, or promises what nobody here relies on."""


class Channels:
    """The channels of this deployment by name. Made at the start, which a wrong one stops."""

    def __init__(self, channels: Iterable[Channel] = ()) -> None:
        self._by_name = {channel.name: channel for channel in channels}
        for channel in self._by_name.values():
            if getattr(channel, "contract", None) is not Contract.AT_MOST_ONCE:
                raise ContractMissing(channel.name)

    def find(self, name: str) -> Channel | None:
        return self._by_name.get(name)

    def __iter__(self) -> Iterator[Channel]:
        return iter(self._by_name.values())
