"""Reading each registry's list of changes; that also says what did not change. 增量同步"""

from datetime import datetime, timedelta

from core import jobs
from core.tasks import raise_task
from licences import freshness
from licences.models import RegistryState
from licences.refreshing import Desk, pause
from licences.registries import Registry, RegistryFailed
from licences.taking_over import take_over_all

CHANGES_EVERY = timedelta(minutes=1)
SILENT_AFTER = timedelta(hours=1)
"""How long a registry may be silent before a person is told."""

_LEASE = timedelta(minutes=10)
_PAGE = 200
_PAGES_AT_ONCE = 50


async def read_changes(registry: Registry, desk: Desk, *, at: datetime) -> int:
    """Take in what changed in a registry since we last read; say how many changes that were.

    One worker at a time reads on; killed half-way, the page is read again. What is not named until
    the end of the list is confirmed as of its moment.
    """
    state = await _take_up(registry, at)
    if state is None:
        return 0
    taken = 0
    try:
        for _ in range(_PAGES_AT_ONCE):
            page = await registry.changes(state.cursor, limit=_PAGE)
            await take_over_all(
                page.records,
                registry,
                as_of=page.as_of,
                files=desk.files,
                vault=desk.vault,
                at=at,
            )
            taken += len(page.records)
            state.cursor = page.cursor
            await state.save(update_fields=["cursor"])
            if not page.more:
                await _read_to_the_end(state, min(page.as_of, at), at)
                return taken
        await RegistryState.filter(name=registry.name).update(next_at=at)
    except RegistryFailed:
        await _note_silence(state, registry, at)
    return taken


async def report_silence(registry: str, since: str, *, department: str) -> None:
    """Put a registry that does not answer before who runs this, once for each silence. A job."""
    await raise_task(
        "licences.registry_silent",
        department=department,
        subject=f"registry:{registry}",
        dedupe_key=f"licences.registry_silent:{registry}:{since}",
        since=since,
    )


async def _take_up(registry: Registry, at: datetime) -> RegistryState | None:
    """The state of a registry whose turn it is, ours until the lease ends; else None."""
    row = RegistryState(name=registry.name, next_at=at)
    await RegistryState.bulk_create([row], ignore_conflicts=True)
    ours = RegistryState.filter(name=registry.name, next_at__lte=at)
    if not await ours.update(next_at=at + _LEASE):
        return None
    return await RegistryState.get(name=registry.name)


async def _read_to_the_end(state: RegistryState, synced_at: datetime, at: datetime) -> None:
    state.synced_at, state.tries, state.failing_since = synced_at, 0, None
    state.next_at = at + CHANGES_EVERY
    await state.save(update_fields=["synced_at", "tries", "failing_since", "next_at"])
    freshness.forget_copy()


async def _note_silence(state: RegistryState, registry: Registry, at: datetime) -> None:
    state.tries += 1
    state.failing_since = state.failing_since or at
    state.next_at = at + pause(state.tries)
    await state.save(update_fields=["tries", "failing_since", "next_at"])
    if at - state.failing_since >= SILENT_AFTER:
        since = state.failing_since.isoformat()
        await jobs.enqueue(
            "licences.registry_silent",
            dedupe_key=f"licences.registry_silent:{registry.name}:{since}",
            registry=registry.name,
            since=since,
        )
