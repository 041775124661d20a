"""What an official at a registry does to a licence: suspend, revoke, restore, renew. 登记变更"""

from datetime import date
from typing import Any, Literal

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from sandbox.clock import CHINA
from sandbox.licence_book import LicenceBook
from sandbox.licence_registry import find_registry
from sandbox.world import World

STATES = {"suspend": "suspended", "revoke": "revoked", "restore": "valid", "renew": "valid"}


class Decision(Struct, forbid_unknown_fields=True):
    """By number; `on` is today unless said, `valid_until` the new last day of a renewal."""

    number: str
    act: Literal["suspend", "revoke", "restore", "renew"]
    on: date | None = None
    valid_until: date | None = None


class LicenceControlController(Controller):
    path = "/control/licence-registries/{registry:str}"

    @post("/decisions", status_code=200)
    async def decide(
        self,
        registry: FromPath[str],
        data: JSONBody[Decision],
        world: NamedDependency[World],
    ) -> dict[str, Any]:
        """Enter it in the registry's book; the licence as it then stands."""
        book = LicenceBook(world, find_registry(world, registry))
        found = next((row for row in book.all() if row[0].number == data.number), None)
        if found is None:
            raise NotFoundException
        licence, before = found
        on = str(data.on or world.clock.now().astimezone(CHINA).date())
        renewed = data.act == "renew"
        last_day = str(data.valid_until) if data.valid_until else None
        world.book.write(
            "INSERT INTO licence_changes (registry, identifier, state, state_on, registered_on,"
            " valid_until, version) VALUES (?, ?, ?, ?, ?, ?, ?)",
            registry,
            licence.identifier,
            STATES[data.act],
            on,
            on if renewed else before["registered_on"],
            last_day if renewed else before["valid_until"],
            int(before["identifier"].split(".")[-2]) + renewed,
        )
        return next(row for one, row in book.all() if one is licence)
