"""Both sides' rows, read whole and compared in memory."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

Row = Mapping[str, Any]
Fetch = Callable[[str], Awaitable[Sequence[Row]]]

OURS = (
    "core_audit_entry",
    "core_audit_seal",
    "core_due_job",
    "core_human_task",
    "identity_account",
    "notifications_consent",
    "notifications_delivery",
    "notifications_message",
    "notifications_subscription_template",
    "payments_attempt",
    "payments_disbursement",
    "payments_fee_order",
    "payments_notice_key",
    "payments_posting",
    "payments_receipt",
    "proactive_benefit_key",
    "proactive_budget",
    "proactive_entitlement",
    "proactive_policy_version",
    "procrastinate_jobs",
)
THEIRS = (
    "alipay_refunds",
    "alipay_trades",
    "alipay_transfers",
    "bank_transfers",
    "callbacks",
    "consents",
    "messages",
    "wechat_pay_orders",
    "wechat_pay_refunds",
    "wechat_pay_transfers",
)
"""The pages of the sandbox's book that are compared."""

_JSON = {"core_audit_entry": "details", "core_human_task": "details"}


class Books(Struct, frozen=True):
    """Our tables, the pages of the sandbox's book, and what time it is in both."""

    ours: Mapping[str, list[Row]]
    theirs: Mapping[str, list[Row]]
    at: datetime


async def read_ours(fetch: Fetch) -> dict[str, list[Row]]:
    """Every row of every table that an invariant looks at."""
    read = {}
    for table in OURS:
        rows = [dict(row) for row in await fetch(f"SELECT * FROM {table}")]  # noqa: S608
        column = _JSON.get(table)
        for row in rows:
            if column and isinstance(row[column], str):
                row[column] = msgspec.json.decode(row[column])
        read[table] = rows
    return read


def grouped(rows: Sequence[Row], *names: str) -> dict[tuple[Any, ...], list[Row]]:
    """The rows by the values of these columns."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in names), []).append(row)
    return groups


def more_than_one(what: str, rows: Sequence[Row], *names: str) -> list[str]:
    """A line for each group of rows that should be a single one."""
    return [
        f"{what}: {len(group)} for {key}"
        for key, group in grouped(rows, *names).items()
        if len(group) > 1
    ]
