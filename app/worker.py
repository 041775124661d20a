"""Every job by name, with what it needs bound in, and the process that runs them. 后台任务进程"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from app import subscriptions
from app.database import database
from app.providers import Parts, choose_parts
from app.settings import Settings
from core.audit import seal_audit
from core.clock import now
from core.files import FileStorage
from core.jobs import Handler, report_given_up, wake
from core.worker import Regularly, run_worker
from identity.tidying import tidy
from notifications.sending import deliver_due
from payments.disbursements import disburse_requested, follow_disbursement
from payments.notices import apply_notices
from payments.payouts import Payers
from payments.queries import query_attempt
from payments.refunds import refund_receipt
from proactive import handlers as proactive_jobs
from proactive.disbursing import may_pay
from proactive.matching import match_published

WORK_LISTS = ("payments.apply_notices", "notifications.deliver")
"""Jobs that work off a list; the timetable wakes them too, should a wake-up ever be lost."""


def handlers(parts: Parts, *, operating_department: str) -> dict[str, Handler]:
    return (
        _messages()
        | _payments(parts, operating_department)
        | _notifications(parts, operating_department)
        | _proactive(parts)
    )


def timetable(parts: Parts) -> list[Regularly]:
    async def seal() -> None:
        await seal_audit(at=now(), look_back=timedelta(minutes=1))

    async def seal_late() -> None:
        await seal_audit(at=now())

    async def forget() -> None:
        await tidy(at=now())

    async def forget_files() -> None:
        files = FileStorage(parts.file_store, await parts.vault.get())
        await files.forget_expired(at=now())

    async def look_again() -> None:
        for name in WORK_LISTS:
            await wake(name)

    async def match() -> None:
        await match_published(at=now())  # asks once a day for each policy in force

    return [
        Regularly(1.0, seal),
        Regularly(60.0, seal_late),
        Regularly(10.0, forget),
        Regularly(10.0, look_again),
        Regularly(60.0, match),
        Regularly(3600.0, forget_files),
    ]


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; jobs under way are finished first."""
    parts, stop = choose_parts(settings), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = settings.database_url.reveal()
    async with database(url, minsize=2, maxsize=settings.database_connections):
        department = settings.operating_department
        report = Regularly(60.0, partial(report_given_up, department=department))
        known = handlers(parts, operating_department=department)
        regular = [*timetable(parts), report]
        await run_worker(known, database_url=url, timetable=regular, stop=stop)
    await parts.cache.aclose()


def _messages() -> dict[str, Handler]:
    return {
        "payments.order_paid": subscriptions.tell_payer,
        "payments.disbursement_waiting": subscriptions.tell_payee_to_confirm,
        "licences.scanned_again": subscriptions.tell_holder_of_second_scan,
        "identity.token_reused": subscriptions.tell_of_reused_token,
    }


def _payments(parts: Parts, department: str) -> dict[str, Handler]:
    payers = Payers(parts.gateways, parts.bank, allowed=may_pay)
    return {
        "payments.apply_notices": _with_vault(parts, apply_notices, department=department),
        "payments.query_attempt": partial(query_attempt, gateways=parts.gateways),
        "payments.refund_receipt": refund_receipt,
        "payments.disburse": _with_vault(parts, disburse_requested, payers=payers),
        "payments.follow_disbursement": _with_vault(parts, follow_disbursement, payers=payers),
    }


def _notifications(parts: Parts, department: str) -> dict[str, Handler]:
    async def deliver() -> None:
        await deliver_due(channels=parts.channels, department=department, at=now())

    return {"notifications.deliver": deliver}


def _proactive(parts: Parts) -> dict[str, Handler]:
    return {
        "proactive.match_policy": _with_vault(parts, proactive_jobs.match_requested),
        "proactive.notify": proactive_jobs.notify_requested,
        "proactive.disburse": _with_vault(parts, proactive_jobs.disburse_requested),
        "proactive.pay_waiting": _with_vault(parts, proactive_jobs.pay_waiting_requested),
        "proactive.disbursement_finished": proactive_jobs.disbursement_finished,
    }


def _with_vault(
    parts: Parts, function: Callable[..., Awaitable[object]], **bound: object
) -> Handler:
    """The data keys are opened when a job needs them, not when the worker starts."""

    async def handler(**arguments: str | int) -> None:
        await function(**arguments, **bound, vault=await parts.vault.get())

    return handler
