"""What the measured cases ask is what the product answers: codes once, faces as pictures."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import cast

import asyncpg
import httpx
import pytest
from litestar import Litestar

from app.asgi import create_app
from app.embedded.postgres import EmbeddedPostgres
from app.providers import Parts
from benchmarks.cases import CASES, CROWD, Ask, Case, Scene
from benchmarks.client import Came
from benchmarks.counting import Counted, count_spent
from benchmarks.loading import read_city
from benchmarks.people import engage_verifiers, sign_in, sign_in_verifiers
from benchmarks.population import COLUMNS, Population
from benchmarks.serving import WIDE
from benchmarks.supplies import WechatPay
from core.clock import now
from core.sealing import Vault
from identity.models import Verifier
from licences.models import Licence
from seeds.files import City
from seeds.loader import load_city
from tests.deployment import make_settings
from web.limiter import Limiter

PEOPLE, SHOWN = 100, "driving"


@pytest.fixture
def app(parts: Parts) -> Litestar:
    """As it is measured: the limits wide open. All ask at once, so that the cache has all time."""
    limiter = Limiter(parts.cache, rules=WIDE, answer_seconds=60)
    return create_app(make_settings(), parts, limiter=limiter)


@pytest.fixture
async def scene(
    client: httpx.AsyncClient, vault: Vault, parts: Parts, postgres: EmbeddedPostgres
) -> AsyncIterator[Scene]:
    """The city, a hundred people, and everybody signed in."""
    at = now()
    await load_city(City(), vault=vault, at=at, say=lambda line: None)
    connection = await asyncpg.connect("postgresql" + postgres.url().removeprefix("asyncpg"))
    rows = Population(await read_city(connection, "wx-1"), vault=vault, at=at).rows(range(PEOPLE))
    for table, columns in COLUMNS.items():
        await connection.copy_records_to_table(table, records=rows[table], columns=columns)
    await connection.close()
    yield Scene(
        parts=parts,
        askers=await sign_in(PEOPLE, licence_type=SHOWN, appid="wx-1"),
        scanners=await sign_in_verifiers(SHOWN),
        crowd=await engage_verifiers(SHOWN, count=CROWD),
        pay=cast(WechatPay, None),  # nothing is paid here
        sandbox="",
        appid="wx-1",
    )
    await parts.studio.close()


def _case(name: str) -> Case:
    return next(case for case in CASES if case.name == name)


async def _asked(app: Litestar, asks: Sequence[Ask]) -> list[httpx.Response]:
    """All at once, straight into the application."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://zb.test") as client:

        async def one(ask: Ask) -> httpx.Response:
            headers = {"Content-Type": "application/json"} if ask.body else {}
            headers |= {"Authorization": f"Bearer {ask.token}"} if ask.token else {}
            return await client.request(ask.method, ask.path, headers=headers, content=ask.body)

        return await asyncio.gather(*(one(ask) for ask in asks))


def _came(answers: Sequence[httpx.Response]) -> Came:
    statuses = Counter(answer.status_code for answer in answers)
    good = statuses.pop(200, 0) + statuses.pop(201, 0)
    return Came(good=good, bad={str(status): count for status, count in statuses.items()})


async def test_sixty_four_verifiers_of_several_organisations_redeem_each_code_once(
    scene: Scene, app: Litestar
) -> None:
    """C02, as the bench counts it: alone, and with two of them at one code."""
    case = _case("verification under 64 verifiers")
    assert case.contest is not None

    since = now()
    alone = await count_spent(since, [_came(await _asked(app, await case.make(scene, CROWD)))])
    since = now()
    contest = [_came(await _asked(app, await case.contest(scene, 10)))]
    counted = Counted(alone, await count_spent(since, contest))

    assert len(scene.askers) > PEOPLE / 5
    organisations = await Verifier.filter(login_name__startswith="benchmark-").values_list(
        "organisation_id", flat=True
    )
    assert (len(organisations), len(set(organisations))) == (CROWD, 4)
    assert (alone.codes, counted.contested.codes) == (CROWD, 10)
    assert counted.exact


async def test_faces_come_as_pictures_with_and_without_a_portrait(
    scene: Scene, app: Litestar
) -> None:
    plain = await _asked(app, await _case("licence face").make(scene, 2))
    with_portrait = await _asked(app, await _case("licence face with portrait").make(scene, 2))

    pictured = await Licence.filter(portrait_id__isnull=False, holder_id__in=_holders(scene))
    answers = [*plain, *with_portrait]
    assert {answer.headers["content-type"] for answer in answers} == {"image/png"}
    assert {one.id for one in pictured} == {
        asker.licence_id for asker in scene.askers[len(scene.askers) // 2 :][:32]
    }


def _holders(scene: Scene) -> list[object]:
    return [asker.person_id for asker in scene.askers]
