from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Struct

from core.clock import now
from core.sealing import Vault
from identity import acting
from identity.acting import PartyNotFound
from identity.callers import Caller, RealNameRequired
from identity.choices import ActingChoice, list_choices
from identity.providers import BusinessRegister, RegisterFailed
from identity.representing import NotRepresentative
from identity.sessions import SignedIn
from identity.tokens import TokenIssuer
from web.pages import Page, whole


class ActingRequest(Struct, frozen=True, forbid_unknown_fields=True):
    party_id: UUID


class ActingController(Controller):
    """代办: for whom I may act, and acting for them."""

    tags = ["代办"]

    @get(
        "/me/parties",
        summary="可代办的对象",
        description="本人、被监护人、担任法定代表人的单位，以及委托我代办的人和单位。",
        errors=(RealNameRequired,),
    )
    async def index(
        self, caller: NamedDependency[Caller], vault: NamedDependency[Vault]
    ) -> Page[ActingChoice]:
        return whole(await list_choices(caller, vault=vault, at=now()))

    @post(
        "/sessions/acting",
        summary="切换代办对象",
        description="取得一对新的令牌，用它办的事都是替该对象办的；选本人即切换回来。"
        "原来的令牌仍可使用，退出登录时一并结束。法定代表人须与法人库一致。",
        example={"party_id": "0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6e"},
        errors=(RealNameRequired, PartyNotFound, NotRepresentative, RegisterFailed),
    )
    async def act_for(
        self,
        data: JSONBody[ActingRequest],
        caller: NamedDependency[Caller],
        business_register: NamedDependency[BusinessRegister],
        vault: NamedDependency[Vault],
        issuer: NamedDependency[TokenIssuer],
    ) -> SignedIn:
        return await acting.act_for(
            caller,
            data.party_id,
            register=business_register,
            vault=vault,
            issuer=issuer,
            at=now(),
        )
