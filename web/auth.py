"""Who is signed in, decided before anything of the request is read. 登录校验

The matrix names the audience of a route; that audience's door makes the caller out of the token or
cookie, or refuses. The route then takes it by name: `caller`, `operator`,
`verifier` or `machine`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler

from core.clock import now
from core.errors import NotAllowed, NotSignedIn
from identity.callers import Caller, MachineCaller, OperatorCaller, VerifierCaller
from web.addresses import Network, client_address, network_of
from web.levels import Levels
from web.limiter import Limiter
from web.matrix import Access, Audience, Matrix

AnyCaller = Caller | OperatorCaller | VerifierCaller | MachineCaller
AnyConnection = ASGIConnection[Any, Any, Any, Any]
Kind = TypeVar("Kind", Caller, OperatorCaller, VerifierCaller, MachineCaller)
Door = Callable[[AnyConnection, datetime, "Passage"], Awaitable[AnyCaller]]
"""Makes the caller of one audience out of a connection, or raises NotSignedIn."""

STEP_UP_LASTS = timedelta(minutes=5)
"""For how long a one-time code, given again, opens what needs it."""


class SignInRequired(NotSignedIn):
    code = "web.not_signed_in"
    message = "请先登录"


class RoleRequired(NotAllowed):
    code = "web.role_required"
    message = "您的岗位没有此项权限"
    shown = ("roles",)


class ScopeRequired(NotAllowed):
    code = "web.scope_required"
    message = "该系统没有此项接口权限"
    shown = ("scopes",)


class StepUpRequired(NotAllowed):
    code = "web.step_up_required"
    message = "此操作需要再次输入动态码"
    shown = ("step",)


class Passage:
    """One request on its way through a door. It is counted once, for whom it is from.

    A door that reads from the cache for the subject of a token has it counted on that way: a token
    names one account or one verifier. When the door refuses after all, it was not theirs.
    """

    def __init__(self, limiter: Limiter, action: str | None, *, address: str = "unknown") -> None:
        self._limiter = limiter
        self.address = address
        self._action = action
        self._counted: str | None = None
        self.read_for = None if action is None else partial(self._read_for, action)

    async def count(self, key: str) -> None:
        if self._action is not None and self._counted is None:
            await self._limiter.hit(self._action, key)

    async def take_back(self) -> None:
        if self._action is not None and self._counted is not None:
            await self._limiter.take_back(self._action, self._counted)

    async def _read_for(self, action: str, subject: UUID, name: str) -> bytes | None:
        key = f"subject:{subject}"
        text = await self._limiter.hit(action, key, reading=name)
        self._counted = key
        return text


class Gatekeeper:
    """The guard of every route: matrix, door, role or level, then how often."""

    def __init__(
        self,
        matrix: Matrix,
        doors: Mapping[Audience, Door],
        limiter: Limiter,
        trusted_proxies: Sequence[Network] = (),
        *,
        levels: Levels,
    ) -> None:
        self._matrix = matrix
        self._levels = levels
        self._doors = doors
        self._limiter = limiter
        self._trusted_proxies = trusted_proxies

    async def __call__(self, connection: AnyConnection, handler: BaseRouteHandler) -> None:
        method = str(connection.scope.get("method"))
        if method == "OPTIONS":
            return
        access = self._matrix.find(method, str(connection.scope["path_template"]))
        if access is None:
            raise NotFoundException()
        limit = handler.opt.get("limit", "read" if method == "GET" else "write")
        address = client_address(connection.scope, self._trusted_proxies)
        passage, network = Passage(self._limiter, limit, address=address), network_of(address)
        if access.audience is Audience.ANYONE:
            await passage.count(network)
            return
        caller = await self._enter(connection, access.audience, passage, network)
        _check_rights(caller, access)
        if isinstance(caller, Caller):
            caller.require_level(self._levels.needed(method, connection.scope["path_template"]))
        connection.scope["user"] = caller
        await passage.count(caller.actor())

    async def _enter(
        self, connection: AnyConnection, audience: Audience, passage: Passage, network: str
    ) -> AnyCaller:
        """Nobody tries one token after another: who fails too often is told to wait."""
        try:
            return await self._doors[audience](connection, now(), passage)
        except NotSignedIn:
            await passage.take_back()
            await self._limiter.hit("refused", network)
            raise


def _check_rights(caller: AnyCaller, access: Access) -> None:
    if isinstance(caller, OperatorCaller):
        if not caller.roles & access.roles:
            raise RoleRequired(roles=sorted(access.roles))
        if access.step_up and not _proved_lately(caller, now()):
            raise StepUpRequired(operator_id=caller.operator_id, step="totp")
    if isinstance(caller, MachineCaller) and access.scopes and not caller.scopes & access.scopes:
        raise ScopeRequired(scopes=sorted(access.scopes))


def _proved_lately(operator: OperatorCaller, at: datetime) -> bool:
    return operator.proved_at is not None and at - operator.proved_at <= STEP_UP_LASTS


def bearer_token(connection: AnyConnection) -> str:
    """The token of the Authorization header; SignInRequired without one."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise SignInRequired()
    return token


AnyRequest = Request[Any, Any, State]


def provide_caller(request: AnyRequest) -> Caller:
    return _of_kind(request, Caller)


def provide_operator(request: AnyRequest) -> OperatorCaller:
    return _of_kind(request, OperatorCaller)


def provide_verifier(request: AnyRequest) -> VerifierCaller:
    return _of_kind(request, VerifierCaller)


def provide_machine(request: AnyRequest) -> MachineCaller:
    return _of_kind(request, MachineCaller)


def _of_kind(request: AnyRequest, kind: type[Kind]) -> Kind:
    user = request.scope.get("user")
    if not isinstance(user, kind):
        raise SignInRequired()
    return user
