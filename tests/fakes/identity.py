"""Stand-ins for who tells us who is tapping. They obey the same protocols as the real ones."""

from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import ClassVar

from core.sealing import Vault
from identity import persons
from identity.callers import Caller
from identity.kinds import DocumentType, Level, ProviderName, Sex
from identity.models import Account, LegalEntity
from identity.providers import (
    Face,
    FaceResult,
    FaceStarted,
    LoginCodeRejected,
    PhoneProofRejected,
    PopulationAnswer,
    ProviderFailed,
    RegisteredEntity,
    RegisterResult,
    Subject,
)
from identity.session_states import SessionStates, load_state
from identity.sessions import SignedIn
from identity.tokens import Audience, TokenIssuer, new_key_pem, read_keys

ISSUER = "https://zb.test"


class FakeProvider:
    """Knows whoever says `openid-…`, and the phone of whoever shows `phone-…`.

    `fails` is how many times it breaks first. It forgets nothing by itself: used codes are ours to
    know.
    """

    name: ClassVar[ProviderName] = ProviderName.WECHAT

    def __init__(self, appid: str = "wx-1", *, fails: int = 0, unionid: str | None = None) -> None:
        self.appid = appid
        self.fails = fails
        self.unionid = unionid
        self.exchanged: list[str] = []

    async def exchange(self, code: str, *, at: datetime) -> Subject:
        if self.fails:
            self.fails -= 1
            raise ProviderFailed(provider=self.name)
        if not code.startswith("openid-"):
            raise LoginCodeRejected()
        self.exchanged.append(code)
        return Subject(code.partition("#")[0], self.unionid)

    async def read_phone(self, proof: str, *, subject: str, at: datetime) -> str:
        if not proof.startswith("phone-"):
            raise PhoneProofRejected()
        return proof.removeprefix("phone-").partition("#")[0]


class FakeAlipay(FakeProvider):
    name: ClassVar[ProviderName] = ProviderName.ALIPAY


class FakeFaces:
    """Sees the face of whoever is in `shown`, by handle; and remembers whose it was to be."""

    name: ClassVar[ProviderName] = ProviderName.WECHAT

    def __init__(self, appid: str = "wx-1") -> None:
        self.appid = appid
        self.begun: dict[str, Face] = {}
        self.shown: dict[str, str] = {}
        self.asked = 0

    async def begin(self, number: str, *, face: Face, subject: str, at: datetime) -> FaceStarted:
        handle = f"face-{number}"
        self.begun[handle] = face
        return FaceStarted(handle, at + timedelta(hours=1))

    async def result(
        self, handle: str, *, number: str, face: Face, subject: str, at: datetime
    ) -> FaceResult:
        self.asked += 1
        assert handle == f"face-{number}"
        passed = self.shown.get(handle) == self.begun[handle].id_number == face.id_number
        return FaceResult(passed, "10000" if passed else "90002")


class FakePopulationRegister:
    """Has the people it was given: number → (name, alive). `refs` are what it calls them, when it
    does; who holds a number without a day of birth was born on the first of May 1980.
    """

    def __init__(
        self, people: dict[str, tuple[str, bool]], *, refs: dict[str, str] | None = None
    ) -> None:
        self.people = people
        self.refs = refs or {}
        self.asked = 0

    async def check(
        self, *, name: str, id_number: str, document_type: DocumentType = DocumentType.RESIDENT_ID
    ) -> PopulationAnswer:
        self.asked += 1
        if id_number not in self.people:
            return PopulationAnswer(RegisterResult.NOT_FOUND, alive=False)
        known, alive = self.people[id_number]
        result = RegisterResult.MATCH if known == name else RegisterResult.MISMATCH
        born, sex = (date(1980, 5, 1), Sex.MALE) if len(id_number) != 18 else (None, None)
        return PopulationAnswer(
            result, alive, person_ref=self.refs.get(id_number), birth_date=born, sex=sex
        )


class FakeBusinessRegister:
    """Has the entities that were registered with it."""

    def __init__(self) -> None:
        self.entities: dict[str, RegisteredEntity] = {}

    def register(self, entity: LegalEntity, *, id_number: str) -> None:
        self.entities[entity.uscc] = RegisteredEntity(
            uscc=entity.uscc,
            name=entity.name,
            status=entity.status,
            division=entity.division,
            representative_name="",
            representative_id_sha256=sha256(id_number.encode()).hexdigest(),
        )

    async def find_entity(self, uscc: str) -> RegisteredEntity | None:
        return self.entities.get(uscc)


def make_issuer(*, resident: str | None = None) -> TokenIssuer:
    """An issuer with keys of its own. `resident` names the PEMs of that audience."""
    keys = {
        Audience.RESIDENT: read_keys(resident or new_key_pem()),
        Audience.VERIFIER: read_keys(new_key_pem()),
        Audience.MACHINE: read_keys(new_key_pem()),
    }
    return TokenIssuer(keys, issuer=ISSUER)


async def caller_of(signed_in: SignedIn, *, at: datetime) -> Caller:
    """The caller that the access token of a sign-in would make."""
    state = await load_state(signed_in.session_id, at=at)
    assert state is not None
    assert state.account_id is not None
    return Caller(
        account_id=state.account_id,
        session_id=signed_in.session_id,
        provider=state.provider,
        appid=state.appid,
        subject=state.subject,
        person_id=state.person_id,
        party_id=state.party_id,
        level=state.level,
        scope=state.scope,
        rights=state.rights,
        language=state.language,
        elder_mode=state.elder_mode,
        face_at=state.face_at,
    )


async def real_name_account(
    *, name: str, id_number: str, vault: Vault, subject: str = "openid-wang", **fields: str
) -> Account:
    """An account that has proved its real name already."""
    person = await persons.register_person(name=name, id_number=id_number, vault=vault)
    return await Account.create(
        **{"provider": ProviderName.WECHAT, "appid": "wx-1"} | fields,
        subject=subject,
        person_id=person.id,
        level=int(Level.REAL_NAME),
    )


NO_CACHE = SessionStates(None)
"""Every state is read from PostgreSQL, as when the cache is dead."""
