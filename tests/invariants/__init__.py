"""What must hold after every case, read from our tables and from the sandbox's own book.

Written against the rows, not with the product's verbs: a fault of those shows here.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from tests.invariants import benefits, messages, money, outside, states
from tests.invariants.rows import Books, Row, read_ours

__all__ = ["Books", "Row", "broken", "read_ours"]

Check = Callable[[Books], list[str]]

ALWAYS: list[Check] = [
    money.debits_equal_credits,
    money.nothing_is_refunded_that_was_not_paid,
    money.each_provider_transaction_is_posted_once,
    money.what_is_paid_was_received_once,
    money.what_is_paid_out_is_posted_once,
    benefits.budgets_hold_what_is_set_aside_and_spent,
    benefits.one_benefit_for_one_subject_and_period,
    benefits.one_payout_for_one_entitlement,
    messages.one_delivery_for_one_thing,
    messages.nothing_is_sent_twice,
    messages.nothing_waits_no_longer_at_night,
    messages.no_consent_is_overdrawn,
    states.only_allowed_steps,
    states.the_audit_chain_holds,
]
"""At any moment, also in the middle of a bad day."""

DRAINED: list[Check] = [
    outside.every_payment_of_theirs_is_ours,
    outside.every_payout_of_theirs_is_ours,
    outside.every_message_of_theirs_is_ours,
    outside.what_is_owed_back_is_before_a_person,
    benefits.entitlements_end_as_their_payouts,
    states.nothing_is_stuck,
]
"""Once all work is done and every ladder has been climbed."""


def broken(books: Books, *, drained: bool = True) -> list[str]:
    """What does not hold, each with the invariant's number; empty when all is well."""
    checks = ALWAYS + DRAINED if drained else ALWAYS
    return [fault for check in checks for fault in check(books)]


async def broken_now(
    fetch: Callable[[str], Awaitable[list[Row]]],
    theirs: dict[str, list[Row]],
    *,
    at: datetime,
    drained: bool = True,
) -> list[str]:
    """The same for the rows as they stand: `fetch` runs one query against our database."""
    return broken(Books(await read_ours(fetch), theirs, at), drained=drained)
