from typing import Annotated, Any

from litestar import Controller, Request, delete, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from core.clock import now
from identity.callers import VerifierCaller
from identity.device_proofs import ProofRefused
from identity.refreshing import RefreshRefused, RefreshReused, refresh
from identity.session_states import SessionStates
from identity.sessions import SignedIn, log_out
from identity.terminals import check_refresh, identify
from identity.tokens import Audience, TokenIssuer
from identity.verifiers import TerminalRequired, VerifierSignInFailed, sign_in_verifier
from web.addresses import Whence
from web.doors import find_proof
from web.limiter import Limiter

AnyRequest = Request[Any, Any, State]


class VerifierSignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    username: Annotated[str, Meta(min_length=1, max_length=64)]
    password: Annotated[str, Meta(min_length=1, max_length=128)]


class VerifierRefreshRequest(Struct, frozen=True, forbid_unknown_fields=True):
    refresh_token: Annotated[str, Meta(min_length=1, max_length=128)]


class VerifierView(Struct, frozen=True, kw_only=True):
    organisation_name: str
    purpose: str
    licence_types: list[str]
    fields: list[str]


class VerifierSessionController(Controller):
    """核验员登录: a verifier's own sign-in, with tokens of their own kind."""

    path = "/sessions"
    tags = ["核验员登录"]

    @post(
        limit="log_in_staff",
        summary="核验员登录",
        description="用户名和口令换取核验端令牌；该令牌不能用于居民端。在已启用的终端上登录时带"
        "`DPoP` 请求头，此后令牌只在该终端上有效，每个请求都要带新的 `DPoP`。",
        example={"username": "bus-3", "password": "************"},
        errors=(VerifierSignInFailed, TerminalRequired, ProofRefused),
    )
    async def create(
        self,
        data: JSONBody[VerifierSignInRequest],
        request: AnyRequest,
        issuer: NamedDependency[TokenIssuer],
        limiter: NamedDependency[Limiter],
        whence: NamedDependency[Whence],
    ) -> SignedIn:
        at, proof = now(), find_proof(request, issuer.issuer)
        terminal = None if proof is None else await identify(proof, at=at)
        place = whence.network if terminal is None else f"terminal:{terminal.id}"
        key = f"verifier:{data.username}|{place}"
        await limiter.hit("log_in_name", key)
        signed_in = await sign_in_verifier(
            data.username, data.password, terminal=terminal, issuer=issuer, at=at
        )
        await limiter.take_back("log_in_name", key)
        return signed_in

    @post(
        "/refresh",
        limit="refresh",
        status_code=200,
        summary="核验端刷新令牌",
        description="规则与居民端相同：每次更换，旧的 30 秒内可再取一次。",
        example={"refresh_token": "hT0mZ1Yd3bq6vJ8kX2nR5wP9sC4aF7gL0eU_iO-yQtA"},
        errors=(RefreshRefused, RefreshReused, ProofRefused),
    )
    async def refresh(
        self,
        data: JSONBody[VerifierRefreshRequest],
        request: AnyRequest,
        issuer: NamedDependency[TokenIssuer],
        session_states: NamedDependency[SessionStates],
    ) -> SignedIn:
        at, proof = now(), find_proof(request, issuer.issuer)
        await check_refresh(data.refresh_token, proof, at=at)
        return await refresh(
            data.refresh_token, Audience.VERIFIER, issuer=issuer, states=session_states, at=at
        )

    @get("/current", summary="当前核验员", description="所属机构、核验用途、可核验的证照与字段。")
    async def show(self, verifier: NamedDependency[VerifierCaller]) -> VerifierView:
        return VerifierView(
            organisation_name=verifier.organisation_name,
            purpose=verifier.purpose,
            licence_types=sorted(verifier.licence_types),
            fields=sorted(verifier.fields),
        )

    @delete("/current", summary="核验员退出", description="结束本设备的登录。")
    async def end(
        self,
        verifier: NamedDependency[VerifierCaller],
        session_states: NamedDependency[SessionStates],
    ) -> None:
        await log_out(verifier, states=session_states, at=now())
