"""I6: budgets, and one benefit for one subject in one period."""

from collections import Counter
from uuid import UUID

from tests.invariants.rows import Books, Row, more_than_one

HAS_MONEY = ("paying", "paid")
ENDS_AS = {"paid": {"paid"}, "failed": {"failed", "returned"}}


def budgets_hold_what_is_set_aside_and_spent(books: Books) -> list[str]:
    set_aside, spent = _money(books, "paying"), _money(books, "paid")
    faults = []
    for row in books.ours["proactive_budget"]:
        policy, held, gone = row["policy_id"], row["reserved_fen"], row["spent_fen"]
        if held + gone > row["total_fen"]:
            faults.append(f"I6 budget of {policy}: {held} + {gone} of {row['total_fen']} fen")
        if (held, gone) != (set_aside[policy], spent[policy]):
            faults.append(
                f"I6 budget of {policy}: {held} set aside for {set_aside[policy]},"
                f" {gone} spent for {spent[policy]}"
            )
    return faults


def _money(books: Books, status: str) -> Counter[UUID]:
    paid_by_us = {
        row["id"] for row in books.ours["proactive_policy_version"] if row["delivery"] == "paid"
    }
    total: Counter[UUID] = Counter()
    for row in books.ours["proactive_entitlement"]:
        if row["status"] == status and row["version_id"] in paid_by_us:
            total[row["policy_id"]] += row["quantity"] or 0
    return total


def one_benefit_for_one_subject_and_period(books: Books) -> list[str]:
    keys = books.ours["proactive_benefit_key"]
    faults = more_than_one("I6 keys of a benefit", keys, "subject_id", "benefit", "period")
    with_key = {row["id"] for row in keys}
    faults += [
        f"I6 entitlement {row['id']} has money and no key"
        for row in books.ours["proactive_entitlement"]
        if row["status"] in HAS_MONEY and row["id"] not in with_key
    ]
    benefits = {row["id"]: row["benefit"] for row in books.ours["proactive_policy_version"]}
    paid = [
        {"benefit": benefits[row["version_id"]], **row}
        for row in books.ours["proactive_entitlement"]
        if row["status"] in HAS_MONEY
    ]
    return faults + more_than_one("I6 paid", paid, "beneficiary_id", "benefit", "period")


def one_payout_for_one_entitlement(books: Books) -> list[str]:
    """Of its amount, and none without it."""
    payouts = books.ours["payments_disbursement"]
    faults = more_than_one("I6 payouts", payouts, "reference")
    faults += more_than_one("I6 payouts of a number", payouts, "number")
    entitlements = _by_reference(books)
    for row in payouts:
        found = entitlements.get(row["reference"])
        if found is None or found["quantity"] != row["amount_fen"]:
            faults.append(f"I6 payout {row['number']} of {row['amount_fen']} fen is nobody's")
    return faults


def entitlements_end_as_their_payouts(books: Books) -> list[str]:
    payouts = {row["reference"]: row for row in books.ours["payments_disbursement"]}
    faults = []
    for reference, row in _by_reference(books).items():
        payout = payouts.get(reference)
        status = payout["status"] if payout else None
        if row["status"] in ENDS_AS and status not in ENDS_AS[row["status"]]:
            faults.append(f"I6 {reference} is {row['status']}, its payout {status}")
        if row["status"] == "paying" and status in (None, "paid", "failed", "returned"):
            faults.append(f"I6 {reference} is still paying, its payout {status}")
    return faults


def _by_reference(books: Books) -> dict[str, Row]:
    return {f"entitlement:{row['id']}": row for row in books.ours["proactive_entitlement"]}
