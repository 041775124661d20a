from copy import deepcopy
from typing import Any

import httpx
import pyotp
import pytest
from litestar import Litestar

from core.clock import now
from core.models import AuditEntry
from core.sealing import Vault
from identity.kinds import Role
from identity.models import Person
from identity.operators import new_totp_secret, register_operator
from operator_api.policies import EXAMPLE
from tests.payments.jobs_asked import jobs_asked
from tests.proactive import make

PASSWORD = "临溪-测试-8613-willow"
PATH = "/operator/v1/policies/elders/versions/1"


@pytest.fixture
async def editor(app: Litestar, vault: Vault, db: None) -> httpx.AsyncClient:
    await make.facts_catalogue()
    return await operator(app, vault, Role.EDITOR)


async def operator(
    app: Litestar,
    vault: Vault,
    *roles: Role,
    person: Person | None = None,
    department: str = make.DEPARTMENT,
) -> httpx.AsyncClient:
    person = person or await make.person(vault)
    name, secret = f"operator-{'-'.join(roles)}-{person.id}", new_totp_secret()
    await register_operator(
        person_id=person.id,
        login_name=name,
        password=PASSWORD,
        totp_secret=secret,
        roles=list(roles),
        department=department,
        division="330199",
        vault=vault,
        actor="system:test",
    )
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://zb.test")
    body = {"username": name, "password": PASSWORD, "totp_code": pyotp.TOTP(secret).at(now())}
    token = (await client.post("/operator/v1/sessions", json=body)).json()["token"]
    client.cookies.clear()
    client.headers["authorization"] = f"Bearer {token}"
    return client


async def test_from_draft_to_publication_by_three_people(
    editor: httpx.AsyncClient, app: Litestar, vault: Vault
) -> None:
    approver = await operator(app, vault, Role.APPROVER)
    publisher = await operator(app, vault, Role.PUBLISHER)

    drafted = await editor.put(PATH, json=EXAMPLE)
    again = await editor.put(PATH, json=EXAMPLE)
    too_soon = await approver.post(f"{PATH}/approvals")
    tried = await editor.post(f"{PATH}/dry-runs")
    approved = await approver.post(f"{PATH}/approvals")
    published = await publisher.post(f"{PATH}/publications")

    assert (drafted.status_code, again.json()) == (200, drafted.json())
    assert (too_soon.status_code, too_soon.json()["code"]) == (409, "proactive.dry_run_required")
    assert tried.json()["eligible"] + tried.json()["unknown"] == 3
    assert approved.status_code == 201
    assert (published.status_code, published.json()["status"]) == (201, "published")
    assert len(await jobs_asked("proactive.match_policy")) == 1
    actions = await AuditEntry.filter(action__startswith="policy.").values_list("action", flat=True)
    assert sorted(actions) == [
        "policy.approve",
        "policy.draft",
        "policy.dry_run",
        "policy.publish",
    ]


async def test_the_author_under_another_account_does_not_approve(
    editor: httpx.AsyncClient, app: Litestar, vault: Vault
) -> None:
    """E02"""
    person = await make.person(vault)
    writing = await operator(app, vault, Role.EDITOR, person=person)
    approving = await operator(app, vault, Role.APPROVER, person=person)
    await writing.put(PATH, json=EXAMPLE)
    await writing.post(f"{PATH}/dry-runs")

    reply = await approving.post(f"{PATH}/approvals")

    assert (reply.status_code, reply.json()["code"]) == (403, "proactive.approver_is_editor")


@pytest.mark.parametrize(
    ("field", "value", "code", "position"),
    [
        ("op", "**", "proactive.rule_unknown_operator", "rule.of[1].op"),
        ("years", 10**9, "proactive.rule_out_of_range", "rule.of[1]"),
        ("fact", "'; DROP TABLE x; --", "proactive.rule_malformed", "rule.of[1].fact"),
        ("kind", "__import__", "proactive.rule_unknown_operator", "rule.of[1].kind"),
        ("text", "\u202e年满", "proactive.rule_malformed", "rule.of[1].text"),
        ("cite", "第一条\n第二条", "proactive.rule_malformed", "rule.of[1].cite"),
    ],
)
async def test_a_rule_that_is_none_is_refused_with_its_place(
    editor: httpx.AsyncClient, field: str, value: Any, code: str, position: str
) -> None:
    """E07"""
    body = deepcopy(EXAMPLE)
    body["content"]["document"]["rule"]["of"][1][field] = value

    reply = await editor.put(PATH, json=body)

    assert (reply.status_code, reply.json()["code"]) == (422, code)
    assert reply.json()["details"]["position"] == position
    assert (await editor.get(PATH)).status_code == 404


@pytest.mark.parametrize("field", ["title", "offer_text", "legal_basis", "source"])
async def test_what_citizens_read_is_one_line_that_reads_as_it_is_written(
    editor: httpx.AsyncClient, field: str
) -> None:
    for text in ("老年\n津贴", "\u2067老年津贴", "老年\x07津贴"):
        body = deepcopy(EXAMPLE)
        body["content"][field] = text

        reply = await editor.put(PATH, json=body)

        assert (reply.status_code, reply.json()["code"]) == (400, "web.body_invalid")
        assert reply.json()["details"]["field"] == f"content.{field}"


async def test_a_rule_of_ten_thousand_nodes_or_a_thousand_levels_is_a_clear_no(
    editor: httpx.AsyncClient,
) -> None:
    """E07"""
    leaf = {"kind": "known", "id": "a", "text": "有", "fact": "alive"}
    wide = {"kind": "any", "id": "w", "text": "任一", "of": [leaf] * 10_000}
    deep: dict[str, Any] = leaf
    for _ in range(25):
        deep = {"kind": "not", "id": "n", "text": "非", "of": deep}
    codes = []
    for rule in (wide, deep):
        body = deepcopy(EXAMPLE)
        body["content"]["document"]["rule"] = rule
        codes.append((await editor.put(PATH, json=body)).json()["code"])

    assert codes == ["proactive.rule_too_large", "proactive.rule_too_deep"]


async def test_another_department_sees_nothing_of_it(
    editor: httpx.AsyncClient, app: Litestar, vault: Vault
) -> None:
    await editor.put(PATH, json=EXAMPLE)
    roles = (Role.APPROVER, Role.PUBLISHER)
    stranger = await operator(app, vault, *roles, department="330199-industry")

    replies = [
        await stranger.get(PATH),
        *[
            await stranger.post(f"{PATH}/{step}")
            for step in ("dry-runs", "approvals", "publications")
        ],
        await stranger.post("/operator/v1/policies/elders/halts"),
    ]

    assert {reply.status_code for reply in replies} == {404}
    assert (await stranger.get("/operator/v1/policies")).json() == {
        "items": [],
        "next_cursor": None,
    }


async def test_a_halt_shows_in_the_list(
    editor: httpx.AsyncClient, app: Litestar, vault: Vault
) -> None:
    publisher = await operator(app, vault, Role.PUBLISHER)
    await editor.put(PATH, json=EXAMPLE)

    forbidden = await editor.post("/operator/v1/policies/elders/halts")
    halted = await publisher.post("/operator/v1/policies/elders/halts")

    [line] = (await editor.get("/operator/v1/policies")).json()["items"]
    assert (forbidden.status_code, halted.status_code) == (403, 201)
    assert line["halted_at"] is not None
