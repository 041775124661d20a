"""Switches for Alipay's bad days. 控制"""

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from sandbox.alipay.login import Names, set_names
from sandbox.alipay.transfers import Pace, set_pace
from sandbox.world import World


class App(Struct, forbid_unknown_fields=True):
    app_id: str


class NamesOf(Struct, forbid_unknown_fields=True):
    """By which names an app is told of its users."""

    app_id: str
    names: Names


class AlipayControlController(Controller):
    path = "/control/alipay"

    @post("/names", status_code=200)
    async def names(self, data: JSONBody[NamesOf], world: NamedDependency[World]) -> NamesOf:
        """Let an app be in its older mode, in its newer one, or between the two."""
        set_names(world, data.app_id, data.names)
        return data

    @post("/certificate", status_code=200)
    async def change_certificate(
        self, data: JSONBody[App], world: NamedDependency[World]
    ) -> dict[str, str]:
        """Alipay signs with another key from now on; its certificate can be downloaded."""
        return {"alipay_cert_sn": world.change_alipay_certificate(data.app_id)}

    @post("/transfers", status_code=200)
    async def transfers(self, data: JSONBody[Pace], world: NamedDependency[World]) -> Pace:
        """Transfers made from now on are DEALING for so long, and then end so."""
        set_pace(world, data)
        return data
