from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from litestar import Controller, get
from litestar.di import NamedDependency

from core.clock import date_in_china, now
from core.masking import mask_name
from core.sealing import Vault
from identity.callers import Caller
from identity.choices import ActingChoice, list_choices
from identity.kinds import Level, PartyKind, Scope
from identity.profiles import get_preferences
from licences.models import Licence, LicenceStatus
from licences.wallet import list_closed
from miniprogram_api.home_speech import Waiting, say_what_waits
from notifications.messages import count_unread, list_messages
from notifications.models import Message
from notifications.wording import title
from payments.kinds import OrderStatus
from payments.models import FeeOrder
from payments.orders import list_orders
from proactive.entitlements import amount_in_words, list_entitlements
from proactive.kinds import Delivery, EntitlementStatus, Mode
from proactive.models import Entitlement
from web.views import View

TOP = 3
COUNTED = 100
"""A first screen counts no further: it shows "99+"."""


class PartyView(View, frozen=True):
    """One party the caller may act for. A person's name is masked."""

    party_id: UUID
    kind: PartyKind
    name: str
    relation: str
    scope: Scope


class MeView(View, frozen=True):
    """`acting_for` is there while acting for somebody else, as in `/v1/me`."""

    provider: str
    level: int
    acting_for: PartyView | None
    may_act_for: list[PartyView]
    elder_mode: bool
    language: str


class FeeLine(View, frozen=True):
    order_no: str
    title: str
    agency_name: str
    amount_fen: int
    deadline_at: datetime | None


class FeesView(View, frozen=True):
    open: int
    top: list[FeeLine]


class LicenceLine(View, frozen=True):
    id: UUID
    licence_type: str
    name: str
    status: LicenceStatus
    valid_until: date | None


class LicencesView(View, frozen=True):
    count: int
    top: list[LicenceLine]


class EntitlementLine(View, frozen=True):
    """`amount_fen` is there when the `unit` is money; `amount` says it in words in any case."""

    id: UUID
    title: str
    amount: str
    deadline_on: date | None
    amount_fen: int | None
    unit: str


class EntitlementsView(View, frozen=True):
    """Benefits that wait for the caller's yes."""

    offered: int
    top: list[EntitlementLine]


class MessageLine(View, frozen=True):
    id: UUID
    title: str
    created_at: datetime
    kind: str
    about: str
    read_at: datetime | None


class MessagesView(View, frozen=True):
    unread: int
    top: list[MessageLine]


class HomeView(View, frozen=True):
    """The first screen. Before real-name proof there is nobody to act for, and all is empty.

    `speech` is to be read aloud: what waits.
    """

    me: MeView
    fees: FeesView
    licences: LicencesView
    entitlements: EntitlementsView
    messages: MessagesView
    speech: str


class HomeController(Controller):
    """首页: everything the first screen shows, in one request."""

    path = "/home"
    tags = ["首页"]

    @get(
        summary="首页",
        description="一次请求给出首屏所需：本人与代办身份、待缴费、证照、待确认的待遇、未读消息。"
        "实名认证前各项为空。支持 ETag：内容没有变化时返回 304。",
    )
    async def show(
        self, caller: NamedDependency[Caller], vault: NamedDependency[Vault]
    ) -> HomeView:
        at = now()
        me, fees = await _me(caller, vault, at), await _fees(caller)
        licences = await _licences(caller, at)
        entitlements, messages = await _entitlements(caller), await _messages(caller)
        waiting = Waiting(fees=fees.open, benefits=entitlements.offered, messages=messages.unread)
        speech = say_what_waits(waiting, language=caller.language)
        return HomeView(me, fees, licences, entitlements, messages, speech)


async def _me(caller: Caller, vault: Vault, at: datetime) -> MeView:
    choices: Sequence[ActingChoice] = []
    if caller.person_id is not None and caller.level >= Level.REAL_NAME:
        choices = await list_choices(caller, vault=vault, at=at)
    parties = [_party(choice) for choice in choices]
    others = (party for party in parties if party.party_id != caller.person_id)
    acting_for = next((party for party in others if party.party_id == caller.party_id), None)
    liked = await get_preferences(caller)
    return MeView(
        caller.provider, caller.level, acting_for, parties, liked.elder_mode, liked.language
    )


def _party(choice: ActingChoice) -> PartyView:
    is_person = choice.kind is PartyKind.PERSON
    name = mask_name(choice.name) if is_person else choice.name
    return PartyView(choice.party_id, choice.kind, name, choice.relation, choice.scope)


async def _fees(caller: Caller) -> FeesView:
    if caller.party_id is None:
        return FeesView(0, [])
    orders = await list_orders(caller=caller, status=OrderStatus.OPEN, after=None, limit=COUNTED)
    return FeesView(len(orders), [_fee(order) for order in orders[:TOP]])


def _fee(order: FeeOrder) -> FeeLine:
    return FeeLine(
        order.order_no, order.title, order.agency.name, order.amount_fen, order.deadline_at
    )


async def _licences(caller: Caller, at: datetime) -> LicencesView:
    if caller.party_id is None:
        return LicencesView(0, [])
    rows, today = await list_closed(caller), date_in_china(at)
    return LicencesView(len(rows), [_licence(row, today) for row in rows[:TOP]])


def _licence(row: Licence, today: date) -> LicenceLine:
    status = row.status_on(today)
    return LicenceLine(row.id, row.licence_type_id, row.licence_type.name, status, row.valid_until)


async def _entitlements(caller: Caller) -> EntitlementsView:
    if caller.party_id is None:
        return EntitlementsView(0, [])
    mine = await list_entitlements(caller.party_id, limit=COUNTED)
    offered = [entitlement for entitlement in mine if _waits_for_a_yes(entitlement)]
    return EntitlementsView(len(offered), [_entitlement(one) for one in offered[:TOP]])


def _waits_for_a_yes(entitlement: Entitlement) -> bool:
    version = entitlement.version
    asks = version.delivery is Delivery.PAID and version.mode is not Mode.DIRECT
    return asks and entitlement.status is EntitlementStatus.NOTIFIED


def _entitlement(entitlement: Entitlement) -> EntitlementLine:
    version, quantity = entitlement.version, entitlement.quantity or 0
    unit = version.document["unit"]["of"]
    return EntitlementLine(
        id=entitlement.id,
        title=version.title,
        amount=amount_in_words(version, quantity),
        deadline_on=entitlement.deadline_on,
        amount_fen=quantity if unit == "fen" else None,
        unit=unit,
    )


async def _messages(caller: Caller) -> MessagesView:
    if caller.party_id is None:
        return MessagesView(0, [])
    messages = await list_messages(caller.party_id, limit=TOP)
    unread = await count_unread(caller.party_id)
    return MessagesView(unread, [_message(message, caller) for message in messages])


def _message(message: Message, caller: Caller) -> MessageLine:
    shown = title(message, language=caller.language)
    return MessageLine(
        message.id, shown, message.created_at, message.kind, message.about, message.read_at
    )
