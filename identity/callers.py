"""Who is asking, as the domain functions are told. Made from a checked token or cookie."""

from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from core.errors import NotAllowed
from identity.kinds import EVERY_RIGHT, Level, Right, Scope
from identity.levels import next_step


class RealNameRequired(NotAllowed):
    """The one refusal of whoever is short of a level: which is `needed`, and the `step` to it."""

    code = "identity.real_name_required"
    message = "请先完成所需的实名认证"
    shown = ("needed", "step")


class ConfirmerRequired(NotAllowed):
    code = "identity.confirmer_required"
    message = "您是经办人，此步骤需由有确认权限的人办理"


class ActingRightRequired(NotAllowed):
    code = "identity.acting_right_required"
    message = "对方没有同意您代办此事"
    shown = ("right",)


class Caller(Struct, frozen=True, kw_only=True):
    """A resident, or somebody acting for a party, signed in. 办事人

    `operator_id` is the officer who acts for the person at a counter; then nobody is signed in.
    `language` and `elder_mode` are how the account wants to be spoken to.
    """

    account_id: UUID
    session_id: UUID
    provider: str
    appid: str
    subject: str
    person_id: UUID | None
    party_id: UUID | None
    level: int
    scope: str = Scope.CONFIRMER
    rights: frozenset[str] = EVERY_RIGHT
    face_at: datetime | None = None
    language: str = "zh-CN"
    elder_mode: bool = False
    operator_id: UUID | None = None

    def actor(self) -> str:
        """How audit names the caller, with the party when it is somebody else."""
        if self.operator_id is not None:
            return f"operator:{self.operator_id} for party:{self.party_id}"
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

    def required_right(self, right: Right) -> UUID:
        """The party, for what its agents may do or not: a helper, what was agreed to. 代办权限"""
        party_id = self.required_party()
        if right is Right.APPLY and self.scope == Scope.PREPARER:
            raise ConfirmerRequired(account_id=self.account_id)
        if right not in self.rights:
            raise ActingRightRequired(account_id=self.account_id, right=right)
        return party_id

    def acts_for_another(self) -> bool:
        return self.party_id is not None and self.party_id != self.person_id

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
    """An operator, signed in. 工作人员

    On behalf of a colleague it has the roles, department and division that were lent, and no
    others. `proved_at` is when it last gave a one-time code.
    """

    operator_id: UUID
    session_id: UUID
    person_id: UUID
    roles: frozenset[str]
    department: str
    division: str
    proved_at: datetime | None = None
    behalf_of: UUID | None = None
    behalf_person_id: UUID | None = None

    def actor(self) -> str:
        """How audit names the operator, with the colleague for whom it stands in."""
        if self.behalf_of is None:
            return f"operator:{self.operator_id}"
        return f"operator:{self.operator_id} for operator:{self.behalf_of}"

    def persons(self) -> frozenset[UUID]:
        """Whose hand this is: none of them may be the second of two persons for another's."""
        return frozenset(one for one in (self.person_id, self.behalf_person_id) if one)


class VerifierCaller(Struct, frozen=True, kw_only=True):
    """A verifier, signed in, and what its organisation may see. 核验员"""

    verifier_id: UUID
    session_id: UUID
    organisation_id: UUID
    organisation_name: str
    licence_types: frozenset[str]
    fields: frozenset[str]
    purpose: str
    terminal_id: UUID | None = None

    def actor(self) -> str:
        return f"verifier:{self.verifier_id}"


class MachineCaller(Struct, frozen=True, kw_only=True):
    """A program of an organisation, and what it may do. 机构系统"""

    client_id: UUID
    organisation_id: UUID
    organisation_name: str
    department: str
    division: str
    scopes: frozenset[str]
    licence_types: frozenset[str]
    fields: frozenset[str]
    purpose: str

    def actor(self) -> str:
        return f"machine:{self.client_id}"
