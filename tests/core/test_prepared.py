"""A prepared query answers as the query that it was made of, whatever its values and wherever."""

from datetime import timedelta
from uuid import UUID

import pytest
from tortoise.transactions import in_transaction

from core.ids import new_id
from core.models import DueJob, StoredFile
from core.prepared import AFTER_ALL, Prepared
from tests.given import AT

pytestmark = pytest.mark.usefixtures("db")

PAGE = Prepared(
    lambda before, limit: DueJob.filter(id__lt=before).order_by("-id").limit(limit), UUID, int
)


async def _due(count: int) -> list[UUID]:
    ids = [new_id() for _ in range(count)]
    for number, job_id in enumerate(ids):
        await DueJob.create(id=job_id, name=f"job {number}", arguments={"n": number}, due_at=AT)
    return ids


async def test_each_call_is_answered_for_its_own_values() -> None:
    first, second, third = await _due(3)

    newest = await PAGE.rows(AFTER_ALL, 2)
    older = await PAGE.rows(second, 2)

    assert [row.id for row in newest] == [third, second]
    assert [row.id for row in older] == [first]
    assert (older[0].arguments, older[0].due_at) == ({"n": 0}, AT)


async def test_it_reads_in_the_transaction_that_is_open() -> None:
    async with in_transaction():
        [mine] = await _due(1)

        assert [row.id for row in await PAGE.rows(AFTER_ALL, 10)] == [mine]


async def test_rows_can_be_changed_and_saved_as_any_other() -> None:
    await _due(1)

    row = await PAGE.first(AFTER_ALL, 1)
    assert row is not None
    row.due_at = AT + timedelta(days=1)
    await row.save(update_fields=["due_at"])

    assert (await DueJob.get(id=row.id)).due_at == AT + timedelta(days=1)


async def test_there_may_be_nothing() -> None:
    assert await PAGE.first(AFTER_ALL, 1) is None
    assert await PAGE.rows(AFTER_ALL, 1) == []


async def test_it_counts() -> None:
    _, middle, _ = await _due(3)
    before = Prepared(lambda job_id: DueJob.filter(id__lt=job_id), UUID)

    assert (await before.count(AFTER_ALL), await before.count(middle)) == (3, 1)


async def test_a_query_that_does_not_use_a_value_as_it_is_is_refused() -> None:
    changed = Prepared(lambda size: StoredFile.filter(size=size + 1), int)

    with pytest.raises(ValueError, match="as it is"):
        await changed.rows(1)


async def test_a_value_may_be_text() -> None:
    [_, second] = await _due(2)
    by_name = Prepared(lambda name, limit: DueJob.filter(name=name).limit(limit), str, int)

    assert [row.id for row in await by_name.rows("job 1", 5)] == [second]
    assert await by_name.rows("' OR ''='", 5) == []
