"""The addresses of the unified identity service, and a person's own hand on its page."""

from typing import Any
from urllib.parse import parse_qsl

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Struct

from sandbox.city import Person
from sandbox.machines import AnyRequest
from sandbox.phone.people import phone_owner
from sandbox.refusals import MachineRefusal
from sandbox.unified import Assurance, authorize, give_tokens, published_keys, tell_person
from sandbox.world import World

HOST = "/unified-identity"


class Visit(Struct, forbid_unknown_fields=True):
    """The address the product sent the person to, and how well the service knows them."""

    url: str
    assurance: Assurance = "2"


class UnifiedController(Controller):
    path = HOST

    @get("/jwks")
    async def keys(self, world: NamedDependency[World]) -> dict[str, Any]:
        return published_keys(world.keys.unified)

    @post("/token")
    async def token(
        self, request: AnyRequest, world: NamedDependency[World]
    ) -> Response[dict[str, Any]]:
        """Errors are told in the form of OAuth."""
        try:
            form = dict(parse_qsl((await request.body()).decode()))
            return Response(give_tokens(world, form), status_code=200)
        except MachineRefusal as refusal:
            told = {"error": refusal.code, "error_description": refusal.message}
            return Response(told, status_code=refusal.status)

    @get("/userinfo")
    async def person(self, request: AnyRequest, world: NamedDependency[World]) -> Response[bytes]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer":
            raise MachineRefusal(401, "invalid_token", "no token")
        content = tell_person(world, token).encode()
        return Response(content, status_code=200, media_type="application/jwt")


class UnifiedPhoneController(Controller):
    path = "/phone/{person_key:str}/unified"
    dependencies = {"person": Provide(phone_owner)}

    @post("/authorize", status_code=200)
    async def authorize(
        self,
        data: JSONBody[Visit],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        """Log in on the service's page; the address it leads back to."""
        return {"redirect": authorize(world, person, data.url, data.assurance)}
