"""Real-name proof: an account becomes a person's, by the population register. 实名认证"""

from datetime import datetime
from typing import NoReturn
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit, jobs, tasks
from core.crashpoints import crashpoint
from core.errors import Conflict, Rejected
from core.sealing import Vault
from identity.accounts import end_sessions
from identity.callers import Caller
from identity.id_documents import Document, read_document
from identity.joining import ClaimDesk, TwoRecords, known_by_proof, person_of_proof
from identity.kinds import ClaimKind, DocumentType, Level, ProviderName, RealNameStatus
from identity.models import Account, Person, Session
from identity.persons import plain_name
from identity.providers import PopulationAnswer, PopulationRegister, RegisterResult
from identity.session_states import SessionStates


class RealNameMismatch(Rejected):
    code = "identity.real_name_mismatch"
    message = "姓名与身份证号码不一致，请核对后重新填写"


class RealNameConflict(Conflict):
    code = "identity.real_name_conflict"
    message = "该账号已认证为另一人，已转人工处理"


async def verify_real_name(
    caller: Caller,
    *,
    name: str,
    id_number: str,
    register: PopulationRegister,
    vault: Vault,
    states: SessionStates,
    department: str,
    at: datetime,
    document_type: DocumentType = DocumentType.RESIDENT_ID,
) -> Person:
    """Join the caller's account to the one person with this name and document, and raise its level.

    Again with the same document changes nothing; with a further one of the same person, that is
    theirs too. An account never changes from one person to another: that goes to a human of
    `department`. A dead person's name is refused, and goes there too.
    """
    desk = _Desk(ClaimDesk(department, caller.account_id, vault, at), caller)
    document, given_name = read_document(id_number, document_type), plain_name(name)
    answer = await register.check(
        name=given_name, id_number=document.number, document_type=document_type
    )
    if answer.result is not RegisterResult.MATCH:
        raise RealNameMismatch(account_id=caller.account_id)
    if not answer.alive:
        await desk.refuse_dead()
    known = await desk.known(document, answer)
    if caller.person_id is not None and (known is None or known.id != caller.person_id):
        await desk.refuse_second_person(caller.person_id)
    person = await person_of_proof(document, given_name, answer, vault=vault, at=at)
    crashpoint("identity.after_register")
    await _join(caller, person, desk, at=at)
    await _note_differences(person, given_name, document, desk)
    await states.forget([caller.session_id])
    return await Person.get(id=person.id)


async def _join(caller: Caller, person: Person, desk: "_Desk", *, at: datetime) -> None:
    async with in_transaction():
        account = await Account.select_for_update().get(id=caller.account_id)
        if account.person_id is None:
            account.person_id = person.id
            account.level = max(account.level, int(Level.REAL_NAME))
            await account.save(update_fields=["person_id", "level"])
            await _leave_strangers(account, caller, at=at)
            await Session.filter(account_id=account.id, party_id=None).update(party_id=person.id)
            actor = f"person:{person.id}"
            await audit.record(actor, "account.real_name", f"account:{account.id}")
            await jobs.enqueue(
                "identity.account_linked",
                dedupe_key=f"identity.account_linked:{account.id}:{person.id}:{account.epoch}",
                person_id=str(person.id),
                account_id=str(account.id),
            )
        status = RealNameStatus.CONFIRMED
        await Person.filter(id=person.id).update(real_name_status=status, real_name_at=at)
    if account.person_id != person.id:
        await desk.refuse_second_person(account.person_id)


async def _leave_strangers(account: Account, caller: Caller, *, at: datetime) -> None:
    """A number may have changed hands since another of its logins began: that one is not whose
    name is proved now. A platform's account is one user's on all of their phones.
    """
    current = await Session.get_or_none(id=caller.session_id)
    if account.provider is ProviderName.PHONE and current is not None:
        await end_sessions(account.id, because="reissued", besides=current.login_id, at=at)


async def _note_differences(person: Person, name: str, document: Document, desk: "_Desk") -> None:
    """What does not fit together, but does not stop the citizen, is put before a human."""
    await desk.claims.note_name(person, name, document)
    account = await Account.get(id=desk.caller.account_id)
    same_hint = Account.filter(provider=account.provider, unionid=account.unionid)
    if account.unionid and await same_hint.exclude(person_id=person.id).exists():
        await desk.raise_task("identity.unionid_conflict", person.id)


class _Desk(Struct, frozen=True):
    """Where a human looks at what does not fit."""

    claims: ClaimDesk
    caller: Caller

    async def known(self, document: Document, answer: PopulationAnswer) -> Person | None:
        try:
            return await known_by_proof(document, answer, vault=self.claims.vault)
        except TwoRecords as error:
            await self.claims.raise_claim(ClaimKind.TWO_RECORDS, error.person_id)
            raise RealNameConflict(account_id=self.caller.account_id) from error

    async def refuse_second_person(self, person_id: UUID) -> NoReturn:
        await self.claims.raise_claim(ClaimKind.SECOND_PERSON, person_id)
        raise RealNameConflict(account_id=self.caller.account_id)

    async def refuse_dead(self) -> NoReturn:
        await self.raise_task("identity.dead_person_claimed", self.caller.account_id)
        raise RealNameMismatch(account_id=self.caller.account_id, reason="not alive")

    async def raise_task(self, kind: str, subject: UUID) -> None:
        account_id = str(self.caller.account_id)
        await tasks.raise_task(
            kind, department=self.claims.department, subject=str(subject), account_id=account_id
        )
