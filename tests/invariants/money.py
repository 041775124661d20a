"""I1 to I3: the ledger, and what stands behind each of its entries."""

from collections import Counter

from tests.invariants.rows import Books, grouped, more_than_one

POSTED = {"settled", "excess", "differs"}
"""What a receipt can be that is posted; others wait for a person first."""


def debits_equal_credits(books: Books) -> list[str]:
    faults = []
    for names in (("entry_id",), ("about",)):
        for key, lines in grouped(books.ours["payments_posting"], *names).items():
            total = sum(line["amount_fen"] for line in lines)
            if total:
                faults.append(f"I1 {names[0]} {key[0]} is out of balance by {total} fen")
    return faults


def nothing_is_refunded_that_was_not_paid(books: Books) -> list[str]:
    orders = {
        (row["mchid"], row["out_trade_no"]): row["amount_fen"]
        for row in books.theirs["wechat_pay_orders"]
        if row["state"] == "SUCCESS"
    }
    refunded: Counter[tuple[str, str]] = Counter()
    for row in books.theirs["wechat_pay_refunds"]:
        if row["status"] in ("PROCESSING", "SUCCESS"):
            refunded[row["mchid"], row["out_trade_no"]] += row["amount_fen"]
    trades = {
        (row["seller_id"], row["trade_no"]): row["amount_fen"]
        for row in books.theirs["alipay_trades"]
    }
    for row in books.theirs["alipay_trades"]:
        refunded[row["seller_id"], row["trade_no"]] += row["refunded_fen"]
    paid = orders | trades
    return [
        f"I2 {number}: {fen} fen refunded of {paid.get(number, 0)}"
        for number, fen in refunded.items()
        if not 0 <= fen <= paid.get(number, 0)
    ]


def each_provider_transaction_is_posted_once(books: Books) -> list[str]:
    receipts = books.ours["payments_receipt"]
    faults = more_than_one("I3 receipts of a transaction", receipts, "provider", "trade_no")
    held = _held_lines(books)
    for receipt in receipts:
        key = (receipt["order_id"], receipt["provider"], receipt["amount_fen"])
        if receipt["outcome"] in POSTED:
            held[key] -= 1
    return faults + [
        f"I3 order {key[0]}: {abs(left)} postings too {'many' if left > 0 else 'few'}"
        for key, left in held.items()
        if left
    ]


def _held_lines(books: Books) -> Counter[tuple[object, str, int]]:
    """What each provider was posted to hold for an order, and how often."""
    orders = {row["id"] for row in books.ours["payments_fee_order"]}
    lines: Counter[tuple[object, str, int]] = Counter()
    for line in books.ours["payments_posting"]:
        kind, _, rest = line["account"].partition(":")
        if kind == "held" and line["about"] in orders and line["amount_fen"] > 0:
            lines[line["about"], rest.partition(":")[0], line["amount_fen"]] += 1
    return lines


def what_is_paid_was_received_once(books: Books) -> list[str]:
    """An order is paid by one receipt over its amount, and earned by its department once."""
    settled = grouped(
        [row for row in books.ours["payments_receipt"] if row["outcome"] == "settled"], "order_id"
    )
    earned = grouped(
        [row for row in books.ours["payments_posting"] if row["account"].startswith("fees:")],
        "about",
    )
    faults = []
    for row in books.ours["payments_fee_order"]:
        paid = row["status"] == "paid"
        amounts = [one["amount_fen"] for one in settled.get((row["id"],), [])]
        credits = [-line["amount_fen"] for line in earned.get((row["id"],), [])]
        expected = [row["amount_fen"]] if paid else []
        if amounts != expected or credits != expected:
            faults.append(
                f"I3 order {row['order_no']} is {row['status']}: received {amounts},"
                f" earned {credits}, due {row['amount_fen']}"
            )
    return faults


def what_is_paid_out_is_posted_once(books: Books) -> list[str]:
    spent = grouped(
        [row for row in books.ours["payments_posting"] if row["account"].startswith("benefits:")],
        "about",
    )
    faults = []
    for row in books.ours["payments_disbursement"]:
        lines = [line["amount_fen"] for line in spent.get((row["id"],), [])]
        expected = {"paid": [row["amount_fen"]]}.get(row["status"], [])
        if row["status"] == "returned":
            expected = sorted([row["amount_fen"], -row["amount_fen"]])
        if sorted(lines) != expected:
            faults.append(f"I1 payout {row['number']} is {row['status']}: posted {lines}")
    return faults
