"""Switches for whoever tests the product: hold back callbacks, move the clock. 控制"""

from datetime import timedelta

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from sandbox.posting import release, suppress
from sandbox.world import World


class Numbers(Struct, forbid_unknown_fields=True):
    """Our number of an order, trade or bill; `*` is all."""

    number: str


class Offset(Struct, forbid_unknown_fields=True):
    offset_seconds: float


class ControlController(Controller):
    path = "/control"

    @post("/callbacks/suppress", status_code=200)
    async def suppress(
        self, data: JSONBody[Numbers], world: NamedDependency[World]
    ) -> dict[str, str]:
        """Send no callback about this number until released: only a query finds the payment."""
        suppress(world, data.number)
        return {"suppressed": data.number}

    @post("/callbacks/release", status_code=200)
    async def release(
        self, data: JSONBody[Numbers], world: NamedDependency[World]
    ) -> dict[str, int]:
        return {"released": release(world, data.number)}

    @post("/clock", status_code=200)
    async def clock(
        self, data: JSONBody[Offset], world: NamedDependency[World]
    ) -> dict[str, float]:
        world.clock.offset = timedelta(seconds=data.offset_seconds)
        world.posted.set()
        return {"offset_seconds": data.offset_seconds}
