import asyncio

import pytest
from tortoise.exceptions import IntegrityError

from core.sealing import Vault
from identity.models import Account
from notifications.models import Consent
from notifications.subscriptions import (
    Answer,
    TemplateNotFound,
    find_consent,
    give_back,
    offered_templates,
    record_consent,
    spend,
    use_up,
    was_withdrawn,
)
from tests.conftest import AT
from tests.notifications import make

pytestmark = pytest.mark.usefixtures("db")

TITLE = "缴费成功通知"


async def left() -> int:
    consent = await Consent.get()
    return consent.granted - consent.spent


async def test_each_yes_to_a_one_time_template_is_one_more_message(vault: Vault) -> None:
    resident = await make.caller(vault)

    await asyncio.gather(
        *(
            record_consent(make.FEE_TEMPLATE, Answer.ACCEPT, caller=resident, at=AT)
            for _ in range(5)
        )
    )

    assert await left() == 5


async def test_many_senders_at_once_spend_what_was_granted_and_no_more(vault: Vault) -> None:
    """D07: the count is never below zero."""
    await make.consenting(vault, times=3)
    consent = await Consent.get()

    took = await asyncio.gather(*(spend(consent, at=AT) for _ in range(8)))

    assert sum(took) == 3
    assert await left() == 0


async def test_a_long_term_yes_is_not_counted(vault: Vault) -> None:
    resident = await make.consenting(vault, template_id=make.OFFER_TEMPLATE)
    consent = await find_consent(resident.required_party(), provider="wechat", title="政策享受提醒")

    assert consent is not None
    assert [await spend(consent, at=AT) for _ in range(3)] == [True] * 3


@pytest.mark.parametrize("answer", [Answer.REJECT, Answer.BAN])
@pytest.mark.parametrize("template_id", [make.FEE_TEMPLATE, make.OFFER_TEMPLATE])
async def test_a_no_withdraws_what_was_left_until_the_next_yes(
    vault: Vault, answer: Answer, template_id: str
) -> None:
    """D05."""
    resident = await make.consenting(vault, times=2, template_id=template_id)
    before = await Consent.get()

    await record_consent(template_id, answer, caller=resident, at=AT)

    party = resident.required_party()
    title = TITLE if template_id == make.FEE_TEMPLATE else "政策享受提醒"
    assert await find_consent(party, provider="wechat", title=title) is None
    assert await was_withdrawn(party, provider="wechat", title=title)
    assert await spend(before, at=AT) is False
    await record_consent(template_id, Answer.ACCEPT, caller=resident, at=AT)
    assert await find_consent(party, provider="wechat", title=title) is not None
    assert not await was_withdrawn(party, provider="wechat", title=title)


async def test_a_filtered_prompt_changes_nothing(vault: Vault) -> None:
    resident = await make.consenting(vault)

    await record_consent(make.FEE_TEMPLATE, Answer.FILTER, caller=resident, at=AT)

    assert await left() == 1


async def test_the_provider_saying_that_nothing_is_left_is_believed(vault: Vault) -> None:
    """D07: 43101."""
    await make.consenting(vault, times=4)
    consent = await Consent.get()

    await use_up(consent.id, at=AT)

    assert await left() == 0


async def test_giving_back_never_makes_more_than_was_granted(vault: Vault) -> None:
    await make.consenting(vault)
    consent = await Consent.get()
    await spend(consent, at=AT)

    await asyncio.gather(*(give_back(consent.id, at=AT) for _ in range(4)))

    assert await left() == 1


async def test_an_account_that_was_disabled_is_not_asked_for_its_consent(vault: Vault) -> None:
    resident = await make.consenting(vault)
    await Account.all().update(disabled_at=AT)

    assert await find_consent(resident.required_party(), provider="wechat", title=TITLE) is None


async def test_the_client_is_told_what_to_ask_for(vault: Vault) -> None:
    resident = await make.consenting(vault)

    lasting, once = await offered_templates(resident)

    assert (lasting.template_id, lasting.left, lasting.ask) == (make.OFFER_TEMPLATE, None, True)
    assert (once.template_id, once.left, once.ask) == (make.FEE_TEMPLATE, 1, False)


async def test_a_template_of_another_app_is_not_found(vault: Vault) -> None:
    resident = await make.caller(vault)

    with pytest.raises(TemplateNotFound):
        await record_consent("tpl-of-others", Answer.ACCEPT, caller=resident, at=AT)


async def test_the_database_itself_refuses_to_spend_what_was_not_granted(vault: Vault) -> None:
    await make.consenting(vault)

    with pytest.raises(IntegrityError):
        await Consent.all().update(spent=2)
