"""The bureau's own sign-in service for its staff, by OpenID Connect: a code, PKCE, a signed answer.

Of what it says we take one name, the login name. Roles, department and division are ours to give,
and nobody becomes an operator by coming from there. 统一工作台登录
"""

from base64 import urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlencode

import httpx
import msgspec
from msgspec import Struct

from core.errors import UpstreamFailed
from core.signing import BadSignature
from core.wire import NoAnswer
from core.wire.signed_tokens import PublishedKeys, open_token


class OidcFailed(UpstreamFailed):
    code = "identity.oidc_failed"
    message = "统一登录暂时不可用，请稍后再试或用口令登录"


class _Tokens(Struct):
    id_token: str


class OperatorOidc:
    """Our registration with the service. Its endpoints and keys are asked at one fixed address."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        *,
        issuer: str,
        client_id: str,
        client_secret: str,
        redirect_uri: str,
        login_claim: str,
    ) -> None:
        self._client = client
        self._issuer = issuer
        self._client_id = client_id
        self._secret = client_secret
        self._redirect_uri = redirect_uri
        self._login_claim = login_claim
        self._keys = PublishedKeys(client, "/jwks")

    def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in."""
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self._redirect_uri,
            "scope": "openid profile",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{self._issuer}/authorize?{urlencode(asked)}"

    async def login_name(self, code: str, *, nonce: str, verifier: str, at: datetime) -> str | None:
        """Who came back, by the name it is told to give; None when the answer is not for us."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect_uri,
            "code_verifier": verifier,
        }
        try:
            reply = await self._client.post(
                "/token", data=form, auth=(self._client_id, self._secret)
            )
            if reply.status_code in (400, 401):
                return None
            tokens = msgspec.json.decode(reply.raise_for_status().content, type=_Tokens)
            said = await open_token(
                tokens.id_token,
                self._keys,
                issuer=self._issuer,
                audience=self._client_id,
                typ="JWT",
                at=at,
            )
        except BadSignature:
            return None
        except (httpx.HTTPError, msgspec.MsgspecError, NoAnswer) as error:
            raise OidcFailed(reason=type(error).__name__) from None
        name = said.get(self._login_claim)
        return name if said.get("nonce") == nonce and isinstance(name, str) else None
