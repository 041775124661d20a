"""Who is asking, as the domain functions are told. Made from a checked token or cookie."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from core.errors import NotAllowed
from identity.kinds import Level, Scope
from identity.levels import next_step


class RealNameRequired(NotAllowed):
    """The one refusal of whoever is short of a level: which is `needed`, and the `step` to it."""

    code = "identity.real_name_required"
    message = "请先完成所需的实名认证"
    shown = ("needed", "step")


class ConfirmerRequired(NotAllowed):
    code = "identity.confirmer_required"
    message = "您是经办人，此步骤需由有确认权限的人办理"


class Caller(Struct, frozen=True, kw_only=True):
    """A resident, or somebody acting for a party, signed in. 办事人"""

    account_id: UUID
    session_id: UUID
    provider: str
    appid: str
    subject: str
    person_id: UUID | None
    party_id: UUID | None
    level: int
    scope: str = Scope.CONFIRMER
    face_at: datetime | None = None

    def actor(self) -> str:
        """How audit names the caller, with the party when it is somebody else."""
        if self.person_id is None:
            return f"account:{self.account_id}"
        if self.party_id is None or self.party_id == self.person_id:
            return f"person:{self.person_id}"
        return f"person:{self.person_id} for party:{self.party_id}"

    def required_person(self) -> UUID:
        """Who the caller is, whomever it acts for; refused before real-name proof."""
        self.require_level(Level.REAL_NAME)
        if self.person_id is None:
            raise self._short_of(Level.REAL_NAME)
        return self.person_id

    def required_party(self) -> UUID:
        """Whom the caller acts for; refused before real-name proof."""
        if self.party_id is None:
            raise self._short_of(Level.REAL_NAME)
        return self.party_id

    def required_confirmer(self) -> UUID:
        """The party, for a step that binds it: refused to an agent who only prepares."""
        party_id = self.required_party()
        if self.scope != Scope.CONFIRMER:
            raise ConfirmerRequired(account_id=self.account_id)
        return party_id

    def require_level(self, needed: Level) -> None:
        """Refuse whoever is known less well than an action needs. 认证等级"""
        if self.level < needed:
            raise self._short_of(needed)

    def require_fresh_face(self, *, within: timedelta, at: datetime) -> None:
        """Refuse whoever did not show its face lately, for what is at stake most."""
        self.require_level(Level.FACE)
        if self.face_at is None or at - self.face_at > within:
            raise self._short_of(Level.FACE)

    def _short_of(self, needed: Level) -> RealNameRequired:
        return RealNameRequired(
            account_id=self.account_id, needed=int(needed), step=next_step(self.level, needed)
        )


class OperatorCaller(Struct, frozen=True, kw_only=True):
    """An operator, signed in with password and one-time code. 工作人员"""

    operator_id: UUID
    session_id: UUID
    person_id: UUID
    roles: frozenset[str]
    department: str
    division: str

    def actor(self) -> str:
        return f"operator:{self.operator_id}"


class VerifierCaller(Struct, frozen=True, kw_only=True):
    """A verifier, signed in, and what its organisation may see. 核验员"""

    verifier_id: UUID
    session_id: UUID
    organisation_id: UUID
    organisation_name: str
    licence_types: frozenset[str]
    fields: frozenset[str]
    purpose: str

    def actor(self) -> str:
        return f"verifier:{self.verifier_id}"
