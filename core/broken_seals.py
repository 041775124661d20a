"""A sealed value that does not open: whoever meets it has a person look at it, once. 密文损坏"""

from core import jobs
from core.sealing import SealBroken
from core.tasks import raise_task


async def report(broken: SealBroken) -> None:
    """Ask for a person, however many meet the same row; the answer to them does not wait."""
    table, row_id = broken.context["table"], broken.context["row_id"]
    await jobs.enqueue(
        "core.seal_broken",
        dedupe_key=f"core.seal_broken:{table}:{row_id}",
        table=str(table),
        column=str(broken.context["column"]),
        row_id=str(row_id),
    )


async def ask_a_person(table: str, column: str, row_id: str, *, department: str) -> None:
    """Put the row before who runs this: it was changed behind our back, or a key is missing."""
    subject = f"{table}:{row_id}"
    await raise_task("core.seal_broken", department=department, subject=subject, column=column)
