"""I7, I8, I10: steps that are allowed, a chain that holds, and nothing that is stuck."""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from tests.invariants.rows import Books, Row, grouped

Steps = Mapping[str, set[str]]

STEPS: dict[str, Steps] = {
    "fee_order": {
        "": {"fee.issue"},
        "fee.issue": {"fee.pay", "fee.settle"},
        "fee.pay": {"fee.pay", "fee.settle"},
        "fee.settle": set(),
    },
    "disbursement": {
        "": {"disbursement.request"},
        "disbursement.request": {
            "disbursement.accepted",
            "disbursement.waiting_user",
            "disbursement.paid",
            "disbursement.failed",
        },
        "disbursement.accepted": {
            "disbursement.waiting_user",
            "disbursement.paid",
            "disbursement.failed",
        },
        "disbursement.waiting_user": {
            "disbursement.accepted",
            "disbursement.paid",
            "disbursement.failed",
        },
        "disbursement.paid": {"disbursement.returned"},
        "disbursement.failed": set(),
        "disbursement.returned": set(),
    },
    "entitlement": {
        "": {"entitlement.confirm", "entitlement.decline", "entitlement.pay", "entitlement.stop"},
        "entitlement.confirm": {"entitlement.decline", "entitlement.pay", "entitlement.stop"},
        "entitlement.decline": set(),
        "entitlement.stop": set(),
        "entitlement.pay": {"entitlement.paid", "entitlement.failed"},
        "entitlement.paid": {"entitlement.failed"},
        "entitlement.failed": set(),
    },
}
"""What may follow what in the audit of one subject. What is not a step is left out of account."""

ENDED = {"disbursement": ("paid", "failed", "returned"), "entitlement": ("paid", "failed")}


def only_allowed_steps(books: Books) -> list[str]:
    known = {action for steps in STEPS.values() for after in steps.values() for action in after}
    entries = [row for row in books.ours["core_audit_entry"] if row["action"] in known]
    faults = []
    for (subject,), rows in grouped(entries, "subject").items():
        steps, before = STEPS[subject.partition(":")[0]], ""
        for row in sorted(rows, key=lambda row: row["id"].int):
            if row["action"] not in steps[before]:
                faults.append(f"I7 {subject}: {row['action']} after {before or 'nothing'}")
            before = row["action"]
    return faults + _rows_end_as_audited(books)


def _rows_end_as_audited(books: Books) -> list[str]:
    """A row that says it ended has the entry that says so."""
    audited = {(row["subject"], row["action"]) for row in books.ours["core_audit_entry"]}
    faults = []
    for kind, ends in ENDED.items():
        table = {"disbursement": "payments", "entitlement": "proactive"}[kind]
        for row in books.ours[f"{table}_{kind}"]:
            subject = f"{kind}:{row['id']}"
            if row["status"] in ends and (subject, f"{kind}.{row['status']}") not in audited:
                faults.append(f"I7 {subject} is {row['status']}, and nobody wrote that down")
    return faults


def the_audit_chain_holds(books: Books) -> list[str]:
    """Worked out again by ourselves, for the suite `intl`."""
    entries = {row["id"]: row for row in books.ours["core_audit_entry"]}
    head, seals = b"\0" * 32, sorted(books.ours["core_audit_seal"], key=lambda row: row["seq"])
    for seq, seal in enumerate(seals, 1):
        entry = entries.get(seal["entry_id"])
        if seal["seq"] != seq or entry is None:
            return [f"I8 the chain breaks at {seq}"]
        head = sha256(head + _canonical(seq, entry)).digest()
        if bytes(seal["hash"]) != head:
            return [f"I8 the chain breaks at {seq}: {entry['action']} was changed"]
    return []


def _canonical(seq: int, entry: Row) -> bytes:
    body: dict[str, Any] = {
        "seq": seq,
        "id": str(entry["id"]),
        "at": entry["at"].timestamp(),
        "actor": entry["actor"],
        "action": entry["action"],
        "subject": entry["subject"],
        "details": entry["details"],
    }
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def nothing_is_stuck(books: Books) -> list[str]:
    """I10, and no entry of the audit without its seal."""
    stuck = _held(books) + _jobs(books)
    unsealed = len(books.ours["core_audit_entry"]) - len(books.ours["core_audit_seal"])
    return stuck + ([f"I8 {unsealed} entries are not sealed"] if unsealed else [])


def _held(books: Books) -> list[str]:
    faults = [
        f"I10 notice {row['id']} is {row['status']}: {row['outcome']}"
        for row in books.ours["payments_notice_key"]
        if row["status"] != "applied"
    ]
    faults += [
        f"I10 try {row['number']} is {row['status']}"
        for row in books.ours["payments_attempt"]
        if row["status"] in ("requested", "unknown")
        or (row["asked_until"] is not None and row["status"] == "ready")
    ]
    faults += [
        f"I10 payout {row['number']} is {row['status']} ({row['reason']})"
        for row in books.ours["payments_disbursement"]
        if row["status"] in ("requested", "unknown", "accepted", "waiting_user")
    ]
    return faults + [
        f"I10 delivery {row['id']} is {row['status']}"
        for row in books.ours["notifications_delivery"]
        if row["status"] in ("waiting", "claimed", "sending")
    ]


def _jobs(books: Books) -> list[str]:
    faults = [
        f"I10 job {row['task_name']} {row['id']} is {row['status']}"
        for row in books.ours["procrastinate_jobs"]
        if row["status"] in ("todo", "doing", "failed", "aborted")
    ]
    return faults + [
        f"I10 job {row['name']} was due at {row['due_at']}"
        for row in books.ours["core_due_job"]
        if row["due_at"] <= books.at
    ]
