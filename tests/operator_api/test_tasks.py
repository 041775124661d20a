"""The human queue through the front door. 人工待办"""

import httpx
import pyotp
import pytest

from core.clock import now
from core.ids import new_id
from core.models import AuditEntry, HumanTask
from core.sealing import Vault
from core.tasks import raise_task
from identity.kinds import Role
from identity.models import Operator
from identity.operators import change_roles, new_totp_secret, register_operator
from tests.payments import make
from web.doors import CONSOLE_HEADER

PASSWORD, SECRET = "临溪-待办-5127-willow", new_totp_secret()
DEPARTMENT, PATH = "330199-finance", "/operator/v1/tasks"
DONE = {"outcome": "resolved"}


@pytest.fixture
async def officer(client: httpx.AsyncClient, vault: Vault) -> Operator:
    person = await make.person(vault, "沈岚")
    return await register_operator(
        person_id=person.id,
        login_name="shenlan",
        password=PASSWORD,
        totp_secret=SECRET,
        roles=[Role.FINANCE],
        department=DEPARTMENT,
        division="330199",
        vault=vault,
        actor="system:test",
    )


@pytest.fixture
async def desk(client: httpx.AsyncClient, officer: Operator) -> httpx.AsyncClient:
    """The officer's browser."""
    code = pyotp.TOTP(SECRET).at(now())
    body = {"username": "shenlan", "password": PASSWORD, "totp_code": code}
    client.headers.update({"Sec-Fetch-Site": "same-origin", CONSOLE_HEADER: "1"})
    await client.post("/operator/v1/sessions", json=body)
    return client


async def task(subject: str, department: str = DEPARTMENT, division: str = "330199") -> HumanTask:
    await raise_task(
        "payments.refund_due",
        department=department,
        division=division,
        subject=subject,
        amount_fen=8000,
    )
    return await HumanTask.get(subject=subject)


async def walk(desk: httpx.AsyncClient, limit: int) -> list[str]:
    """All subjects, page by page."""
    found, cursor = [], ""
    while True:
        page = (await desk.get(f"{PATH}?limit={limit}{cursor}")).json()
        found += [item["subject"] for item in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 20])
async def test_open_tasks_come_first_whatever_the_page(desk: httpx.AsyncClient, limit: int) -> None:
    given = [await task(subject) for subject in "abcde"]
    for ended in (given[0], given[3]):
        await desk.post(f"{PATH}/{ended.id}/closure", json=DONE)

    assert await walk(desk, limit) == ["e", "c", "b", "d", "a"]


async def test_what_is_closed_between_two_pages_hides_nothing(desk: httpx.AsyncClient) -> None:
    given = [await task(subject) for subject in "abcd"]
    first = (await desk.get(f"{PATH}?limit=2")).json()

    await desk.post(f"{PATH}/{given[2].id}/closure", json=DONE)
    rest = (await desk.get(f"{PATH}?limit=20&cursor={first['next_cursor']}")).json()

    assert [item["subject"] for item in first["items"]] == ["d", "c"]
    assert [item["subject"] for item in rest["items"]] == ["b", "a", "c"]


async def test_a_task_is_closed_once_with_its_outcome(
    desk: httpx.AsyncClient, officer: Operator
) -> None:
    given = await task("fee_order:F1")

    closed = await desk.post(f"{PATH}/{given.id}/closure", json={"outcome": "referred"})
    again = await desk.post(f"{PATH}/{given.id}/closure", json=DONE)

    entry = await AuditEntry.get(action="task.close")
    assert closed.status_code == 200
    assert closed.json()["outcome"] == "referred"
    assert closed.json()["assignee"] == f"operator:{officer.id}" == entry.actor
    assert closed.json()["details"] == {"amount_fen": 8000}
    assert (again.status_code, again.json()["code"]) == (409, "core.task_closed")


async def test_another_desks_task_is_not_found(desk: httpx.AsyncClient) -> None:
    """B25: the same answer as for a task that does not exist."""
    others = [
        (await task("another department", department="330199-health")).id,
        (await task("another division", division="330198")).id,
        new_id(),
    ]

    replies = [await desk.post(f"{PATH}/{other}/closure", json=DONE) for other in others]

    assert {reply.status_code for reply in replies} == {404}
    assert {reply.json()["code"] for reply in replies} == {"core.task_not_found"}
    assert (await desk.get(PATH)).json()["items"] == []
    assert await HumanTask.filter(closed_at=None).count() == 2


@pytest.mark.parametrize("body", [{}, {"outcome": "王桂兰已退款"}, DONE | {"note": "x"}])
async def test_only_a_known_outcome_is_taken(desk: httpx.AsyncClient, body: dict[str, str]) -> None:
    given = await task("a")

    reply = await desk.post(f"{PATH}/{given.id}/closure", json=body)

    assert (reply.status_code, reply.json()["code"]) == (400, "web.body_invalid")


async def test_an_auditor_reads_and_closes_nothing(
    desk: httpx.AsyncClient, officer: Operator
) -> None:
    given = await task("a")
    await change_roles(officer.id, [Role.AUDITOR], actor="system:test", at=now())

    listed = await desk.get(PATH)
    reply = await desk.post(f"{PATH}/{given.id}/closure", json=DONE)

    assert [item["subject"] for item in listed.json()["items"]] == ["a"]
    assert (reply.status_code, reply.json()["code"]) == (403, "web.role_required")


async def test_a_cursor_of_another_list_is_refused(desk: httpx.AsyncClient) -> None:
    reply = await desk.get(f"{PATH}?cursor=AAAA")

    assert (reply.status_code, reply.json()["code"]) == (400, "web.bad_cursor")
