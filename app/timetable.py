"""What the workers do by the clock. All of it is safe in many at once. 定时事项"""

from datetime import timedelta

from app.providers import Parts
from app.retention import retention
from core.anchors import anchor_audit
from core.audit import seal_audit
from core.clock import now
from core.files import FileStorage
from core.jobs import forget_keys, wake
from core.worker import Regularly
from identity.erasure import erase_due
from identity.exports import expire_exports
from identity.renaming import learn_newer_names
from identity.representing import ask_again
from identity.tidying import tidy
from licences.expiry import warn_of_expiry
from licences.face_links import forget_links
from licences.reading import read_changes
from licences.refreshing import Desk, fetch_due
from licences.requests import forget_requests
from licences.status_lists import rebuild_lists
from licences.verifications import forget_answers
from notifications.pushes import forget_pushes
from proactive.matching import match_published

WORK_LISTS = ("payments.apply_notices", "notifications.deliver", "notifications.apply_pushes")
"""Jobs that work off a list; the timetable wakes them too, should a wake-up ever be lost."""


def timetable(parts: Parts) -> list[Regularly]:
    return [
        *_audit(parts),
        *_forgetting(parts),
        *_looking_again(),
        *_licences(parts),
        *_acting(parts),
        *_accounts(parts),
    ]


def _accounts(parts: Parts) -> list[Regularly]:
    async def learn_names() -> None:
        await learn_newer_names(parts.identity_providers, at=now())

    return [Regularly(3600.0, learn_names)]


def _acting(parts: Parts) -> list[Regularly]:
    async def ask_register() -> None:
        vault = await parts.vault.get()
        await ask_again(register=parts.business_register, vault=vault, at=now())

    return [Regularly(60.0, ask_register)]


def _audit(parts: Parts) -> list[Regularly]:
    async def seal() -> None:
        await seal_audit(at=now(), look_back=timedelta(minutes=1), suite=parts.suite)

    async def seal_late() -> None:
        await seal_audit(at=now(), suite=parts.suite)

    async def anchor() -> None:
        await anchor_audit(parts.file_store, parts.anchor_key, at=now())

    return [Regularly(1.0, seal), Regularly(60.0, seal_late), Regularly(3600.0, anchor)]


def _forgetting(parts: Parts) -> list[Regularly]:
    async def forget() -> None:
        await tidy(at=now())

    async def end_of_retention() -> None:
        await expire_exports(at=now())
        await erase_due(retention(), vault=await parts.vault.get(), at=now())

    async def forget_files() -> None:
        files = FileStorage(parts.file_store, await parts.vault.get())
        await files.forget_expired(at=now())

    async def forget_events() -> None:
        await forget_pushes(at=now())

    async def forget_checks() -> None:
        await forget_answers(at=now())
        await forget_requests(at=now())

    async def forget_pictures() -> None:
        await forget_links(at=now())

    return [
        Regularly(10.0, forget),
        Regularly(10.0, forget_checks),
        Regularly(60.0, forget_keys),
        Regularly(60.0, forget_events),
        Regularly(60.0, forget_pictures),
        Regularly(3600.0, forget_files),
        Regularly(3600.0, end_of_retention),
    ]


def _licences(parts: Parts) -> list[Regularly]:
    async def desk() -> Desk:
        vault = await parts.vault.get()
        files = FileStorage(parts.file_store, vault)
        return Desk(registries=parts.registries, files=files, vault=vault)

    async def read() -> None:
        for registry in parts.registries:
            await read_changes(registry, await desk(), at=now())  # each once a minute

    async def fetch() -> None:
        await fetch_due(await desk(), at=now())

    async def warn() -> None:
        await warn_of_expiry(at=now())

    async def rebuild() -> None:
        await rebuild_lists(issuer=parts.licence_issuer, at=now())

    return [
        Regularly(10.0, read),
        Regularly(10.0, fetch),
        Regularly(10.0, rebuild),
        Regularly(60.0, warn),
    ]


def _looking_again() -> list[Regularly]:
    async def look_again() -> None:
        for name in WORK_LISTS:
            await wake(name)

    async def match() -> None:
        await match_published(at=now())  # asks once a day for each policy in force

    return [Regularly(10.0, look_again), Regularly(60.0, match)]
