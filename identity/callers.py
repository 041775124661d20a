"""Who is asking, as the domain functions are told. Made from a checked token or cookie."""

from uuid import UUID

from msgspec import Struct

from core.errors import NotAllowed
from identity.kinds import Level, Scope


class RealNameRequired(NotAllowed):
    code = "identity.real_name_required"
    message = "请先完成实名认证"
    shown = ("step",)


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

    def actor(self) -> str:
        """How audit names the caller, with the party when it is somebody else."""
        if self.person_id is None:
            return f"account:{self.account_id}"
        if self.party_id is None or self.party_id == self.person_id:
            return f"person:{self.person_id}"
        return f"person:{self.person_id} for party:{self.party_id}"

    def required_person(self) -> UUID:
        """Who the caller is, whomever it acts for; refused before real-name proof."""
        if self.person_id is None or self.level < Level.REAL_NAME:
            raise RealNameRequired(account_id=self.account_id, step="real_name")
        return self.person_id

    def required_party(self) -> UUID:
        """Whom the caller acts for; refused before real-name proof."""
        if self.party_id is None:
            raise RealNameRequired(account_id=self.account_id, step="real_name")
        return self.party_id

    def required_confirmer(self) -> UUID:
        """The party, for a step that binds it: refused to an agent who only prepares."""
        party_id = self.required_party()
        if self.scope != Scope.CONFIRMER:
            raise ConfirmerRequired(account_id=self.account_id)
        return party_id


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
