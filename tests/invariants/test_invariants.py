"""Each invariant notices what it is for: books that agree, and one planted fault at a time."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx
import pytest

from core.ids import new_id
from tests.invariants import Books, broken
from tests.invariants.answers import faults_of, leaks
from tests.invariants.rows import OURS, THEIRS
from tests.invariants.states import _canonical

AT = datetime(2026, 11, 22, 2, 0, tzinfo=UTC)
ORDER, ATTEMPT, PAYOUT, WISH, POLICY, VERSION, WHO, MESSAGE, DELIVERY, ACCOUNT = (
    new_id() for _ in range(10)
)

Tables = dict[str, list[dict[str, Any]]]


def sound() -> Books:
    """One fee paid at WeChat, one benefit taken, one message sent; both books agree."""
    ours: Tables = {table: [] for table in OURS}
    theirs: Tables = {page: [] for page in THEIRS}
    _fee(ours, theirs)
    _benefit(ours, theirs)
    _message(ours, theirs)
    _audit(ours)
    return Books(ours, theirs, AT)


def _fee(ours: Tables, theirs: Tables) -> None:
    ours["payments_fee_order"] = [
        {"id": ORDER, "order_no": "F1", "status": "paid", "amount_fen": 8000}
    ]
    ours["payments_attempt"] = [
        {"id": ATTEMPT, "number": "P1", "status": "paid", "asked_until": None}
    ]
    receipt = {"id": new_id(), "order_id": ORDER, "attempt_id": ATTEMPT, "provider": "wechat"}
    receipt |= {"trade_no": "T1", "amount_fen": 8000, "outcome": "settled"}
    ours["payments_receipt"] = [receipt]
    ours["payments_posting"] = _entry(ORDER, {"held:wechat:1": 8000, "fees:d": -8000})
    order = {"mchid": "1", "out_trade_no": "P1", "transaction_id": "T1", "amount_fen": 8000}
    theirs["wechat_pay_orders"] = [order | {"state": "SUCCESS"}]


def _benefit(ours: Tables, theirs: Tables) -> None:
    ours["proactive_policy_version"] = [{"id": VERSION, "benefit": "b", "delivery": "paid"}]
    ours["proactive_budget"] = [
        {"policy_id": POLICY, "total_fen": 9000, "reserved_fen": 0, "spent_fen": 5000}
    ]
    wish = {"id": WISH, "policy_id": POLICY, "version_id": VERSION, "beneficiary_id": WHO}
    ours["proactive_entitlement"] = [wish | {"status": "paid", "quantity": 5000, "period": "1"}]
    ours["proactive_benefit_key"] = [{"id": WISH, "subject_id": WHO, "benefit": "b", "period": "1"}]
    payout = {"id": PAYOUT, "reference": f"entitlement:{WISH}", "number": "D1"}
    payout |= {"amount_fen": 5000, "status": "paid", "reason": None}
    ours["payments_disbursement"] = [payout]
    ours["payments_posting"] += _entry(
        PAYOUT, {"benefits:d": 5000, "held:wechat_transfer:1": -5000}
    )
    theirs["wechat_pay_transfers"] = [{"out_bill_no": "D1", "amount_fen": 5000, "state": "SUCCESS"}]


def _message(ours: Tables, theirs: Tables) -> None:
    ours["identity_account"] = [{"id": ACCOUNT, "subject": "openid"}]
    message = {"id": MESSAGE, "recipient_id": WHO, "kind": "fee_paid", "about": "fee_order:F1"}
    ours["notifications_message"] = [message]
    delivery = {"id": DELIVERY, "message_id": MESSAGE, "channel": "wechat_subscribe"}
    delivery |= {"status": "sent", "account_id": ACCOUNT, "provider_no": "7"}
    ours["notifications_delivery"] = [delivery]
    ours["notifications_consent"] = [{"id": new_id(), "granted": 1, "spent": 1}]
    sent_at = AT.isoformat(timespec="milliseconds")
    theirs["messages"] = [{"msgid": 7, "openid": "openid", "sent_at": sent_at}]


def _entry(about: Any, lines: dict[str, int]) -> list[dict[str, Any]]:
    one = {"entry_id": new_id(), "about": about}
    return [one | {"account": name, "amount_fen": fen} for name, fen in lines.items()]


def _audit(ours: Tables) -> None:
    actions = {
        "fee_order:F1": ["fee.issue", "fee.pay", "fee.settle"],
        f"disbursement:{PAYOUT}": ["request", "waiting_user", "paid"],
        f"entitlement:{WISH}": ["confirm", "pay", "paid"],
    }
    for subject, names in actions.items():
        for name in names:
            action = name if "." in name else f"{subject.partition(':')[0]}.{name}"
            entry = {"id": new_id(), "at": AT, "actor": "system:a", "action": action}
            ours["core_audit_entry"].append(entry | {"subject": subject, "details": {"n": 1}})
    seal_anew(ours)


def seal_anew(ours: Tables) -> None:
    head, ours["core_audit_seal"] = b"\0" * 32, []
    for seq, entry in enumerate(ours["core_audit_entry"], 1):
        head = sha256(head + _canonical(seq, entry)).digest()
        ours["core_audit_seal"].append({"seq": seq, "entry_id": entry["id"], "hash": head})


def test_books_that_agree_have_no_fault() -> None:
    assert broken(sound()) == []


def _set(table: str, **values: Any) -> Callable[[Tables], None]:
    def plant(tables: Tables) -> None:
        tables[table][0] |= values

    return plant


def _twice(table: str, **values: Any) -> Callable[[Tables], None]:
    def plant(tables: Tables) -> None:
        tables[table].append({**tables[table][0], "id": new_id(), **values})

    return plant


def _none(table: str) -> Callable[[Tables], None]:
    def plant(tables: Tables) -> None:
        tables[table].clear()

    return plant


def _settled_twice(tables: Tables) -> None:
    tables["core_audit_entry"].insert(3, {**tables["core_audit_entry"][2], "id": new_id()})
    seal_anew(tables)


def _posted_twice(tables: Tables) -> None:
    tables["payments_posting"] += _entry(ORDER, {"held:wechat:1": 8000, "fees:d": -8000})


PLANTED: list[tuple[str, str, Callable[[Tables], None]]] = [
    ("I1", "ours", _set("payments_posting", amount_fen=7999)),
    ("I1", "ours", _set("payments_disbursement", status="failed")),
    (
        "I2",
        "theirs",
        lambda theirs: theirs["wechat_pay_refunds"].append(
            {"mchid": "1", "out_trade_no": "P1", "amount_fen": 8001, "status": "PROCESSING"}
        ),
    ),
    ("I3", "ours", _twice("payments_receipt")),
    ("I3", "ours", _twice("payments_receipt", trade_no="T2", outcome="excess")),
    ("I3", "ours", _posted_twice),
    ("I3", "ours", _set("payments_fee_order", status="open")),
    ("I4", "ours", _none("payments_receipt")),
    ("I4", "theirs", _none("wechat_pay_orders")),
    ("I4", "theirs", _twice("wechat_pay_orders", out_trade_no="P2", transaction_id="T2")),
    ("I4", "theirs", _set("wechat_pay_transfers", state="FAIL")),
    ("I4", "theirs", _none("wechat_pay_transfers")),
    ("I4", "theirs", _twice("wechat_pay_transfers")),
    ("I4", "theirs", _none("messages")),
    ("I4", "theirs", _twice("messages", msgid=8)),
    ("I4", "ours", _set("notifications_delivery", status="unknown")),
    ("I4", "ours", _twice("payments_receipt", trade_no="T2", outcome="excess")),
    ("I5", "ours", _twice("notifications_delivery", provider_no="8")),
    ("I5", "ours", _twice("notifications_message")),
    ("I6", "ours", _set("proactive_budget", spent_fen=4000)),
    ("I6", "ours", _set("proactive_budget", total_fen=4999)),
    ("I6", "ours", _twice("proactive_entitlement")),
    ("I6", "ours", _twice("payments_disbursement", number="D2")),
    ("I6", "ours", _set("proactive_entitlement", status="paying")),
    ("I7", "ours", _settled_twice),
    ("I7", "ours", _none("core_audit_entry")),
    ("I8", "ours", _set("core_audit_entry", actor="system:b")),
    ("I8", "ours", lambda ours: ours["core_audit_seal"].pop()),
    ("I10", "ours", _set("payments_attempt", status="unknown")),
    (
        "I10",
        "ours",
        lambda ours: ours["procrastinate_jobs"].append(
            {"id": 1, "task_name": "x", "status": "doing"}
        ),
    ),
    ("I10", "ours", lambda ours: ours["core_due_job"].append({"name": "x", "due_at": AT})),
    ("I11", "theirs", _set("messages", sent_at=(AT + timedelta(hours=13)).isoformat())),
    ("I11", "ours", _set("notifications_consent", spent=2)),
]


@pytest.mark.parametrize(("number", "side", "plant"), PLANTED)
def test_a_planted_fault_is_found(number: str, side: str, plant: Callable[[Tables], None]) -> None:
    books = sound()

    plant(books.ours if side == "ours" else books.theirs)

    assert number in {fault.partition(" ")[0] for fault in broken(books)}


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={"code": "web.internal", "title": "系统繁忙", "trace_id": "1"}),
        httpx.Response(502, text="Bad Gateway"),
        httpx.Response(404, text="nothing here"),
        httpx.Response(404, json={"code": "web.not_found", "title": "not found", "trace_id": "1"}),
        httpx.Response(404, json={"code": "web.not_found", "title": "没有"}),
        httpx.Response(404, json={"code": "nothing", "title": "没有", "trace_id": "1"}),
    ],
)
def test_a_refusal_without_its_parts_is_found(answer: httpx.Response) -> None:
    """I12"""
    answer.request = httpx.Request("GET", "https://zb.test/v1/me")
    if "json" in answer.headers.get("content-type", ""):
        answer.headers["content-type"] = "application/problem+json"

    assert len(faults_of(answer)) == 1


def test_a_proper_refusal_is_no_fault() -> None:
    problem = {"code": "web.not_found", "title": "没有找到", "trace_id": "1", "status": 404}
    answer = httpx.Response(404, content=json.dumps(problem).encode())
    answer.headers["content-type"] = "application/problem+json"
    answer.request = httpx.Request("GET", "https://zb.test/v1/me")

    assert faults_of(answer) == []


def test_a_name_in_a_log_is_found() -> None:
    """I9"""
    lines = ["{'who': '王桂兰'}", "nothing", "王桂兰 again"]

    assert len(list(leaks(lines, {"王桂兰", "330199"}))) == 1
