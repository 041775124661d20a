"""One run from an empty folder to its figures."""

import asyncio
import io
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from subprocess import PIPE, Popen
from time import perf_counter

import asyncpg
import msgspec
from litestar import Litestar
from msgspec import Struct
from msgspec.structs import replace

from app.asgi import create_app
from app.logging import AccessLog, configure_logging
from app.providers import Parts, choose_parts
from app.running import ROOT
from app.settings import Settings
from benchmarks import scripts
from benchmarks.applying import Applied
from benchmarks.bare import SCRIPTS, create_bare, replay
from benchmarks.bed import Bed
from benchmarks.cases import APPLIED, CASES, CROWD, Ask, Case, Scene
from benchmarks.machine import Memory, memory_of
from benchmarks.measuring import Figures, Line, Shape, measure, percentile
from benchmarks.people import engage_verifiers, sign_in, sign_in_verifiers
from benchmarks.profiling import WARM, Contender, Profile, profile
from benchmarks.recording import SOME, Recorder, record
from benchmarks.scripts import Script, Scripts
from benchmarks.serving import WIDE
from benchmarks.supplies import WechatPay
from payments.notices import apply_notices
from web.limiter import Limiter

SHOWN = "driving"
REPLAY_SECONDS = 2.0

Say = Callable[[str], None]


class Result(Struct, frozen=True):
    lines: list[Line]
    memory: list[Memory]


async def run(bed: Bed, shape: Shape, *, people: int, names: Sequence[str], say: Say) -> Result:
    """Measure the cases of these names, all of them when there is none."""
    settings = replace(bed.settings, database_connections=2)
    parts = choose_parts(settings)
    cases = [case for case in CASES if not names or case.name in names]
    async with _product(settings, parts) as app:
        scene = await _scene(bed, settings, parts, people)
        known, applying = await _record(cases, scene, app, settings, say)
        scripts.keep(bed.folder / "scripts.pickle", known)
        with bed.serving() as server:
            lines = []
            for case in cases:
                say(f"{case.name} …")
                queries = _queries(known[case.key])
                shape = replace(shape, server=server.pid)
                lines.append(await measure(case, queries, scene, shape))
            memory = memory_of(bed.processes(server))
        if applying is not None:
            say(f"{APPLIED} …")
            line, own = await _apply(bed, applying, settings)
            lines.append(line)
            memory.append(own)
    return Result(lines, memory)


async def profile_cases(
    bed: Bed, *, people: int, names: Sequence[str], count: int, say: Say
) -> list[tuple[str, Profile, Profile, Profile]]:
    """Processor time of one request in this process: the product, bare, with token and limit.

    `count` people ask, each as often in a row as a visit has it.
    """
    settings = replace(bed.settings, database_connections=2)
    parts = choose_parts(settings)
    cases = [case for case in CASES if case.name in names or (not names and case.hot_read)]
    found = []
    configure_logging(settings.log_level, stream=io.StringIO())
    async with _product(settings, parts) as app:
        scene = await _scene(bed, settings, parts, people)
        known, _ = await _record(cases, scene, app, settings, say)
        scripts.keep(bed.folder / "scripts.pickle", known)
        os.environ[SCRIPTS] = str(bed.folder / "scripts.pickle")
        limiter = Limiter(parts.cache, rules=WIDE)
        bare = create_bare(settings, issuer=parts.issuer, limiter=limiter)
        for case in cases:
            asks = (await case.make(scene, count + WARM))[: count + WARM]
            beside = [
                Contender(bare, _asks_beside(case, asks, kind)) for kind in ("plain", "signed")
            ]
            product = Contender(AccessLog(app), asks)
            costs = await profile([product, *beside], visit=case.visit)
            found.append((case.name, costs[0], costs[1], costs[2]))
    return found


def _asks_beside(case: Case, asks: Sequence[Ask], kind: str) -> list[Ask]:
    return [
        Ask(ask.method, f"/bare/{kind}/{case.key}/{who}/then", ask.token)
        for who, ask in enumerate(asks)
    ]


def _queries(some: Scripts) -> tuple[int, int]:
    def usual(of: list[Script]) -> int:
        counts = sorted(script.queries for script in of)
        return counts[len(counts) // 2]

    return usual(some.first), usual(some.then)


@asynccontextmanager
async def _product(settings: Settings, parts: Parts) -> AsyncIterator[Litestar]:
    limiter = Limiter(parts.cache, rules=WIDE)
    app = create_app(settings, parts, limiter=limiter)
    async with app.lifespan():
        yield app


async def _scene(bed: Bed, settings: Settings, parts: Parts, people: int) -> Scene:
    appid = settings.wechat.appid
    merchant = settings.wechat_pay.merchants[0].mchid
    return Scene(
        parts=parts,
        askers=await sign_in(people, licence_type=SHOWN, appid=appid),
        scanners=await sign_in_verifiers(SHOWN),
        crowd=await engage_verifiers(SHOWN, count=CROWD),
        pay=WechatPay(bed.state, mchid=merchant, appid=appid),
        sandbox=bed.sandbox,
        appid=appid,
    )


async def _record(
    cases: Sequence[Case], scene: Scene, app: Litestar, settings: Settings, say: Say
) -> tuple[dict[str, Scripts], Script | None]:
    """The statements of each case, and of applying the callbacks that were kept meanwhile."""
    recorder = Recorder()
    await recorder.listen()
    say("writing down what each route asks of the database …")
    known = {}
    for case in cases:
        asks = await case.make(scene, SOME * 2)
        cache = scene.parts.cache
        known[case.key] = await record(case, asks, app=app, cache=cache, recorder=recorder)
    if "callback-kept" not in known:
        return known, None
    vault, department = await scene.parts.vault.get(), settings.operating_department
    return known, await recorder.script(partial(apply_notices, vault=vault, department=department))


async def _apply(bed: Bed, applying: Script, settings: Settings) -> tuple[Line, Memory]:
    """What the load left kept is applied by one process; beside it, its statements alone."""
    applied = await asyncio.to_thread(_apply_in_process, bed)
    rate, took = await _replay(applying, settings)
    each = sorted(int(one * 1000) for one in applied.milliseconds)
    product = Figures(
        applied.count / applied.seconds, percentile(each, 50), percentile(each, 99), {}
    )
    queries = round(applying.queries / (SOME * 2))
    plain = Figures(rate, took, took, {})
    line = Line(
        case=APPLIED, hot_read=False, queries=(queries, queries), product=product, plain=plain
    )
    return line, Memory("worker, applying", applied.rss, applied.uss)


def _apply_in_process(bed: Bed) -> Applied:
    command = [sys.executable, "-m", "benchmarks.applying"]
    with Popen(command, stdout=PIPE, cwd=ROOT, env=bed.environment) as process:
        told, _ = process.communicate(timeout=600)
    return msgspec.json.decode(told, type=Applied)


async def _replay(script: Script, settings: Settings) -> tuple[float, float]:
    """Callbacks a second, and milliseconds for one, of the statements alone."""
    url = settings.database_url.reveal()
    dsn = "postgresql" + url[url.index("://") :]
    async with asyncpg.create_pool(dsn, min_size=1, max_size=1) as pool:
        await replay(pool, script)
        times, began = 0, perf_counter()
        while (took := perf_counter() - began) < REPLAY_SECONDS:
            await replay(pool, script)
            times += 1
    done = times * SOME * 2
    return done / took, took * 1000 / done
