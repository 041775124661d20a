"""A small application with all of `web` on it, for tests of what every route shares."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from ipaddress import ip_network
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Litestar, Request, delete, get, post, put
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, FromQuery, JSONBody
from litestar.response import Stream
from msgspec import Meta, Struct
from obstore.store import MemoryStore, ObjectStore
from redis.asyncio import Redis

from core.clock import now
from core.errors import Conflict, UpstreamFailed
from core.files import FileStorage
from core.ids import new_id
from core.sealing import Vault
from core.signing import Signer
from identity.callers import Caller, MachineCaller, OperatorCaller, VerifierCaller
from web.auth import AnyCaller, AnyConnection, Door, Passage, SignInRequired, bearer_token
from web.body import CALLBACK_BODY_LIMIT
from web.limiter import RULES, Limiter, Rule
from web.matrix import Audience, Matrix
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages
from web.plugin import WebPlugin
from web.uploads import FILES, UPLOAD, UPLOAD_LIMIT, keep_upload, send_file
from web.views import View

LINES = {
    "GET /openapi.json": ["anyone"],
    "GET /docs": ["anyone"],
    "GET /docs.css": ["anyone"],
    "GET /docs/openapi.json": ["anyone"],
    "GET /docs/{path}": ["anyone"],
    "GET /things": ["anyone"],
    "POST /things": ["anyone"],
    "GET /things/{thing_id}": ["anyone"],
    "PUT /things/{thing_id}": ["anyone"],
    "DELETE /things/{thing_id}": ["anyone"],
    "POST /lists": ["anyone"],
    "POST /callbacks": ["anyone"],
    "GET /broken": ["anyone"],
    "GET /mine": ["resident"],
    "GET /checks": ["verifier"],
    "GET /desk": ["editor", "auditor"],
    "GET /feed": ["machine"],
    "POST /feed": ["licences:take"],
    "POST /exports": ["editor", "step_up"],
    "POST /sessions": ["anyone"],
    "POST /policies": ["publisher"],
    "POST /files": ["anyone"],
    "GET /files/{file_id}": ["anyone"],
}


class ThingTaken(Conflict):
    code = "web.test_thing_taken"
    message = "已被占用"
    shown = ("thing_id",)


class ProviderDown(UpstreamFailed):
    code = "web.test_provider_down"
    message = "暂时不可用"


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=8)]
    count: int = 0


class ThingRequest(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=20)]
    count: int
    code: Annotated[str, Meta(pattern=r"^[0-9]{4}\Z")] = "0000"
    share: float = 0.5
    parts: list[Part] = []
    on: datetime | None = None


class ThingView(View, frozen=True):
    id: UUID
    name: str


class _Row:
    def __init__(self, name: str) -> None:
        self.id = new_id()
        self.name = name


ROWS = [_Row(f"第{number}件") for number in range(7)][::-1]


class ThingController(Controller):
    path = "/things"
    tags = ["物品"]

    @get(summary="物品列表", description="按时间倒序。")
    async def many(
        self,
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
        word: FromQuery[str | None] = None,
    ) -> Page[ThingView]:
        after = pages.after(cursor, of="things")
        rows = [row for row in ROWS if after is None or row.id < after][: limit + 1]
        return pages.page(rows, ThingView.of, limit=limit, of="things")

    @post(
        summary="新建",
        description="新建一件物品。",
        example={"name": "书", "count": 1},
        errors=(ThingTaken,),
    )
    async def create(self, data: JSONBody[ThingRequest]) -> ThingRequest:
        return data

    @get("/{thing_id:uuid}", summary="查看", description="查看一件物品。")
    async def show(self, thing_id: FromPath[UUID]) -> ThingView:
        return ThingView(thing_id, "长" * 2000)

    @put("/{thing_id:uuid}", summary="占用", description="占用一件物品。", errors=(ThingTaken,))
    async def take(self, thing_id: FromPath[UUID]) -> None:
        raise ThingTaken(thing_id=thing_id, secret="不给人看")

    @delete("/{thing_id:uuid}", status_code=200, summary="删除", description="删除一件物品。")
    async def drop(self, thing_id: FromPath[UUID]) -> None:
        raise ProviderDown()


@post("/lists")
async def lists(data: JSONBody[list[int]]) -> list[int]:
    return data


@post("/callbacks", request_max_body_size=CALLBACK_BODY_LIMIT)
async def callbacks(request: Request[Any, Any, State]) -> int:
    return len(await request.body())


@get("/broken")
async def broken() -> None:
    raise RuntimeError("a bug with 330102195006011234 in it")


@get("/mine")
async def mine(caller: NamedDependency[Caller]) -> str:
    return caller.subject


@get("/checks")
async def checks(verifier: NamedDependency[VerifierCaller]) -> str:
    return verifier.organisation_name


@get("/desk")
async def desk(operator: NamedDependency[OperatorCaller]) -> str:
    return operator.department


@get("/feed")
async def feed(machine: NamedDependency[MachineCaller]) -> str:
    return machine.organisation_name


@post("/feed")
async def take(machine: NamedDependency[MachineCaller]) -> None: ...


@post("/exports")
async def exports(operator: NamedDependency[OperatorCaller]) -> None: ...


@post("/sessions", limit="log_in")
async def sessions() -> None: ...


@post("/policies", limit="publish")
async def policies(operator: NamedDependency[OperatorCaller]) -> None: ...


@post("/files", opt=UPLOAD, request_max_body_size=UPLOAD_LIMIT)
async def upload(request: Request[Any, Any, State], files: NamedDependency[FileStorage]) -> UUID:
    return (await keep_upload(request, files, owner="party:1", at=now())).id


@get("/files/{file_id:uuid}", answers=FILES)
async def download(file_id: FromPath[UUID], files: NamedDependency[FileStorage]) -> Stream:
    return send_file(await files.get(file_id, owner="party:1", at=now()), files)


CALLERS: Mapping[Audience, AnyCaller] = {
    Audience.RESIDENT: Caller(
        account_id=new_id(),
        session_id=new_id(),
        provider="wechat",
        appid="wx1",
        subject="openid-1",
        person_id=None,
        party_id=None,
        level=0,
    ),
    Audience.VERIFIER: VerifierCaller(
        verifier_id=new_id(),
        session_id=new_id(),
        organisation_id=new_id(),
        organisation_name="临溪车站",
        licence_types=frozenset(),
        fields=frozenset(),
        purpose="进站",
    ),
    Audience.OPERATOR: OperatorCaller(
        operator_id=new_id(),
        session_id=new_id(),
        person_id=new_id(),
        roles=frozenset({"editor"}),
        department="330199-civil-affairs",
        division="330199",
    ),
    Audience.MACHINE: MachineCaller(
        client_id=new_id(),
        organisation_id=new_id(),
        organisation_name="临溪公积金中心",
        department="330199-housing-fund",
        division="330199",
        scopes=frozenset({"verifications:write"}),
        licence_types=frozenset(),
        fields=frozenset(),
        purpose="提取核验",
    ),
}


async def _resident(connection: AnyConnection, at: datetime, _: Passage) -> AnyCaller:
    return _known(connection, Audience.RESIDENT)


async def _verifier(connection: AnyConnection, at: datetime, _: Passage) -> AnyCaller:
    return _known(connection, Audience.VERIFIER)


async def _operator(connection: AnyConnection, at: datetime, _: Passage) -> AnyCaller:
    return _known(connection, Audience.OPERATOR)


async def _machine(connection: AnyConnection, at: datetime, _: Passage) -> AnyCaller:
    return _known(connection, Audience.MACHINE)


def _known(connection: AnyConnection, audience: Audience) -> AnyCaller:
    if bearer_token(connection) != audience:
        raise SignInRequired()
    return CALLERS[audience]


DOORS = {
    Audience.RESIDENT: _resident,
    Audience.VERIFIER: _verifier,
    Audience.OPERATOR: _operator,
    Audience.MACHINE: _machine,
}


def make_app(
    cache: Redis,
    *,
    rules: Mapping[str, Rule] = RULES,
    proxies: Sequence[str] = (),
    doors: Mapping[Audience, Door] = DOORS,
    store: ObjectStore | None = None,
) -> Litestar:
    vault = Vault({1: b"k" * 32}, index_key=b"i" * 32)
    plugin = WebPlugin(
        doors=doors,
        limiter=Limiter(cache, rules=rules),
        cursor_signer=Signer([b"for tests only"], purpose="page cursor"),
        version="1",
        trusted_proxies=[ip_network(proxy) for proxy in proxies],
        matrix=Matrix(LINES),
    )
    handlers = [lists, callbacks, broken, mine, checks, desk, sessions, policies, upload, download]
    handlers += [feed, take, exports]
    storage = FileStorage(store or MemoryStore(), vault)
    files = Provide(lambda: storage, sync_to_thread=False)
    return Litestar([ThingController, *handlers], plugins=[plugin], dependencies={"files": files})
