"""One person across channels: whose a proved document is, and what does not fit. 一人多账号

The population register calls a person by one name for all their documents; so a person who proves a
permit here and an identity card there stays one row, and is owed each benefit once.
"""

from datetime import datetime
from uuid import UUID

from msgspec import Struct
from tortoise.transactions import in_transaction

from core import audit, tasks
from core.ids import new_id
from core.sealing import Place, Vault
from core.tasks import TaskOutcome
from identity import parting
from identity.erasure import welcome_back
from identity.id_documents import Document
from identity.kinds import ClaimKind, RealNameStatus
from identity.models import IdDocument, IdentityClaim, Person, RegisterName
from identity.persons import find_by_document, full_name, register_person, rename_person
from identity.providers import PopulationAnswer, RegisterFailed
from identity.session_states import SessionStates

_DOCUMENT, _CLAIM = "identity_id_document", "identity_claim"


class TwoRecords(Exception):
    """A document is one row's, and what the register calls its bearer is another's."""

    def __init__(self, person_id: UUID) -> None:
        super().__init__(person_id)
        self.person_id = person_id


class ClaimDesk(Struct, frozen=True):
    """Where what one account's proof brought to light is put before a human of a department."""

    department: str
    account_id: UUID
    vault: Vault
    at: datetime

    async def note_name(self, person: Person, name: str, document: Document) -> None:
        """The register confirmed another name for a number that we know: the old one stays until
        somebody says so. Who comes back after erasure gets their name back.
        """
        person_id, first = person.id, document.index(self.vault) == person.id_number_index
        number = document.number if first else None
        await welcome_back(person_id, name=name, number=number, vault=self.vault, at=self.at)
        if await full_name(person_id, vault=self.vault) == name:
            return
        await Person.filter(id=person_id).update(real_name_status=RealNameStatus.CONFLICT)
        await self.raise_claim(ClaimKind.NAME_DIFFERS, person_id, name=name)

    async def raise_claim(
        self, kind: ClaimKind, person_id: UUID, *, name: str | None = None
    ) -> None:
        """Keep what was claimed, and ask a human about it; once while it waits."""
        async with in_transaction():
            claim = IdentityClaim(
                id=new_id(),
                kind=kind,
                account_id=self.account_id,
                person_id=person_id,
                raised_at=self.at,
            )
            if name is not None:
                claim.name_sealed = self.vault.seal(_claim_place(claim.id), name)
            await IdentityClaim.bulk_create([claim], ignore_conflicts=True)
            if await IdentityClaim.filter(id=claim.id).exists():
                subject = self.account_id if kind is ClaimKind.SECOND_PERSON else person_id
                await tasks.raise_task(
                    f"identity.{kind}",
                    department=self.department,
                    subject=str(subject),
                    dedupe_key=f"identity.{kind}:{claim.id}",
                    account_id=str(self.account_id),
                    claim_id=str(claim.id),
                )


async def known_by_proof(
    document: Document, answer: PopulationAnswer, *, vault: Vault
) -> Person | None:
    """Who has this document, or is called so by the register; TwoRecords when they are two."""
    by_number = await find_by_document(document, vault=vault)
    if answer.person_ref is None:
        return by_number
    ref = _ref_index(answer.person_ref, vault)
    called = await RegisterName.get_or_none(ref_index=ref).select_related("person")
    if called is None:
        return by_number
    if by_number is not None and by_number.id != called.person_id:
        raise TwoRecords(by_number.id)
    return called.person


async def person_of_proof(
    document: Document, name: str, answer: PopulationAnswer, *, vault: Vault, at: datetime
) -> Person:
    """The one person behind a proof, made if unknown, and from now on found by this document too.

    Of two proofs of one person that come at once with two documents, the second finds the first's.
    """
    async with in_transaction() as connection:
        who = answer.person_ref or document.number
        lock = int.from_bytes(_ref_index(who, vault).bytes[:8], signed=True)
        await connection.execute_query("SELECT pg_advisory_xact_lock($1)", [lock])
        person = await known_by_proof(document, answer, vault=vault)
        if person is None:
            person = await _register(document, name, answer, vault)
        await _hold(document, person, vault, at=at)
        if answer.person_ref is not None:
            await RegisterName.bulk_create(
                [RegisterName(ref_index=_ref_index(who, vault), person_id=person.id)],
                ignore_conflicts=True,
            )
    return person


async def settle_claim(
    claim_id: UUID,
    outcome: TaskOutcome,
    *,
    actor: str,
    vault: Vault,
    states: SessionStates,
    at: datetime,
) -> bool:
    """Do what a human decided about a conflict; once. The claimed name is forgotten then.

    Resolved means that the claim is right: the account is free for who claimed it, or the person
    has the new name.
    """
    parted: list[UUID] = []
    async with in_transaction():
        claim = await IdentityClaim.select_for_update().get_or_none(id=claim_id, settled_at=None)
        if claim is None:
            return False
        if outcome is TaskOutcome.RESOLVED:
            parted = await _yield_to(claim, actor, vault, at=at)
        await IdentityClaim.filter(id=claim.id).update(
            settled_at=at, outcome=outcome, name_sealed=None
        )
        await audit.record(actor, "claim.settle", f"claim:{claim.id}", outcome=outcome)
    await states.forget(parted)
    return True


async def _yield_to(claim: IdentityClaim, actor: str, vault: Vault, *, at: datetime) -> list[UUID]:
    if claim.kind is ClaimKind.SECOND_PERSON:
        return await parting.part(
            claim.account_id, claim.person_id, actor=actor, because="conflict", at=at
        )
    if claim.kind is ClaimKind.NAME_DIFFERS and claim.name_sealed is not None:
        name = vault.open(_claim_place(claim.id), claim.name_sealed)
        await rename_person(claim.person_id, name, vault=vault)
        status = RealNameStatus.CONFIRMED
        await Person.filter(id=claim.person_id).update(real_name_status=status)
    return []


async def _register(
    document: Document, name: str, answer: PopulationAnswer, vault: Vault
) -> Person:
    born, sex = document.birth_date or answer.birth_date, document.sex or answer.sex
    if born is None or sex is None:
        raise RegisterFailed(register="population", reason="no day of birth for this document")
    return await register_person(
        name=name,
        id_number=document.number,
        document_type=document.document_type,
        birth_date=born,
        sex=sex,
        vault=vault,
    )


async def _hold(document: Document, person: Person, vault: Vault, *, at: datetime) -> None:
    """Keep a further document; the first stands in the person's own row."""
    index = document.index(vault)
    if index == person.id_number_index:
        return
    row_id = new_id()
    row = IdDocument(
        id=row_id,
        person_id=person.id,
        document_type=document.document_type,
        number_sealed=vault.seal(_number_place(row_id), document.number),
        number_index=index,
        verified_at=at,
    )
    await IdDocument.bulk_create([row], ignore_conflicts=True)
    kept = await IdDocument.get(number_index=index)
    if not kept.number_sealed:  # erased, and proved again
        kept.number_sealed = vault.seal(_number_place(kept.id), document.number)
        await kept.save(update_fields=["number_sealed"])


def _ref_index(ref: str, vault: Vault) -> UUID:
    return UUID(bytes=vault.blind_index("identity_register_name.ref", ref))


def _number_place(row_id: UUID) -> Place:
    return Place(_DOCUMENT, "number_sealed", row_id)


def _claim_place(claim_id: UUID) -> Place:
    return Place(_CLAIM, "name_sealed", claim_id)
