"""The licence registries of this city and of its neighbour, each with its own key. 电子证照库"""

from base64 import b64encode
from typing import Annotated

from litestar import Controller, Response, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from msgspec import Meta, Struct

from sandbox.city_licences import LicenceRegistry
from sandbox.keys import REGISTRY
from sandbox.licence_book import LicenceBook
from sandbox.machines import AnyRequest, MachineCall, open_call
from sandbox.refusals import MachineRefusal
from sandbox.world import World

HOST = "/licence-registries"


class Holder(Struct, forbid_unknown_fields=True):
    holder_type: str
    holder_code: str


class Numbered(Struct, forbid_unknown_fields=True):
    type_code: str
    number: str


class After(Struct, forbid_unknown_fields=True):
    after: Annotated[str, Meta(pattern=r"^([0-9]{1,9}:[0-9]{1,9})?\Z")]
    limit: Annotated[int, Meta(ge=1, le=500)]


class Identified(Struct, forbid_unknown_fields=True):
    identifier: str


def find_registry(world: World, name: str) -> LicenceRegistry:
    found = next((row for row in world.city.licence_registries if row.name == name), None)
    if found is None:
        raise NotFoundException
    return found


async def registry_call(request: AnyRequest) -> MachineCall:
    name = request.path_params["registry"]
    find_registry(request.app.state.world, name)
    return await open_call(request, machine=f"{REGISTRY}{name}", prefix=f"{HOST}/{name}")


def book_of(state: State, registry: FromPath[str]) -> LicenceBook:
    world: World = state.world
    return LicenceBook(world, find_registry(world, registry))


class LicenceRegistryController(Controller):
    path = f"{HOST}/{{registry:str}}/licences"
    dependencies = {
        "call": Provide(registry_call),
        "licences": Provide(book_of, sync_to_thread=False),
    }

    @post("/held")
    async def held(
        self,
        call: NamedDependency[MachineCall],
        licences: NamedDependency[LicenceBook],
        world: NamedDependency[World],
    ) -> Response[bytes]:
        asked = call.read(Holder)
        rows = licences.held_by(asked.holder_type, asked.holder_code)
        return call.answer({"as_of": world.clock.now(), "licences": rows})

    @post("/find")
    async def find(
        self,
        call: NamedDependency[MachineCall],
        licences: NamedDependency[LicenceBook],
        world: NamedDependency[World],
    ) -> Response[bytes]:
        asked = call.read(Numbered)
        rows = licences.find(asked.type_code, asked.number)
        return call.answer({"as_of": world.clock.now(), "licences": rows})

    @post("/changes")
    async def changes(
        self,
        call: NamedDependency[MachineCall],
        licences: NamedDependency[LicenceBook],
        world: NamedDependency[World],
    ) -> Response[bytes]:
        asked = call.read(After)
        rows, place, more = licences.changes(asked.after, asked.limit)
        return call.answer(
            {"as_of": world.clock.now(), "changes": rows, "next": place, "more": more}
        )

    @post("/portraits")
    async def portrait(
        self, call: NamedDependency[MachineCall], licences: NamedDependency[LicenceBook]
    ) -> Response[bytes]:
        content = licences.portrait(call.read(Identified).identifier)
        if content is None:
            raise MachineRefusal(404, "not_found", "no picture on this licence")
        return call.answer({"media_type": "image/jpeg", "content": b64encode(content).decode()})
