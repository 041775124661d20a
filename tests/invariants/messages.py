"""I5 and I11: one thing told once, by day, to who wants it."""

from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import yaml

from sandbox.clock import moment
from tests.invariants.rows import Books, more_than_one

CHINA = timezone(timedelta(hours=8))
QUIET_FROM, QUIET_UNTIL = 22, 8
GRACE = timedelta(seconds=5)
"""A send that began before ten may be written down a moment after."""

_KINDS: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "notifications" / "templates.yaml").read_text("utf-8")
)
URGENT = {name for name, kind in _KINDS.items() if kind.get("urgent")}


def one_delivery_for_one_thing(books: Books) -> list[str]:
    messages = {row["id"]: row for row in books.ours["notifications_message"]}
    faults = more_than_one("I5 told", list(messages.values()), "recipient_id", "kind", "about")
    deliveries = [
        {"what": _what(messages[row["message_id"]]), "channel": row["channel"]}
        for row in books.ours["notifications_delivery"]
    ]
    return faults + more_than_one("I5 deliveries", deliveries, "what", "channel")


def nothing_is_sent_twice(books: Books) -> list[str]:
    """Each of theirs is the end of one delivery at most."""
    sent = [row for row in books.ours["notifications_delivery"] if row["status"] == "sent"]
    return more_than_one("I5 deliveries of one message", sent, "channel", "provider_no")


def nothing_waits_no_longer_at_night(books: Books) -> list[str]:
    messages = {row["id"]: row for row in books.ours["notifications_message"]}
    kinds = {
        str(row["provider_no"]): messages[row["message_id"]]["kind"]
        for row in books.ours["notifications_delivery"]
        if row["status"] == "sent"
    }
    faults = []
    for row in books.theirs["messages"]:
        local = moment(row["sent_at"]).astimezone(CHINA)
        quiet = local.hour < QUIET_UNTIL or (local - GRACE).hour >= QUIET_FROM
        kind = kinds.get(str(row["msgid"]))
        if quiet and kind is not None and kind not in URGENT:
            faults.append(f"I11 {kind} was sent at {local:%H:%M:%S}")
    return faults


def no_consent_is_overdrawn(books: Books) -> list[str]:
    return [
        f"I11 consent {row['id']}: {row['spent']} spent of {row['granted']}"
        for row in books.ours["notifications_consent"]
        if not 0 <= row["spent"] <= row["granted"]
    ]


def _what(message: Any) -> tuple[str, str, str]:
    return str(message["recipient_id"]), message["kind"], message["about"]
