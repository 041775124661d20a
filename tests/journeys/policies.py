"""A policy of the civil affairs office, and how its operators bring it into force."""

from typing import Any

from proactive.models import Budget, Entitlement
from tests.journeys.town import Town
from tests.journeys.world import Operator, Reply, Resident, operator, resident

ELDERS = {"wang-guilan", "sun-henian", "sun-changgeng", "li-weidong", "zhou-xiuying", "pan-yuee"}
"""Who is 65 and registered here; whether 唐桂芳 is registered here nobody has told us."""

TITLE, AMOUNT_FEN = "重阳慰问金", 5000

_CONDITIONS = [
    {"kind": "compare", "id": "alive", "text": "健在", "fact": "alive", "op": "=", "value": True},
    {
        "kind": "under",
        "id": "hukou",
        "text": "户籍在本地",
        "fact": "hukou",
        "division": {"param": "jurisdiction"},
    },
    {"kind": "age", "id": "age", "text": "年满 65 周岁", "fact": "birth", "op": ">=", "years": 65},
]


def content(**changed: Any) -> Reply:
    """What an editor types in."""
    return {
        "title": TITLE,
        "division": "330199",
        "mode": "CONFIRM",
        "delivery": "paid",
        "document": {
            "entity": "person",
            "parameters": {"jurisdiction": "330199"},
            "rule": {"kind": "all", "id": "who", "text": "同时符合以下条件", "of": _CONDITIONS},
            "amount": {"kind": "fixed", "value": AMOUNT_FEN},
            "unit": {"of": "fen", "period": "once"},
        },
        "legal_basis": "临溪市重阳慰问办法（虚构）",
        "valid_from": "2026-10-01",
        "budget_fen": 100 * AMOUNT_FEN,
        "offer_text": "您已年满 65 周岁，可以领取重阳慰问金。",
    } | changed


def version(code: str, number: int = 1) -> str:
    return f"/operator/v1/policies/{code}/versions/{number}"


async def publish(town: Town, code: str, number: int = 1, **changed: Any) -> Operator:
    """Drafted, tried, approved by another, published; and matched. Gives the publisher."""
    editor, path = await operator(town, "shenlan"), version(code, number)
    await editor.put(path, {"content": content(**changed)})
    await editor.post(f"{path}/dry-runs")
    await (await operator(town, "xubo")).post(f"{path}/approvals")
    publisher = await operator(town, "luming")
    await publisher.post(f"{path}/publications")
    await town.work()
    return publisher


async def offer(person: Resident, code: str) -> Reply:
    """What the policy offers to whom the person acts for, with its reasons."""
    rows = (await person.get("/v1/entitlements", limit=100))["items"]
    [row] = [row for row in rows if row["policy_code"] == code]
    return dict(await person.get(f"/v1/entitlements/{row['id']}"))


async def confirm(person: Resident, code: str) -> Reply:
    found = await offer(person, code)
    return dict(await person.post(f"/v1/entitlements/{found['id']}/confirmation"))


async def confirmed(town: Town, key: str, code: str) -> Resident:
    """Somebody who said yes, and the worker has done what follows."""
    person = await resident(town, key)
    await confirm(person, code)
    await town.work()
    return person


async def take_money(person: Resident, purpose: str = TITLE) -> str:
    """Take what waits in the wallet: the tap on “确认收款”."""
    rows = (await person.get("/v1/disbursements"))["items"]
    waiting = [row for row in rows if (row["purpose"], row["status"]) == (purpose, "waiting_user")]
    found = await person.get(f"/v1/disbursements/{waiting[0]['id']}")
    return str((await person.phone("wechat/confirm-transfer", found["confirmation"]))["errMsg"])


async def budget(code: str) -> tuple[int, int]:
    """What is set aside, and what is spent."""
    row = await Budget.get(policy__code=code)
    return row.reserved_fen, row.spent_fen


async def statuses(code: str) -> list[str]:
    rows = Entitlement.filter(policy__code=code, outcome="eligible").order_by("id")
    return [str(status) for status in await rows.values_list("status", flat=True)]
