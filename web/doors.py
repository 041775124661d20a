"""The door of each audience: how a request shows who it is from. 各类用户的登录凭证

Residents and verifiers send an access token. An operator's browser sends a cookie, and then also
what only our own page can send; an operator's program sends the same value as a bearer token. A
program of an agency sends an access token of its own kind.
"""

from collections.abc import Mapping
from datetime import datetime

from litestar.datastructures import Cookie

from core.errors import NotAllowed
from identity.authentication import authenticate_resident, authenticate_verifier
from identity.callers import Caller, MachineCaller, OperatorCaller, VerifierCaller
from identity.device_proofs import Proof
from identity.machine_tokens import authenticate_machine
from identity.operator_sessions import authenticate_operator
from identity.session_states import SessionStates
from identity.tokens import TokenIssuer, TokenReader
from web.auth import AnyConnection, Door, Passage, bearer_token
from web.matrix import Audience

OPERATOR_COOKIE = "__Host-zhangban-operator"
OIDC_COOKIE = "__Host-zhangban-oidc"
OIDC_SECONDS = 600
DEVICE_COOKIE = "__Host-zhangban-device"
DEVICE_SECONDS = 180 * 24 * 3600
CONSOLE_HEADER = "x-zhangban-console"
SAFE_METHODS = frozenset({"GET", "HEAD"})


class CrossSiteRefused(NotAllowed):
    code = "web.cross_site_refused"
    message = "请在工作台页面内操作"


def make_doors(issuer: TokenIssuer, states: SessionStates) -> Mapping[Audience, Door]:
    tokens = TokenReader(issuer)

    async def resident(connection: AnyConnection, at: datetime, passage: Passage) -> Caller:
        token = bearer_token(connection)
        return await authenticate_resident(
            token, issuer=tokens, states=states, at=at, read=passage.read_for
        )

    async def verifier(connection: AnyConnection, at: datetime, passage: Passage) -> VerifierCaller:
        token = bearer_token(connection)
        proof = find_proof(connection, issuer.issuer)
        return await authenticate_verifier(
            token, issuer=tokens, states=states, at=at, read=passage.read_for, proof=proof
        )

    async def machine(connection: AnyConnection, at: datetime, passage: Passage) -> MachineCaller:
        token = bearer_token(connection)
        return await authenticate_machine(token, address=passage.address, issuer=tokens, at=at)

    return {
        Audience.RESIDENT: resident,
        Audience.VERIFIER: verifier,
        Audience.OPERATOR: enter_as_operator,
        Audience.MACHINE: machine,
    }


def find_proof(connection: AnyConnection, public_url: str) -> Proof | None:
    """What a device signed for this very request, as its DPoP header has it (RFC 9449)."""
    text = connection.headers.get("dpop")
    if text is None:
        return None
    url = public_url + str(connection.scope["path"])
    return Proof(text, str(connection.scope.get("method")), url)


async def enter_as_operator(connection: AnyConnection, at: datetime, _: Passage) -> OperatorCaller:
    """By cookie from our own page, or by bearer token from a program."""
    cookie = connection.cookies.get(OPERATOR_COOKIE)
    if cookie is None or "authorization" in connection.headers:
        return await authenticate_operator(bearer_token(connection), at=at)
    _refuse_other_sites(connection)
    return await authenticate_operator(cookie, at=at)


def operator_cookie(token: str, *, seconds: int) -> Cookie:
    """What signing in sets: for this host alone, over TLS, out of the page's reach."""
    return _cookie(OPERATOR_COOKIE, token, seconds)


def device_cookie(token: str) -> Cookie:
    """What knows a browser again at the next sign-in. It opens nothing."""
    return _cookie(DEVICE_COOKIE, token, DEVICE_SECONDS)


def oidc_cookie(token: str, *, seconds: int = OIDC_SECONDS) -> Cookie:
    """What binds a sign-in elsewhere to the browser in which it began."""
    return _cookie(OIDC_COOKIE, token, seconds)


def ended_operator_cookie() -> Cookie:
    """What signing out sets. Send `Clear-Site-Data: "cache", "cookies", "storage"` with it."""
    return operator_cookie("", seconds=0)


def _cookie(name: str, value: str, seconds: int) -> Cookie:
    return Cookie(
        name,
        value=value,
        path="/",
        max_age=seconds,
        secure=True,
        httponly=True,
        samesite="strict",
    )


def _refuse_other_sites(connection: AnyConnection) -> None:
    """A page elsewhere can send our cookie, but neither this header nor its own origin as ours."""
    if connection.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise CrossSiteRefused()
    method = str(connection.scope.get("method"))
    if method not in SAFE_METHODS and connection.headers.get(CONSOLE_HEADER) != "1":
        raise CrossSiteRefused()
