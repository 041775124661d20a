"""People who act for each other, signed in. Each function makes one valid thing."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import count

from stdnum.cn import ric

from core.sealing import Vault
from identity import persons
from identity.acting import act_for
from identity.callers import Caller
from identity.entities import register_entity
from identity.invitations import Meant, Offer, Sent, invite
from identity.kinds import InvitationKind, Right, Scope
from identity.models import LegalEntity
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from tests.fakes.identity import (
    FakeBusinessRegister,
    FakeProvider,
    caller_of,
    real_name_account,
)
from tests.given import AT

_serials = count(100, 2)

USCC = "91110000600037341L"
UNTIL = date(2027, 6, 30)


def number(born: str = "19510308", serial: int = 902) -> str:
    body = f"330100{born}{serial % 1000:03d}"
    return str(body + ric.calc_check_digit(body + "0"))


class People:
    """Signs people in, each with an account of their own."""

    def __init__(self, vault: Vault, issuer: TokenIssuer) -> None:
        self.vault, self.issuer = vault, issuer
        self.register = FakeBusinessRegister()

    async def resident(self, name: str, *, born: str = "19760921") -> Caller:
        serial = next(_serials)
        subject = f"openid-{serial}"
        await real_name_account(
            name=name, id_number=number(born, serial), vault=self.vault, subject=subject
        )
        pair = await log_in(subject, provider=FakeProvider(), issuer=self.issuer, at=AT)
        return await caller_of(pair, at=AT)

    async def enterprise(self, representative: Caller) -> LegalEntity:
        entity = await register_entity(
            uscc=USCC,
            name="临溪精密机械有限公司",
            division="330199",
            legal_representative_id=representative.person_id,
            vault=self.vault,
        )
        await self.registered(entity, representative)
        return entity

    async def registered(self, entity: LegalEntity, representative: Caller) -> None:
        """The business register names this person from now on."""
        id_number = await persons.id_number(representative.required_person(), vault=self.vault)
        self.register.register(entity, id_number=id_number)

    async def acting(self, caller: Caller, entity: LegalEntity, at: datetime = AT) -> Caller:
        pair = await act_for(
            caller,
            entity.id,
            register=self.register,
            vault=self.vault,
            issuer=self.issuer,
            at=at,
        )
        return await caller_of(pair, at=at)

    async def invite_agent(
        self, caller: Caller, name: str = "陈丽", scope: Scope = Scope.CONFIRMER
    ) -> Sent:
        offer = Offer(kind=InvitationKind.AGENT, scope=scope, until_on=UNTIL)
        return await self.send(caller, offer, Meant(name=name))

    async def ask_elder(
        self, caller: Caller, name: str = "王桂兰", rights: Iterable[Right] = (Right.PAY,)
    ) -> Sent:
        offer = Offer(
            kind=InvitationKind.CARE,
            scope=Scope.HELPER,
            rights=frozenset(rights),
            until_on=UNTIL,
        )
        return await self.send(caller, offer, Meant(name=name))

    async def send(self, caller: Caller, offer: Offer, meant: Meant) -> Sent:
        return await invite(caller, offer, meant, register=self.register, vault=self.vault, at=AT)


LATER = AT + timedelta(minutes=5)
