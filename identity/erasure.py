"""To be forgotten, as far as the law lets us: accounts close, what must stay is named. 注销与删除

Which classes of data there are, which law keeps each and how long, is told to us by whoever knows
all packages (`app.retention`). Of a person nothing stays but that and an unreadable hash, by which
somebody who comes back is found again and gets no benefit twice.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, datetime
from uuid import UUID, uuid4

from msgspec import Struct
from tortoise.expressions import F, Q
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit
from core.clock import date_in_china
from core.errors import Conflict, NotAllowed
from core.ids import new_id
from core.sealing import Vault
from identity.callers import Caller, OperatorCaller
from identity.kinds import GrantKind, Level
from identity.models import (
    Account,
    AccountAlias,
    ActingGrant,
    Erasure,
    ErasureItem,
    FaceCheck,
    IdDocument,
    IdentityClaim,
    LoginDevice,
    Person,
    PhoneContact,
    Session,
)
from identity.persons import full_name, rename_person, write_number
from identity.session_states import SessionStates
from identity.sessions import lock_sessions

ERASED_NAME, ERASED_NUMBER = "已注销", ""
_BATCH = 200


class OnlyForOneself(NotAllowed):
    code = "identity.only_for_oneself"
    message = "此事只能由本人为自己办理，请先切换回本人"


class ErasureBlocked(Conflict):
    code = "identity.erasure_blocked"
    message = "您还有未办完的款项，办完后才能注销"
    shown = ("reasons",)


class DataClass(Struct, frozen=True, kw_only=True):
    """One class of what is kept about a person, and what becomes of it when they leave.

    `kept_until` says until when the law keeps this person's; None, that nothing of it has to stay.
    `for_good` stays without an end. `names_the_person` needs name and number as long as it stays.
    """

    code: str
    title: str
    source: str
    kept_until: Callable[[UUID, datetime], Awaitable[date | None]]
    erase: Callable[[UUID, datetime], Awaitable[None]]
    blocked: Callable[[UUID], Awaitable[list[str]]] | None = None
    for_good: bool = False
    names_the_person: bool = False


class Retention(Struct, frozen=True):
    """Every class of data that there is."""

    classes: Sequence[DataClass]


class RetainedClass(Struct, frozen=True, kw_only=True):
    """What becomes of one class, as the person is told."""

    code: str
    title: str
    source: str
    erased: bool
    kept_until: date | None


class ErasurePlan(Struct, frozen=True, kw_only=True):
    """What closing the account would do today, and what stands in its way."""

    classes: list[RetainedClass]
    reasons: list[str]


def oneself(caller: Caller) -> UUID:
    """Who the caller is, for what nobody may do in another's name."""
    person_id = caller.required_person()
    if caller.party_id != person_id:
        raise OnlyForOneself(account_id=caller.account_id)
    return person_id


async def plan_erasure(caller: Caller, retention: Retention, *, at: datetime) -> ErasurePlan:
    """What would go, what would stay and why, and what has to be finished first."""
    person_id = oneself(caller)
    return ErasurePlan(
        classes=await _classes(person_id, retention, at),
        reasons=await _reasons(person_id, retention),
    )


async def erase_person(
    caller: Caller, retention: Retention, *, vault: Vault, states: SessionStates, at: datetime
) -> list[RetainedClass]:
    """Close all accounts of the caller's person and erase what no law keeps; say what stays.

    Refused while money is under way. A payment that starts at the very same moment is either seen
    here, or settles its order like any other: orders stay.
    """
    person_id = oneself(caller)
    async with in_transaction():
        await _lock_accounts(person_id)
        if reasons := await _reasons(person_id, retention):
            raise ErasureBlocked(person_id=person_id, reasons=reasons)
        told = await _classes(person_id, retention, at)
        erasure = await _write_down(person_id, told, at)
        for known in retention.classes:
            if any(one.erased for one in told if one.code == known.code):
                await known.erase(person_id, at)
        ended = await _close_accounts(person_id, at)
        if not _is_named(told, retention):
            await _unname(person_id, vault)
        await audit.record(caller.actor(), "person.erase", f"erasure:{erasure.id}")
    await states.forget(ended)
    return told


async def erase_due(retention: Retention, *, vault: Vault, at: datetime) -> int:
    """Erase what the law kept and keeps no longer; say how many classes of persons that were."""
    due = ErasureItem.filter(
        erased_at=None, kept_until__lte=date_in_china(at), erasure__returned_at=None
    )
    items = await due.select_related("erasure").order_by("id").limit(_BATCH)
    for item in items:
        async with in_transaction():
            if await ErasureItem.filter(id=item.id, erased_at=None).update(erased_at=at):
                await _erase_class(item, retention, vault, at)
    return len(items)


