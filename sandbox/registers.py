"""The population register and the business register. 人口库, 法人库"""

from hashlib import sha256

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from msgspec import Struct

from sandbox.city import Person
from sandbox.machines import AnyRequest, MachineCall, open_call
from sandbox.refusals import MachineRefusal
from sandbox.world import World

HOST = "/registers"


class Check(Struct, forbid_unknown_fields=True):
    name: str
    id_number: str
    id_type: str = "resident_id"


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
        """Whether name and document belong together. Of a match only: whether they are alive, what
        the register calls them (the same for all their documents), when they were born, their sex.
        """
        asked = call.read(Check)
        person = world.city.person_with_id_number(asked.id_number, asked.id_type)
        if person is None:
            return call.answer({"result": "not_found", "alive": False})
        if person.name != asked.name:
            return call.answer({"result": "mismatch", "alive": False})
        told = {"result": "match", "alive": person.alive, "person_ref": _reference(person)}
        if person.birth_date and person.sex:
            told |= {"birth_date": person.birth_date, "sex": person.sex}
        return call.answer(told)


def _reference(person: Person) -> str:
    """What the register calls somebody: says nothing of them, and never changes."""
    return sha256(f"population register|{person.key}".encode()).hexdigest()[:32]


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
