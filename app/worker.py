"""Every job by name, with what it needs bound in, and the process that runs them. 后台任务进程"""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from app import account_notices, subscriptions
from app.database import database
from app.exporters.making import make_export
from app.providers import Parts, choose_parts
from app.settings import Settings
from app.timetable import timetable
from app.worker_metrics import measured
from core import broken_seals
from core.clock import now
from core.jobs import Handler, report_given_up
from core.worker import Regularly, run_worker
from identity import subjects
from licences.reading import report_silence
from licences.refreshing import watch_holder
from notifications import ledger
from notifications.deliveries import release_held, report_failed
from notifications.pushes import apply_pushes
from notifications.sending import deliver_due
from payments.disbursements import disburse_requested, follow_disbursement
from payments.notices import apply_notices
from payments.payout_channels import payee_reachable
from payments.payouts import Payers
from payments.queries import query_attempt
from payments.refunds import refund_receipt
from payments.returns import look_for_return
from proactive import handlers as proactive_jobs
from proactive.disbursing import may_pay
from proactive.gates import may_send


def handlers(parts: Parts, *, operating_department: str) -> dict[str, Handler]:
    return (
        _messages()
        | _persons(parts)
        | _acting(operating_department)
        | _core(operating_department)
        | _payments(parts, operating_department)
        | _notifications(parts, operating_department)
        | _proactive(parts)
    )


async def run(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; jobs under way are finished first."""
    parts, stop = choose_parts(settings), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = settings.database_url.reveal()
    async with database(url, minsize=2, maxsize=settings.database_connections):
        department = settings.operating_department
        report = Regularly(60.0, partial(report_given_up, department=department))
        known = measured(handlers(parts, operating_department=department))
        regular = [*timetable(parts), report]
        await run_worker(known, database_url=url, timetable=regular, stop=stop)
    await parts.close()


def _core(department: str) -> dict[str, Handler]:
    return {
        "core.seal_broken": partial(broken_seals.ask_a_person, department=department),
        "licences.registry_silent": partial(report_silence, department=department),
        "identity.hint_conflict": partial(subjects.hint_conflict, department=department),
    }


def _messages() -> dict[str, Handler]:
    return {
        "payments.order_paid": subscriptions.tell_payer,
        "payments.disbursement_waiting": subscriptions.tell_payee_to_confirm,
        "licences.scanned_again": subscriptions.tell_holder_of_second_scan,
        "licences.used": subscriptions.tell_holder_of_use,
        "licences.expires_soon": subscriptions.tell_holder_of_expiry,
        "licences.status_changed": subscriptions.tell_holder_of_status,
        "identity.token_reused": subscriptions.tell_of_reused_token,
        "identity.signed_in_elsewhere": account_notices.tell_of_login,
        "identity.account_parted": account_notices.tell_of_parted,
    }


def _persons(parts: Parts) -> dict[str, Handler]:
    return {
        "core.task_closed": partial(account_notices.task_closed, parts=parts),
        "identity.make_export": _with_vault(parts, make_export, store=parts.file_store),
    }


def _acting(department: str) -> dict[str, Handler]:
    return {
        "identity.acting_changed": subscriptions.tell_of_acting,
        "identity.representative_changed": partial(
            subscriptions.tell_of_representative, department=department
        ),
        "identity.counter_opened": subscriptions.tell_of_counter,
    }


def _payments(parts: Parts, department: str) -> dict[str, Handler]:
    async def account_linked(person_id: str, account_id: str) -> None:
        await payee_reachable(person_id, account_id)
        await account_notices.tell_of_joined(person_id, account_id)
        await watch_holder(UUID(person_id), parts.registries, at=now())

    payers = Payers(parts.gateways, parts.bank, allowed=may_pay)
    return {
        "payments.apply_notices": _with_vault(parts, apply_notices, department=department),
        "payments.query_attempt": partial(query_attempt, gateways=parts.gateways),
        "payments.refund_receipt": refund_receipt,
        "payments.disburse": _with_vault(parts, disburse_requested, payers=payers),
        "payments.follow_disbursement": _with_vault(parts, follow_disbursement, payers=payers),
        "payments.look_for_return": _with_vault(parts, look_for_return, payers=payers),
        "identity.account_linked": account_linked,
    }


def _notifications(parts: Parts, department: str) -> dict[str, Handler]:
    async def deliver() -> None:
        await deliver_due(
            channels=parts.channels, department=department, at=now(), allowed=may_send
        )

    async def settle_reports(account_id: str, template_id: str) -> None:
        pushed = bool(parts.push_keys)
        await ledger.settle_reports(account_id, template_id, pushed=pushed, at=now())

    return {
        "notifications.deliver": deliver,
        "notifications.release_held": release_held,
        "notifications.report_failed": partial(report_failed, department=department),
        "notifications.apply_pushes": partial(apply_pushes, department=department),
        "notifications.settle_reports": settle_reports,
    }


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
