"""Operators sign in by the bureau's own service, beside password and one-time code. 统一登录

The way there begins in a browser and ends in the same one, once, within ten minutes. A session that
begins so has proved nothing by a code of ours: what needs one asks for it (`step_up`).
"""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from core.errors import NotFound
from core.ids import new_id
from core.sealing import Place, Vault
from identity.models import OidcFlow, Operator
from identity.operator_sessions import (
    OperatorSignedIn,
    OperatorSignInFailed,
    start_operator_session,
)
from identity.providers.operator_oidc import OperatorOidc
from identity.sessions import token_hash

LIFETIME = timedelta(minutes=10)


class OidcNotOffered(NotFound):
    code = "identity.oidc_not_offered"
    message = "没有开通统一登录，请用口令登录"


class Begun(Struct, frozen=True, kw_only=True):
    """Where to send the browser, and what it is to keep until it comes back."""

    authorization_url: str
    browser_token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return "Begun(…)"


class OidcSignIn:
    """The way by the service, or nothing where none is set up."""

    def __init__(self, service: OperatorOidc | None) -> None:
        self._service = service

    async def begin(self, *, vault: Vault, at: datetime) -> Begun:
        """Open a way for one browser; nobody else can walk it to its end."""
        if self._service is None:
            raise OidcNotOffered()
        state, browser, nonce = (secrets.token_urlsafe(32) for _ in range(3))
        verifier, flow_id = secrets.token_urlsafe(48), new_id()
        await OidcFlow.create(
            id=flow_id,
            state_hash=token_hash(state),
            browser_hash=token_hash(browser),
            nonce=nonce,
            code_verifier_sealed=vault.seal(_place(flow_id), verifier),
            expires_at=at + LIFETIME,
        )
        url = self._service.authorization_url(state=state, nonce=nonce, verifier=verifier)
        return Begun(authorization_url=url, browser_token=browser, expires_at=at + LIFETIME)

    async def finish(
        self, code: str, state: str, browser_token: str, *, vault: Vault, at: datetime
    ) -> OperatorSignedIn:
        """A session for the operator of the name that the service gives. Once, in this browser.

        Every refusal looks the same: also when there is no such operator, for none is made.
        """
        if self._service is None:
            raise OidcNotOffered()
        flow = await OidcFlow.get_or_none(
            state_hash=token_hash(state), browser_hash=token_hash(browser_token)
        )
        living = OidcFlow.filter(id=flow.id if flow else new_id(), used_at=None, expires_at__gt=at)
        if flow is None or not await living.update(used_at=at):
            raise OperatorSignInFailed()
        verifier = vault.open(_place(flow.id), flow.code_verifier_sealed)
        name = await self._service.login_name(code, nonce=flow.nonce, verifier=verifier, at=at)
        operator = await Operator.get_or_none(login_name=name, disabled_at=None) if name else None
        if operator is None:
            raise OperatorSignInFailed()
        return await start_operator_session(operator, proved_at=None, at=at)


async def forget_old_flows(*, at: datetime) -> int:
    """Drop the ways that nobody can walk any more."""
    return await OidcFlow.filter(expires_at__lt=at).delete()


def _place(flow_id: UUID) -> Place:
    return Place("identity_oidc_flow", "code_verifier_sealed", flow_id)
