"""Text messages on a resident's phone, and what the resident answers. 短信"""

from typing import Annotated

from litestar import Controller, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Meta, Struct

from sandbox.city import Person
from sandbox.phone.people import phone_owner
from sandbox.sms.control import Supplier
from sandbox.sms.messages import received, reply
from sandbox.world import World


class Answer(Struct, forbid_unknown_fields=True):
    """To whom a message came from: the supplier, and the extension behind its number."""

    supplier: Supplier
    text: Annotated[str, Meta(min_length=1, max_length=500)]
    extension: Annotated[str, Meta(pattern=r"\A[0-9]{0,4}\Z")] = ""


class SmsPhoneController(Controller):
    path = "/phone/{person_key:str}/sms"
    dependencies = {"person": Provide(phone_owner)}

    @get("/")
    async def messages(
        self, person: NamedDependency[Person], world: NamedDependency[World]
    ) -> list[dict[str, str]]:
        """The messages received, oldest first."""
        return [
            {
                "supplier": sms.supplier,
                "extension": sms.extension,
                "text": sms.text,
                "at": sms.due_at,
            }
            for sms in received(world, person)
        ]

    @post("/replies", status_code=200)
    async def reply(
        self,
        data: JSONBody[Answer],
        person: NamedDependency[Person],
        world: NamedDependency[World],
    ) -> dict[str, str]:
        told = reply(world, person, data.supplier, extension=data.extension, text=data.text)
        return {"reply_id": told}
