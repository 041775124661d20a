"""From an access token to who is asking. 登录校验"""

from datetime import datetime

from core.errors import NotSignedIn
from identity.callers import Caller, VerifierCaller
from identity.session_states import SessionState, SessionStates
from identity.tokens import Audience, Claims, TokenIssuer, TokenReader


class SessionEnded(NotSignedIn):
    code = "identity.session_ended"
    message = "登录已失效，请重新登录"


async def authenticate_resident(
    token: str, *, issuer: TokenIssuer | TokenReader, states: SessionStates, at: datetime
) -> Caller:
    """The resident behind a token, with the rights of now, or a NotSignedIn."""
    claims = issuer.read(token, Audience.RESIDENT, at=at)
    state = await _living_state(claims, states, at)
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
    )


async def authenticate_verifier(
    token: str, *, issuer: TokenIssuer | TokenReader, states: SessionStates, at: datetime
) -> VerifierCaller:
    """The verifier behind a token, with what its organisation may see now, or a NotSignedIn."""
    claims = issuer.read(token, Audience.VERIFIER, at=at)
    state = await _living_state(claims, states, at)
    if state.verifier_id is None or state.organisation_id is None:
        raise SessionEnded(session_id=claims.sid)
    return VerifierCaller(
        verifier_id=state.verifier_id,
        session_id=claims.sid,
        organisation_id=state.organisation_id,
        organisation_name=state.organisation_name,
        licence_types=state.licence_types,
        fields=state.fields,
        purpose=state.purpose,
    )


async def _living_state(claims: Claims, states: SessionStates, at: datetime) -> SessionState:
    state = await states.find(claims.sid, at=at)
    if state is None or not state.living or at >= state.expires_at:
        raise SessionEnded(session_id=claims.sid)
    if (state.epoch, state.token_subject) != (claims.epoch, claims.sub):
        raise SessionEnded(session_id=claims.sid)
    return state
