"""Consents counted from two sides: what the client reports, and what WeChat pushes."""

import asyncio
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from tortoise.exceptions import IntegrityError

from core.models import DueJob
from core.sealing import Vault
from identity.callers import Caller
from notifications import ledger
from notifications.models import Consent, SubscriptionTemplate
from notifications.subscriptions import Answer, record_consent, spend
from tests.given import AT
from tests.notifications import make

pytestmark = pytest.mark.usefixtures("db")

LATER = AT + ledger.CONFIRM_WITHIN


@pytest.fixture
async def resident(vault: Vault) -> Caller:
    return await make.caller(vault)


async def report(
    resident: Caller, answer: Answer = Answer.ACCEPT, template: str = "tpl-fee"
) -> None:
    await record_consent(template, answer, caller=resident, at=AT)


async def yes(resident: Caller, occurred_at: datetime = AT, template: str = "tpl-fee") -> str:
    row = await SubscriptionTemplate.get(template_id=template)
    return await ledger.note_yes(row, resident.account_id, occurred_at=occurred_at, at=AT)


async def no(resident: Caller, occurred_at: datetime = AT) -> str:
    row = await SubscriptionTemplate.get(template_id="tpl-fee")
    return await ledger.note_no(row, resident.account_id, occurred_at=occurred_at, at=AT)


async def settle(resident: Caller, template: str = "tpl-fee", *, pushed: bool = True) -> None:
    await ledger.settle_reports(str(resident.account_id), template, pushed=pushed, at=LATER)


async def left() -> int:
    consent = await Consent.get()
    return consent.granted - consent.spent


class TestAYes:
    async def test_counts_once_whichever_side_is_first(self, resident: Caller) -> None:
        await report(resident)
        after_report = await left()
        assert await yes(resident) == "confirmed"
        await settle(resident)
        reported_first = await left()

        assert await yes(resident) == "granted"
        after_event = await left()
        await report(resident)
        await settle(resident)

        assert (after_report, reported_first, after_event, await left()) == (1, 1, 2, 2)

    async def test_that_the_client_never_reported_counts(self, resident: Caller) -> None:
        await yes(resident)
        await settle(resident)

        assert await left() == 1

    async def test_many_of_both_sides_at_once_count_each_once(self, resident: Caller) -> None:
        await asyncio.gather(*(side(resident) for _ in range(5) for side in (report, yes)))
        await settle(resident)

        consent = await Consent.get()
        assert (consent.granted, consent.unconfirmed) == (5, 0)

    async def test_asks_for_the_settling_ten_minutes_later(self, resident: Caller) -> None:
        await report(resident)

        [job] = await DueJob.all()
        assert (job.name, job.due_at) == ("notifications.settle_reports", LATER)


class TestAReportWithoutAnEvent:
    async def test_is_taken_back_and_marked(self, resident: Caller) -> None:
        for _ in range(3):
            await report(resident)
        await yes(resident)

        await settle(resident)
        await settle(resident)

        consent = await Consent.get()
        assert (await left(), consent.unconfirmed) == (1, 2)

    async def test_that_was_spent_meanwhile_leaves_nothing_and_no_debt(
        self, resident: Caller
    ) -> None:
        """D07: the count is never below zero."""
        await report(resident)
        await report(resident)
        await spend(await Consent.get(), at=AT)

        await settle(resident)

        consent = await Consent.get()
        assert (consent.granted, consent.spent) == (1, 1)

    async def test_counts_again_when_the_event_comes_late(self, resident: Caller) -> None:
        await report(resident)
        await settle(resident)

        await yes(resident)

        consent = await Consent.get()
        assert (await left(), consent.unconfirmed, consent.unreported) == (1, 0, 0)

    async def test_takes_a_long_term_consent_back_only_if_no_event_gave_it(
        self, resident: Caller
    ) -> None:
        lasting = make.OFFER_TEMPLATE
        await report(resident, template=lasting)
        await settle(resident, lasting)
        unconfirmed = (await Consent.get()).long_term

        await yes(resident, template=lasting)
        await report(resident, template=lasting)
        await settle(resident, lasting)

        assert (unconfirmed, (await Consent.get()).long_term) == (False, True)

    async def test_stays_where_nothing_is_pushed(self, resident: Caller) -> None:
        await report(resident)

        await settle(resident, pushed=False)

        assert (await left(), (await Consent.get()).awaited) == (1, 0)

    async def test_settling_what_is_not_there_does_nothing(self, resident: Caller) -> None:
        await settle(resident)

        assert await Consent.all().count() == 0


class TestANo:
    async def test_leaves_nothing(self, resident: Caller) -> None:
        """D05."""
        await yes(resident)

        assert await no(resident, AT + timedelta(seconds=1)) == "withdrawn"

        consent = await Consent.get()
        assert await left() == 0
        assert consent.withdrawn_at is not None

    async def test_is_not_undone_by_an_older_yes_that_comes_later(self, resident: Caller) -> None:
        await report(resident)
        await no(resident, AT + timedelta(seconds=5))

        assert await yes(resident, AT) == "overtaken"
        assert await left() == 0

    async def test_does_not_undo_a_newer_yes(self, resident: Caller) -> None:
        await yes(resident, AT + timedelta(seconds=5))

        assert await no(resident, AT) == "overtaken"
        assert await left() == 1

    @pytest.mark.parametrize("order", list(permutations(range(3))))
    async def test_between_two_yeses_leaves_no_more_than_they_gave_in_any_order(
        self, resident: Caller, order: tuple[int, ...]
    ) -> None:
        moments = [AT + timedelta(seconds=second) for second in (1, 2, 3)]
        for place in order:
            await (no if place == 1 else yes)(resident, moments[place])

        assert 1 <= await left() <= 2
        assert await left() == 1 or order.index(2) < order.index(1)


async def test_the_database_itself_refuses_a_count_below_zero(resident: Caller) -> None:
    await report(resident)

    with pytest.raises(IntegrityError):
        await Consent.all().update(awaited=-1)
