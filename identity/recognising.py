"""Somebody other than the caller, named by name and number: a living, registered person. 核对"""

from msgspec import Struct

from core.sealing import Vault
from identity import persons
from identity.id_numbers import read_id_number
from identity.models import Person
from identity.providers import PopulationRegister, RegisterResult
from identity.real_names import RealNameMismatch


class Named(Struct, frozen=True, kw_only=True):
    """A person as their document says it."""

    name: str
    id_number: str

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


async def recognise(named: Named, *, register: PopulationRegister, vault: Vault) -> Person:
    """The living person whom the register knows by this name and number, or the refusal."""
    number = read_id_number(named.id_number).text
    name = persons.plain_name(named.name)
    answer = await register.check(name=name, id_number=number)
    if answer.result is not RegisterResult.MATCH or not answer.alive:
        raise RealNameMismatch()
    return await persons.register_person(name=name, id_number=number, vault=vault)
