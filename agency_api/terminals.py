from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, post
from litestar.datastructures import State
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from core.clock import now
from identity.device_proofs import ProofRefused
from identity.machine_clients import PublicKeyTaken
from identity.terminals import TerminalCodeRefused, enrol_terminal
from identity.tokens import TokenIssuer
from web.doors import find_proof


class TerminalEnrolmentRequest(Struct, frozen=True, forbid_unknown_fields=True):
    code: Annotated[str, Meta(min_length=1, max_length=64)]


class EnrolledTerminalView(Struct, frozen=True, kw_only=True):
    terminal_id: UUID
    organisation_id: UUID
    thumbprint: str


class TerminalController(Controller):
    """核验终端: a device shows the key it made, once."""

    path = "/terminals"
    tags = ["核验员登录"]

    @post(
        limit="log_in_staff",
        summary="启用核验终端",
        description="终端自己生成密钥，把启用码连同 `DPoP` 请求头（RFC 9449，`jwk` 为其公钥，"
        "ES256 或 EdDSA）发来一次。此后在该终端上登录和发出的每个请求都要带新的 `DPoP`。",
        example={"code": "J0m4Zq2Yd8xK1vB7nR5wP9sC4aF6gL3e"},
        errors=(TerminalCodeRefused, ProofRefused, PublicKeyTaken),
    )
    async def create(
        self,
        data: JSONBody[TerminalEnrolmentRequest],
        request: Request[Any, Any, State],
        issuer: NamedDependency[TokenIssuer],
    ) -> EnrolledTerminalView:
        proof = find_proof(request, issuer.issuer)
        if proof is None:
            raise ProofRefused()
        terminal = await enrol_terminal(data.code, proof, at=now())
        return EnrolledTerminalView(
            terminal_id=terminal.id,
            organisation_id=terminal.organisation_id,
            thumbprint=terminal.thumbprint or "",
        )
