"""Who can tell us who is tapping, and whether a name is real. One module here per provider."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Protocol, runtime_checkable

from msgspec import Struct

from core.errors import NotAllowed, NotFound, NotSignedIn, Rejected, UpstreamFailed
from identity.kinds import DocumentType, EntityStatus, ProviderName, Sex


class ProviderFailed(UpstreamFailed):
    code = "identity.provider_failed"
    message = "登录渠道暂时不可用，请稍后再试"


class LoginCodeRejected(NotSignedIn):
    code = "identity.login_code_rejected"
    message = "登录凭证已失效，请重新登录"


class CodeUsed(NotSignedIn):
    code = "identity.code_used"
    message = "登录凭证已经用过，请重新登录"


class LoginRefused(NotAllowed):
    code = "identity.login_refused"
    message = "平台暂不允许该账号登录，请联系平台客服"


class PhoneProofRejected(Rejected):
    code = "identity.phone_proof_rejected"
    message = "手机号验证已失效，请重新授权"


class FaceNotOffered(Rejected):
    code = "identity.face_not_offered"
    message = "这里不能刷脸认证，请在微信或支付宝小程序里办理"


class FaceServiceFailed(UpstreamFailed):
    code = "identity.face_service_failed"
    message = "人脸认证暂时不可用，请稍后再试"


class RegisterFailed(UpstreamFailed):
    code = "identity.register_failed"
    message = "核验系统暂时不可用，请稍后再试"


class ProviderUnknown(NotFound):
    code = "identity.provider_unknown"
    message = "不支持该登录渠道"


class Subject(Struct, frozen=True):
    """Whom a provider names: an openid inside one app, and perhaps a hint across its apps.

    `alias` is an older name of the same account in the same app.
    """

    subject: str
    unionid: str | None = None
    alias: str | None = None


class SealedPhone(Struct, frozen=True, kw_only=True):
    """A number as older WeChat clients give it: sealed with a key that only WeChat and its server
    know, beside the code of the newest wx.login, for which that key can be had.
    """

    encrypted_data: str
    iv: str
    login_code: str

    def __repr__(self) -> str:
        return "SealedPhone(…)"


@runtime_checkable
class IdentityProvider(Protocol):
    """One app at one provider. It keeps no state and touches no table."""

    name: ClassVar[ProviderName]
    appid: str

    async def exchange(self, code: str, *, at: datetime) -> Subject:
        """Give up a one-time login code for whoever is behind it."""
        ...

    async def read_phone(self, proof: str, *, subject: str, at: datetime) -> str:
        """The mainland number that `subject` just shared, from what its phone was given."""
        ...


@runtime_checkable
class LastingPhoneProofs(Protocol):
    """An app whose phone proofs have no end: the same number gives the same proof for ever."""

    def phone_key(self, proof: str) -> str:
        """The part of a proof that nobody can change; PhoneProofRejected when it has none."""
        ...


@runtime_checkable
class SealedPhones(Protocol):
    """An app whose older clients share their number sealed."""

    async def open_phone(self, sealed: SealedPhone, *, subject: str, at: datetime) -> str:
        """The mainland number inside, when it is `subject`'s; PhoneProofRejected otherwise."""
        ...


class Face(Struct, frozen=True):
    """Whose face it has to be."""

    name: str
    id_number: str

    def __repr__(self) -> str:
        return "Face(…)"


class FaceStarted(Struct, frozen=True):
    """The platform's `handle`, with which the client starts the camera until `expires_at`."""

    handle: str
    expires_at: datetime


class FaceResult(Struct, frozen=True):
    """What the platform itself says. `reason` is its word for a face that did not pass."""

    passed: bool
    reason: str = ""


@runtime_checkable
class FaceVerifier(Protocol):
    """The faces that one app at one provider can have looked at. It keeps no state."""

    name: ClassVar[ProviderName]
    appid: str

    async def begin(self, number: str, *, face: Face, subject: str, at: datetime) -> FaceStarted:
        """Announce, under our number, that `subject` will show this face."""
        ...

    async def result(
        self, handle: str, *, number: str, face: Face, subject: str, at: datetime
    ) -> FaceResult:
        """What came of it. A face not shown yet has not passed."""
        ...


class FaceVerifiers:
    """Where faces can be shown, by provider and appid."""

    def __init__(self, verifiers: Iterable[FaceVerifier] = ()) -> None:
        self._verifiers = {(one.name, one.appid): one for one in verifiers}

    def of(self, provider: str, appid: str) -> FaceVerifier:
        """That of the caller's own app; FaceNotOffered when it has none."""
        for (name, known_appid), verifier in self._verifiers.items():
            if (name, known_appid) == (provider, appid):
                return verifier
        raise FaceNotOffered(provider=provider)


class IdentityProviders:
    """The apps we serve, found by provider and appid."""

    def __init__(self, providers: Iterable[IdentityProvider]) -> None:
        self._providers = {(provider.name, provider.appid): provider for provider in providers}

    def __iter__(self) -> Iterator[IdentityProvider]:
        return iter(self._providers.values())

    def named(self, name: str, appid: str | None = None) -> IdentityProvider:
        """The one asked for. Without an appid, the first app served at that provider."""
        for (known, known_appid), provider in self._providers.items():
            if known == name and appid in (None, known_appid):
                return provider
        raise ProviderUnknown(provider=name)


class RegisterResult(StrEnum):
    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not_found"


class PopulationAnswer(Struct, frozen=True):
    """What the register says of a name and a document. `person_ref` is what it calls the person,
    the same for each of their documents; day of birth and sex come where the number has none.
    """

    result: RegisterResult
    alive: bool
    person_ref: str | None = None
    birth_date: date | None = None
    sex: Sex | None = None


@runtime_checkable
class PopulationRegister(Protocol):
    async def check(
        self, *, name: str, id_number: str, document_type: DocumentType = DocumentType.RESIDENT_ID
    ) -> PopulationAnswer:
        """Whether this is a living person's name and document. 人口库"""
        ...


class RegisteredEntity(Struct, frozen=True):
    """What the business register says. The representative's number comes as a hash only."""

    uscc: str
    name: str
    status: EntityStatus
    division: str
    representative_name: str
    representative_id_sha256: str


@runtime_checkable
class BusinessRegister(Protocol):
    async def find_entity(self, uscc: str) -> RegisteredEntity | None:
        """The entity with this code as it is registered now. 法人库"""
        ...
