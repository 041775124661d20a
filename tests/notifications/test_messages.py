import asyncio
from string import Formatter

import pytest
from tortoise import connections
from tortoise.transactions import in_transaction

from core.ids import new_id
from core.sealing import Vault
from notifications.kinds import clean, fill, known_kinds
from notifications.messages import (
    MessageNotFound,
    count_unread,
    list_messages,
    read_message,
    send_message,
)
from notifications.models import Delivery, Message
from tests.conftest import AT
from tests.notifications import make

pytestmark = pytest.mark.usefixtures("db")


async def jobs_waiting() -> int:
    rows = await connections.get("default").execute_query_dict(
        "SELECT count(*) AS jobs FROM procrastinate_jobs WHERE task_name = 'notifications.deliver'"
    )
    return int(rows[0]["jobs"])


async def test_a_message_stands_in_the_inbox_in_words_for_all_and_for_elders(
    vault: Vault,
) -> None:
    person = await make.person(vault)

    await make.tell(person.id)

    (message,) = await list_messages(person.id)
    assert (message.title, message.text) == (
        "缴费成功",
        "您的「不动产登记费」已缴费 80.00 元。",
    )
    assert message.plain == "80.00元已经交好了，不用再交。有疑问请打12345。"
    assert message.created_at == AT


async def test_the_same_thing_is_told_once_however_many_tell_it(vault: Vault) -> None:
    """I5: a message, and so its delivery, exists once for (recipient, kind, about)."""
    resident = await make.consenting(vault)

    told = await asyncio.gather(*(make.tell(resident.required_party()) for _ in range(6)))

    assert sorted(told) == [False] * 5 + [True]
    assert await Message.all().count() == 1
    assert await Delivery.all().count() == 1
    assert await jobs_waiting() == 1


async def test_another_matter_another_kind_or_another_person_is_another_message(
    vault: Vault,
) -> None:
    one, two = await make.person(vault), await make.person(vault)

    await make.tell(one.id, about="fee_order:1")
    await make.tell(one.id, about="fee_order:2")
    await make.tell(two.id, about="fee_order:1")
    await send_message(one.id, "fee_refunded", about="fee_order:1", title="费", amount="1.00")

    assert await Message.all().count() == 4


async def test_a_message_goes_with_the_transaction_that_told_it(vault: Vault) -> None:
    resident = await make.consenting(vault)

    async def cause() -> None:
        async with in_transaction():
            await make.tell(resident.required_party())
            raise RuntimeError("what caused the message did not happen")

    with pytest.raises(RuntimeError):
        await cause()

    assert await Message.all().count() == 0
    assert await jobs_waiting() == 0
    assert await make.tell(resident.required_party()) is True


async def test_without_consent_there_is_the_inbox_only(vault: Vault) -> None:
    resident = await make.caller(vault)

    await make.tell(resident.required_party())

    assert await Message.all().count() == 1
    assert await Delivery.all().count() == 0


async def test_values_put_in_do_nothing_but_stand_there(vault: Vault) -> None:
    """D10: braces, line breaks and marks of direction in a value have no effect."""
    person = await make.person(vault)

    await make.tell(person.id, title="{amount}{{x}}\n第二行\u202e倒\u0000")

    (message,) = await list_messages(person.id)
    assert message.text == "您的「{amount}{{x}} 第二行倒」已缴费 80.00 元。"


async def test_reading_is_marked_once_and_lowers_the_count(vault: Vault) -> None:
    resident = await make.caller(vault)
    party = resident.required_party()
    await make.tell(party, about="1")
    await make.tell(party, about="2")
    newest, _ = await list_messages(party)

    first = await read_message(newest.id, caller=resident, at=AT)
    again = await read_message(newest.id, caller=resident, at=AT.replace(hour=5))

    assert (first.read_at, again.read_at) == (AT, AT)
    assert await count_unread(party) == 1


async def test_somebody_elses_message_is_not_found(vault: Vault) -> None:
    stranger, person = await make.caller(vault), await make.person(vault)
    await make.tell(person.id)
    (message,) = await list_messages(person.id)

    for message_id in (message.id, new_id()):
        with pytest.raises(MessageNotFound):
            await read_message(message_id, caller=stranger, at=AT)
    assert await count_unread(person.id) == 1


async def test_the_inbox_is_paged_newest_first(vault: Vault) -> None:
    person = await make.person(vault)
    for number in range(3):
        await make.tell(person.id, about=str(number))

    first = await list_messages(person.id, limit=2)
    rest = await list_messages(person.id, before=first[-1].id, limit=2)

    assert [message.about for message in first + rest] == ["2", "1", "0"]


@pytest.mark.parametrize("kind", sorted(known_kinds()))
async def test_every_kind_can_be_said_and_fits_its_columns(kind: str, vault: Vault) -> None:
    person = await make.person(vault)
    names = {name for _, name, _, _ in Formatter().parse(known_kinds()[kind].text) if name}
    values = dict.fromkeys(names - {"time"}, "长" * 200) | {"title": "长" * 200}
    values |= {"amount": "1000000.00", "until": "2027-06-30", "status": "已暂停使用"}

    await send_message(person.id, kind, about="x", **values)

    (message,) = await list_messages(person.id)
    wording = known_kinds()[kind].wechat
    assert message.kind == kind
    if wording is not None:
        assert all(fill(text, message.values) for text in wording.values.values())


def test_cleaning_keeps_letters_of_every_script_and_drops_what_is_not_seen() -> None:
    assert clean(" a\tb\r\nc ") == "a b c"
    assert clean("买买提·艾力 ئەلى བོད") == "买买提·艾力 ئەلى བོད"
    assert clean("\u200b\u202e\ufeff") == ""
    assert len(clean("长" * 500)) == 120
