"""The population register and the business register. 人口库, 法人库"""

from hashlib import sha256

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from msgspec import Struct

from sandbox.machines import AnyRequest, MachineCall, open_call
from sandbox.refusals import MachineRefusal
from sandbox.world import World

HOST = "/registers"


class Check(Struct, forbid_unknown_fields=True):
    name: str
    id_number: str


async def population_call(request: AnyRequest) -> MachineCall:
    return await open_call(request, machine="population_register", prefix=HOST)


async def business_call(request: AnyRequest) -> MachineCall:
    return await open_call(request, machine="business_register", prefix=HOST)


class PopulationController(Controller):
    path = f"{HOST}/population"
    dependencies = {"call": Provide(population_call)}

    @post("/checks")
    async def check(
        self, call: NamedDependency[MachineCall], world: NamedDependency[World]
    ) -> Response[bytes]:
        """Whether name and number belong together; `alive` is told of a match only."""
        asked = call.read(Check)
        person = world.city.person_with_id_number(asked.id_number)
        if person is None:
            return call.answer({"result": "not_found", "alive": False})
        if person.name != asked.name:
            return call.answer({"result": "mismatch", "alive": False})
        return call.answer({"result": "match", "alive": person.alive})


class BusinessController(Controller):
    path = f"{HOST}/business"
    dependencies = {"call": Provide(business_call)}

    @get("/entities/{uscc:str}")
    async def entity(
        self, uscc: FromPath[str], call: NamedDependency[MachineCall], world: NamedDependency[World]
    ) -> Response[bytes]:
        found = world.city.enterprises.get(uscc)
        if found is None:
            raise MachineRefusal(404, "not_found", "no such entity")
        head = world.city.people[found.legal_representative]
        return call.answer(
            {
                "uscc": found.uscc,
                "name": found.name,
                "status": found.status,
                "legal_representative": {
                    "name": head.name,
                    "id_number_sha256": sha256(head.id_number.encode()).hexdigest(),
                },
                "division": found.division,
            }
        )
