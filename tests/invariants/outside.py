"""I4: what stands in the sandbox's book stands in ours, and the other way round."""

from collections import Counter
from collections.abc import Hashable

from tests.invariants.rows import Books, Row, grouped

PAID_TRADES = {"TRADE_SUCCESS", "TRADE_FINISHED"}
WECHAT = {"SUCCESS": "paid", "FAIL": "failed", "CANCELLED": "failed"}
ALIPAY = {"SUCCESS": "paid", "FAIL": "failed"}
BANK = {"paid": {"paid"}, "returned": {"failed", "returned"}}


def every_payment_of_theirs_is_ours(books: Books) -> list[str]:
    return _differences("I4 payment", _their_payments(books), _our_payments(books))


def _their_payments(books: Books) -> Counter[Hashable]:
    """A fully refunded trade is closed at Alipay, and was paid all the same."""
    found = [
        (row["out_trade_no"], row["transaction_id"], row["amount_fen"])
        for row in books.theirs["wechat_pay_orders"]
        if row["state"] == "SUCCESS"
    ]
    found += [
        (row["out_trade_no"], row["trade_no"], row["amount_fen"])
        for row in books.theirs["alipay_trades"]
        if row["state"] in PAID_TRADES or row["paid_at"] is not None
    ]
    return Counter(found)


def _our_payments(books: Books) -> Counter[Hashable]:
    numbers = {row["id"]: row["number"] for row in books.ours["payments_attempt"]}
    return Counter(
        (numbers[row["attempt_id"]], row["trade_no"], row["amount_fen"])
        for row in books.ours["payments_receipt"]
    )


def every_payout_of_theirs_is_ours(books: Books) -> list[str]:
    ours = {row["number"]: row for row in books.ours["payments_disbursement"]}
    theirs = _their_payouts(books)
    faults = [
        f"I4 payout {number}: {len(rows)} of them outside"
        for number, rows in theirs.items()
        if len(rows) > 1
    ]
    for number, rows in theirs.items():
        amount, ends = rows[0]
        row = ours.get(number)
        if row is None or row["amount_fen"] != amount or row["status"] not in ends:
            faults.append(f"I4 payout {number}: {amount} fen {ends} outside, ours is {_say(row)}")
    for number, row in ours.items():
        if row["status"] in ("paid", "returned") and number not in theirs:
            faults.append(f"I4 payout {number}: nobody outside paid it, ours is {_say(row)}")
    return faults


def _their_payouts(books: Books) -> dict[str, list[tuple[int, set[str]]]]:
    """By our number: the amount, and how it may stand with us."""
    found: dict[str, list[tuple[int, set[str]]]] = {}
    for row in books.theirs["wechat_pay_transfers"]:
        ends = {WECHAT.get(row["state"], "waiting_user")}
        found.setdefault(row["out_bill_no"], []).append((row["amount_fen"], ends))
    for row in books.theirs["alipay_transfers"]:
        ends = {ALIPAY.get(row["state"], "accepted")}
        found.setdefault(row["out_biz_no"], []).append((row["amount_fen"], ends))
    for row in books.theirs["bank_transfers"]:
        ends = BANK.get(row["status"], {"accepted"})
        found.setdefault(row["reference"], []).append((row["amount_fen"], ends))
    return found


def _say(row: Row | None) -> str:
    return "nothing" if row is None else f"{row['amount_fen']} fen {row['status']}"


def every_message_of_theirs_is_ours(books: Books) -> list[str]:
    """What was sent is in their list; what is more there is among what we call unknown."""
    accounts = {row["id"]: row["subject"] for row in books.ours["identity_account"]}
    sent = {
        (accounts[row["account_id"]], str(row["provider_no"]))
        for row in books.ours["notifications_delivery"]
        if row["status"] == "sent" and row["channel"] == "wechat_subscribe"
    }
    theirs = {(row["openid"], str(row["msgid"])) for row in books.theirs["messages"]}
    faults = [f"I4 message {one} was never sent" for one in sorted(sent - theirs)]
    unknown = Counter(
        accounts[row["account_id"]]
        for row in books.ours["notifications_delivery"]
        if row["status"] == "unknown" and row["account_id"] is not None
    )
    more = Counter(openid for openid, _ in theirs - sent)
    faults += [
        f"I4 {n} messages to {openid} that we know nothing of"
        for openid, n in (more - unknown).items()
    ]
    listed = {row["subject"] for row in books.ours["core_human_task"]}
    return faults + [
        f"I4 delivery {row['id']} is unknown, and before nobody"
        for row in books.ours["notifications_delivery"]
        if row["status"] == "unknown" and f"delivery:{row['id']}" not in listed
    ]


def what_is_owed_back_is_before_a_person(books: Books) -> list[str]:
    """Until refunds go out by themselves, each payment too many is one task."""
    tasks = Counter(
        str(row["details"].get("trade_no"))
        for row in books.ours["core_human_task"]
        if row["kind"].startswith("payments.re")
    )
    faults = []
    for (outcome,), rows in grouped(books.ours["payments_receipt"], "outcome").items():
        if outcome != "settled":
            faults += [
                f"I4 {outcome} receipt {row['trade_no']} is before nobody"
                for row in rows
                if not tasks[row["trade_no"]]
            ]
    return faults


def _differences(what: str, theirs: Counter[Hashable], ours: Counter[Hashable]) -> list[str]:
    only_theirs = [f"{what} {one}: theirs alone" for one in (theirs - ours)]
    return only_theirs + [f"{what} {one}: ours alone" for one in (ours - theirs)]
