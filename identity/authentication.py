"""From an access token to who is asking. 登录校验"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from uuid import UUID

from core.errors import NotSignedIn
from identity.callers import Caller, VerifierCaller
from identity.device_proofs import Proof, check_bound
from identity.session_states import SessionState, SessionStates
from identity.tokens import Audience, Claims, TokenIssuer, TokenReader

ReadFor = Callable[[UUID, str], Awaitable[object]]
"""Reads a copy from the cache by its name, on the way of something else that the subject of a
token has to ask there. It is asked before the session is judged; what it raises is raised."""


class SessionEnded(NotSignedIn):
    code = "identity.session_ended"
    message = "登录已失效，请重新登录"


async def authenticate_resident(
    token: str,
    *,
    issuer: TokenIssuer | TokenReader,
    states: SessionStates,
    at: datetime,
    read: ReadFor | None = None,
) -> Caller:
    """The resident behind a token, with the rights of now, or a NotSignedIn."""
    claims = issuer.read(token, Audience.RESIDENT, at=at)
    state = await _living_state(claims, states, at, read)
    if state.account_id is None or claims.party not in (None, state.party_id):
        raise SessionEnded(session_id=claims.sid)
    return Caller(
        account_id=state.account_id,
        session_id=claims.sid,
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


async def authenticate_verifier(
    token: str,
    *,
    issuer: TokenIssuer | TokenReader,
    states: SessionStates,
    at: datetime,
    read: ReadFor | None = None,
    proof: Proof | None = None,
) -> VerifierCaller:
    """The verifier behind a token, with what its organisation may see now, or a NotSignedIn.

    The token of a session begun at a terminal needs a `proof` of that terminal.
    """
    claims = issuer.read(token, Audience.VERIFIER, at=at)
    state = await _living_state(claims, states, at, read)
    if state.verifier_id is None or state.organisation_id is None:
        raise SessionEnded(session_id=claims.sid)
    if state.terminal_jwk is not None:
        await check_bound(state.terminal_jwk, proof, token=token, at=at)
    return VerifierCaller(
        verifier_id=state.verifier_id,
        session_id=claims.sid,
        organisation_id=state.organisation_id,
        organisation_name=state.organisation_name,
        licence_types=state.licence_types,
        fields=state.fields,
        purpose=state.purpose,
        terminal_id=state.terminal_id,
    )


async def _living_state(
    claims: Claims, states: SessionStates, at: datetime, read: ReadFor | None
) -> SessionState:
    copy = partial(read, claims.sub) if read else None
    state = await states.find(claims.sid, at=at, read=copy)
    if state is None or not state.living or at >= state.expires_at:
        raise SessionEnded(session_id=claims.sid)
    if (state.epoch, state.token_subject) != (claims.epoch, claims.sub):
        raise SessionEnded(session_id=claims.sid)
    return state
