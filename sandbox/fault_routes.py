"""The switch for bad days, and what they brought. 故障控制"""

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from sandbox.faults import Plan, Report
from sandbox.world import World


class FaultController(Controller):
    path = "/control/faults"

    @post("/", status_code=200)
    async def follow(self, data: JSONBody[Plan], world: NamedDependency[World]) -> Report:
        """This goes wrong from now on, counted anew. A plan without rules: nothing any more."""
        world.faults.follow(data)
        return world.faults.report()

    @get("/")
    async def report(self, world: NamedDependency[World]) -> Report:
        """The plan and all that happened: the same plan to the same requests does it again."""
        return world.faults.report()
