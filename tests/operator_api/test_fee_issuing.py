import httpx
import pyotp
import pytest

from core.clock import now
from core.sealing import Vault
from identity.kinds import Role
from identity.operators import new_totp_secret, register_operator
from identity.persons import register_person
from payments.models import FeeOrder
from payments.orders import register_agency
from tests.payments import make

PASSWORD, SECRET = "临溪-窗口-6053-pebble", new_totp_secret()
WANG, LI = "330100195103089023", "330100195701109178"
PATH = "/operator/v1/fee-orders/LX-2026-0001"


@pytest.fixture
async def window(client: httpx.AsyncClient, vault: Vault) -> httpx.AsyncClient:
    return await _at_the_window(client, vault, division="330199")


async def _at_the_window(
    client: httpx.AsyncClient, vault: Vault, *, division: str
) -> httpx.AsyncClient:
    await register_agency(make.DEPARTMENT, division="330199", name="临溪市自然资源和规划局")
    await register_person(name="王桂兰", id_number=WANG, vault=vault, division="330199")
    person = await make.person(vault, "何俊")
    await register_operator(
        person_id=person.id,
        login_name="hejun",
        password=PASSWORD,
        totp_secret=SECRET,
        roles=[Role.WINDOW_OFFICER],
        department=make.DEPARTMENT,
        division=division,
        vault=vault,
        actor="system:test",
    )
    code = pyotp.TOTP(SECRET).at(now())
    body = {"username": "hejun", "password": PASSWORD, "totp_code": code}
    token = (await client.post("/operator/v1/sessions", json=body)).json()["token"]
    client.cookies.clear()
    client.headers["authorization"] = f"Bearer {token}"
    return client


def fee(**fields: object) -> dict[str, object]:
    return {"payer_number": WANG, "title": "不动产登记费", "amount_fen": 8000} | fields


async def test_a_window_issues_a_fee_once_for_its_own_reference(
    window: httpx.AsyncClient,
) -> None:
    deadline = {"deadline_at": "2027-06-30T16:00:00+08:00"}
    first = await window.put(PATH, json=fee(**deadline))
    again = await window.put(PATH, json=fee(**deadline))

    assert (first.status_code, again.json()) == (200, first.json())
    assert first.json()["status"] == "open"
    assert await FeeOrder.all().count() == 1


@pytest.mark.parametrize(
    ("division", "kept"),
    [("330199001", "330199001"), ("330199", "330199"), ("33", "330199"), ("330200", "330199")],
)
async def test_the_fee_belongs_to_the_windows_own_part_of_the_agencys_division(
    client: httpx.AsyncClient, vault: Vault, division: str, kept: str
) -> None:
    window = await _at_the_window(client, vault, division=division)

    await window.put(PATH, json=fee())

    assert (await FeeOrder.get()).division == kept
    found = (await window.get("/operator/v1/fee-orders", params={"limit": 1})).json()["items"]
    assert [row["agency_reference"] for row in found] == (
        ["LX-2026-0001"] if kept.startswith(division) else []
    )


@pytest.mark.parametrize("other", [{"amount_fen": 8001}, {"deadline_at": "2027-06-30T08:00:00Z"}])
async def test_other_content_under_the_same_reference_is_a_conflict(
    window: httpx.AsyncClient, other: dict[str, object]
) -> None:
    await window.put(PATH, json=fee())

    reply = await window.put(PATH, json=fee(**other))

    assert (reply.status_code, reply.json()["code"]) == (409, "payments.reference_reused")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        pytest.param({"payer_number": LI}, 404, "payments.payer_not_found", id="nobody"),
        pytest.param(
            {"payer_number": "330100195103089024"}, 422, "identity.id_number_invalid", id="check"
        ),
        pytest.param({"amount_fen": 0}, 400, "web.body_invalid", id="nothing to pay"),
        *(
            pytest.param(
                {"deadline_at": far}, 422, "payments.deadline_out_of_range", id=f"by {far}"
            )
            for far in ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
        ),
        pytest.param({"amount_fen": "8000"}, 400, "web.body_invalid", id="text for money"),
        pytest.param({"title": "　"}, 400, "web.body_invalid", id="a title of spaces"),
        pytest.param({"title": "费\n用"}, 400, "web.body_invalid", id="a title of two lines"),
        pytest.param({"title": "\u202e费用"}, 400, "web.body_invalid", id="a title turned around"),
    ],
)
async def test_what_cannot_be_a_fee_is_refused(
    window: httpx.AsyncClient, fields: dict[str, object], status: int, code: str
) -> None:
    reply = await window.put(PATH, json=fee(**fields))

    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert await FeeOrder.all().count() == 0