async def welcome_back(
    person_id: UUID, *, name: str, number: str | None, vault: Vault, at: datetime
) -> bool:
    """Somebody who had left proved who they are again: the same person, with the name that was
    just proved, and the number when it is the one they first had. False when nobody had left.
    """
    async with in_transaction():
        left = Erasure.filter(person_id=person_id, returned_at=None)
        if not await left.update(returned_at=at):
            return False
        if await full_name(person_id, vault=vault) == ERASED_NAME:
            await rename_person(person_id, name, vault=vault)
            await write_number(person_id, number or ERASED_NUMBER, vault=vault)
        await audit.record("system:identity.erasure", "person.return", f"person:{person_id}")
    return True


async def list_erasures(
    operator: OperatorCaller, *, after: UUID | None = None, limit: int
) -> list[Erasure]:
    """Who of an operator's division left, newest first, each with its items."""
    theirs: QuerySet[Erasure] = Erasure.filter(division__startswith=operator.division)
    if after is not None:
        theirs = theirs.filter(id__lt=after)
    return await theirs.order_by("-id").limit(limit).prefetch_related("items")


async def _lock_accounts(person_id: UUID) -> None:
    """A new payment refers to its account's row, and so waits for us or we for it."""
    await Account.filter(person_id=person_id).order_by("id").select_for_update()


async def _reasons(person_id: UUID, retention: Retention) -> list[str]:
    found = [await known.blocked(person_id) for known in retention.classes if known.blocked]
    return [reason for reasons in found for reason in reasons]


async def _classes(person_id: UUID, retention: Retention, at: datetime) -> list[RetainedClass]:
    today, told = date_in_china(at), []
    for known in retention.classes:
        until = await known.kept_until(person_id, at)
        stays = known.for_good or (until is not None and until > today)
        told.append(
            RetainedClass(
                code=known.code,
                title=known.title,
                source=known.source,
                erased=not stays,
                kept_until=until if stays else None,
            )
        )
    return told


async def _write_down(person_id: UUID, told: Sequence[RetainedClass], at: datetime) -> Erasure:
    person = await Person.get(id=person_id)
    erasure = await Erasure.create(
        id=new_id(), person_id=person_id, division=person.division, erased_at=at
    )
    await ErasureItem.bulk_create(
        ErasureItem(
            erasure_id=erasure.id,
            data_class=one.code,
            kept_until=one.kept_until,
            erased_at=at if one.erased else None,
        )
        for one in told
    )
    return erasure


async def _close_accounts(person_id: UUID, at: datetime) -> list[UUID]:
    """The rows stay, because payments name them, as nobody's; the same openid begins anew."""
    ids = await Account.filter(person_id=person_id).values_list("id", flat=True)
    living = Session.filter(account_id__in=ids, ended_at=None)
    await lock_sessions(living)
    ended = await living.values_list("id", flat=True)
    await living.update(ended_at=at, ended_because="erased")
    await PhoneContact.filter(account_id__in=ids).delete()
    await LoginDevice.filter(account_id__in=ids).delete()
    await AccountAlias.filter(account_id__in=ids).delete()
    await FaceCheck.filter(account_id__in=ids).delete()
    for account_id in ids:
        await Account.filter(id=account_id).update(
            subject=f"erased:{account_id}",
            unionid=None,
            token_subject=uuid4(),
            person_id=None,
            level=int(Level.NONE),
            face_at=None,
            disabled_at=at,
            epoch=F("epoch") + 1,
        )
    grants = ActingGrant.filter(Q(agent_id=person_id) | Q(party_id=person_id), revoked_at=None)
    await grants.exclude(kind=GrantKind.GUARDIAN).update(revoked_at=at)
    await IdentityClaim.filter(person_id=person_id).update(name_sealed=None)
    return [UUID(str(session_id)) for session_id in ended]


def _is_named(told: Sequence[RetainedClass], retention: Retention) -> bool:
    naming = {known.code for known in retention.classes if known.names_the_person}
    return any(one.code in naming and not one.erased for one in told)


async def _unname(person_id: UUID, vault: Vault) -> None:
    """Name and numbers go; the hashes of the numbers stay, so that nobody is paid twice."""
    await rename_person(person_id, ERASED_NAME, vault=vault)
    await write_number(person_id, ERASED_NUMBER, vault=vault)
    await IdDocument.filter(person_id=person_id).update(number_sealed=b"")


async def _erase_class(item: ErasureItem, retention: Retention, vault: Vault, at: datetime) -> None:
    person_id = item.erasure.person_id
    known = next((one for one in retention.classes if one.code == item.data_class), None)
    if known is not None:
        await known.erase(person_id, at)
    naming = [one.code for one in retention.classes if one.names_the_person]
    left = ErasureItem.filter(erasure_id=item.erasure_id, erased_at=None, data_class__in=naming)
    if not await left.exists():
        await _unname(person_id, vault)
    await audit.record(
        "system:identity.erase_due",
        "person.erase_class",
        f"erasure:{item.erasure_id}",
        data_class=item.data_class,
    )
