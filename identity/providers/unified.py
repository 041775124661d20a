"""A unified identity service of the province or the state: a code, PKCE, and signed answers.

What it says on the wire is written down in docs/zh/unified-identity.md. 统一身份认证
"""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Struct

from core.signing import BadSignature
from core.wire import NoAnswer
from core.wire.signed_tokens import LEEWAY, PublishedKeys, open_token
from identity.kinds import Level, ProviderName
from identity.providers import LoginCodeRejected, ProviderFailed

ASSURANCE = {"1": Level.NONE, "2": Level.REAL_NAME, "3": Level.FACE}
"""Its levels and ours: its first knows a phone that we have not seen, so it is worth nothing."""

_CODE_GONE = "invalid_grant"

T = TypeVar("T", bound=Struct)


class UnifiedLogin(Struct, frozen=True, kw_only=True):
    """Who came back from the service, by the name it has for them at us and nowhere else."""

    subject: str
    level: Level
    proved_at: datetime
    access_token: str

    def __repr__(self) -> str:
        return "UnifiedLogin(…)"


class UnifiedPerson(Struct, frozen=True):
    """The name and number that the service holds."""

    name: str
    id_number: str

    def __repr__(self) -> str:
        return "UnifiedPerson(…)"


class _Tokens(Struct):
    id_token: str
    access_token: str


class _Refusal(Struct):
    error: str


class _Claims(Struct):
    sub: str
    nonce: str
    auth_time: int
    acr: str


class _Person(Struct):
    sub: str
    name: str
    id_number: str


class UnifiedIdentity:
    """Our registration with the service. All its addresses follow that of the client."""

    name: ClassVar = ProviderName.UNIFIED

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
    ) -> None:
        self.appid = client_id
        self._client = client
        self._issuer = issuer
        self._secret = client_secret
        self._redirect_uri = redirect_uri
        self._keys = PublishedKeys(client, "/jwks")

    def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where the person goes to say who they are."""
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.appid,
            "redirect_uri": self._redirect_uri,
            "scope": "openid identity",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._issuer}/authorize?{urlencode(asked)}"

    async def exchange(self, code: str, *, nonce: str, verifier: str, at: datetime) -> UnifiedLogin:
        """Give up a code for who is behind it, when the answer is for this very login."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "client_id": self.appid,
            "client_secret": self._secret,
            "code_verifier": verifier,
        }
        tokens = await self._ask_tokens(form)
        said = await self._signed(tokens.id_token, _Claims, typ="JWT", at=at)
        proved_at = datetime.fromtimestamp(said.auth_time, UTC)
        if said.nonce != nonce or proved_at > at + LEEWAY or not 0 < len(said.sub) <= 128:
            raise ProviderFailed(provider=self.name, reason="not this login's")
        return UnifiedLogin(
            subject=said.sub,
            level=ASSURANCE.get(said.acr, Level.NONE),
            proved_at=min(proved_at, at),
            access_token=tokens.access_token,
        )

    async def read_person(self, login: UnifiedLogin, *, at: datetime) -> UnifiedPerson:
        """Name and number of who just logged in; signed, and about nobody else."""
        try:
            response = await self._client.get(
                "/userinfo", headers={"Authorization": f"Bearer {login.access_token}"}
            )
            token = response.raise_for_status().text
        except httpx.HTTPError as error:
            raise self._failed(error) from None
        told = await self._signed(token, _Person, typ="userinfo+jwt", at=at)
        if told.sub != login.subject:
            raise ProviderFailed(provider=self.name, reason="another person's")
        return UnifiedPerson(told.name, told.id_number)

    async def _ask_tokens(self, form: dict[str, str]) -> _Tokens:
        try:
            response = await self._client.post("/token", data=form)
            if response.status_code == 400:
                refusal = msgspec.json.decode(response.content, type=_Refusal)
                raise _refused(refusal.error)
            return msgspec.json.decode(response.raise_for_status().content, type=_Tokens)
        except (httpx.HTTPError, msgspec.MsgspecError) as error:
            raise self._failed(error) from None

    async def _signed(self, token: str, kind: type[T], *, typ: str, at: datetime) -> T:
        try:
            claims: dict[str, Any] = await open_token(
                token,
                self._keys,
                issuer=self._issuer,
                audience=self.appid,
                typ=typ,
                at=at,
            )
            return msgspec.convert(claims, kind)
        except (BadSignature, NoAnswer, msgspec.MsgspecError) as error:
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> ProviderFailed:
        return ProviderFailed(provider=self.name, reason=type(error).__name__)


def _refused(error: str) -> LoginCodeRejected | ProviderFailed:
    if error == _CODE_GONE:
        return LoginCodeRejected(error=error)
    return ProviderFailed(provider=ProviderName.UNIFIED, error=error)
