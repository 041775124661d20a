"""Trying to pay: what the client's pay sheet needs, made once, asked about while unknown. 支付"""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

from tortoise.transactions import in_transaction

from core import audit
from core.crashpoints import crashpoint
from core.errors import Conflict, Rejected
from core.ids import new_id, new_number
from identity.callers import Caller
from identity.kinds import Right
from payments.gateways import (
    GatewayFailed,
    GatewayRefused,
    Gateways,
    Payable,
    PaymentGateway,
    Prepared,
    Provider,
)
from payments.kinds import LIVE_ATTEMPTS, AttemptStatus, OrderStatus
from payments.models import Agency, FeeOrder, PaymentAttempt, PaymentRequest
from payments.orders import get_order
from payments.queries import ask_about, ask_later

ATTEMPT_LASTS = timedelta(days=1)
ASKING_LASTS = timedelta(seconds=15)
WAIT_FOR_ANOTHER_SECONDS = 5.0


class OrderNotOpen(Conflict):
    code = "payments.order_not_open"
    message = "该缴费单已支付或已关闭"


class OrderOverdue(Conflict):
    code = "payments.order_overdue"
    message = "该缴费单已过缴费期限，请联系执收单位"


class ChannelNotAvailable(Rejected):
    """This account cannot pay that way, or the agency does not collect that way."""

    code = "payments.channel_not_available"
    message = "暂不支持用这种方式缴纳这笔费用"


class ClientIdReused(Conflict):
    code = "payments.client_id_reused"
    message = "该请求编号已用于另一笔支付"


async def prepare_payment(
    order_no: str,
    client_id: UUID,
    *,
    caller: Caller,
    channel: Provider,
    gateways: Gateways,
    at: datetime,
) -> PaymentAttempt:
    """What the client needs to pay, under the id that the client made.

    Asking again gives the same answer, and pays under the same number: an account has one living
    try for an order. A try whose answer was lost comes back as unknown: it is being asked about.
    """
    caller.required_right(Right.PAY)
    order = await get_order(order_no, caller=caller)
    gateway = _gateway(order.agency, caller, channel, gateways)
    attempt = await _intend(order, client_id, caller=caller, gateway=gateway, at=at)
    crashpoint("payments.after_intent")
    if attempt.status in LIVE_ATTEMPTS and attempt.expires_at <= at:
        await ask_about(attempt, gateway, at=at)
        await attempt.refresh_from_db()
    if not _wants_parameters(attempt, at):
        return attempt
    if not await _claim_asking(attempt, at):
        return await _wait_for_another(attempt, at)
    return await _prepare(order, attempt, subject=caller.subject, gateway=gateway, at=at)


def _gateway(
    agency: Agency, caller: Caller, channel: Provider, gateways: Gateways
) -> PaymentGateway:
    merchants = {Provider.WECHAT: agency.wechat_mchid, Provider.ALIPAY: agency.alipay_app_id}
    merchant = merchants[channel]
    if caller.provider != channel or merchant is None:
        raise ChannelNotAvailable(channel=channel, agency=agency.department)
    return gateways.payment(channel, merchant)


async def _intend(
    order: FeeOrder, client_id: UUID, *, caller: Caller, gateway: PaymentGateway, at: datetime
) -> PaymentAttempt:
    """Write down the try before anybody is asked, or find it."""
    async with in_transaction():
        locked = await FeeOrder.select_for_update().get(id=order.id)
        known = await PaymentRequest.get_or_none(
            account_id=caller.account_id, client_id=client_id
        ).select_related("attempt")
        if known is not None:
            return _same(known.attempt, order)
        if locked.status is not OrderStatus.OPEN:
            raise OrderNotOpen(order_no=order.order_no)
        if order.deadline_at is not None and order.deadline_at <= at:
            raise OrderOverdue(order_no=order.order_no)
        attempt = await PaymentAttempt.get_or_none(
            order_id=order.id, account_id=caller.account_id, status__in=LIVE_ATTEMPTS
        ) or await _new_attempt(order, caller=caller, gateway=gateway, at=at)
        request = PaymentRequest(
            id=new_id(), account_id=caller.account_id, client_id=client_id, attempt=attempt
        )
        await PaymentRequest.bulk_create([request], ignore_conflicts=True)
        if not await PaymentRequest.exists(id=request.id):
            raise ClientIdReused(order_no=order.order_no)
    return attempt


def _same(attempt: PaymentAttempt, order: FeeOrder) -> PaymentAttempt:
    if attempt.order_id != order.id:
        raise ClientIdReused(order_no=order.order_no)
    return attempt


async def _new_attempt(
    order: FeeOrder, *, caller: Caller, gateway: PaymentGateway, at: datetime
) -> PaymentAttempt:
    expires_at = at + ATTEMPT_LASTS
    attempt = await PaymentAttempt.create(
        id=new_id(),
        order=order,
        account_id=caller.account_id,
        acted_by_id=caller.person_id,
        provider=gateway.provider,
        merchant=gateway.merchant,
        appid=caller.appid,
        number=new_number("P", at),
        expires_at=min(expires_at, order.deadline_at or expires_at).replace(microsecond=0),
        created_at=at,
    )
    await audit.record(
        caller.actor(),
        "fee.pay",
        f"fee_order:{order.order_no}",
        provider=attempt.provider,
        number=attempt.number,
    )
    await ask_later(attempt, 0, at=at)
    return attempt


def _wants_parameters(attempt: PaymentAttempt, at: datetime) -> bool:
    if attempt.status is not AttemptStatus.READY:
        return attempt.status in LIVE_ATTEMPTS and attempt.expires_at > at
    return attempt.parameters_until is None or attempt.parameters_until <= at < attempt.expires_at


async def _claim_asking(attempt: PaymentAttempt, at: datetime) -> bool:
    """One asks at a time; who dies while asking is replaced when the claim has run out."""
    free = PaymentAttempt.filter(id=attempt.id, status=attempt.status)
    for unclaimed in (free.filter(asked_until=None), free.filter(asked_until__lte=at)):
        if await unclaimed.update(asked_until=at + ASKING_LASTS):
            return True
    return False


async def _wait_for_another(attempt: PaymentAttempt, at: datetime) -> PaymentAttempt:
    """The answer that somebody else is getting; without it in time, what is known so far."""
    ends = asyncio.get_running_loop().time() + WAIT_FOR_ANOTHER_SECONDS
    while _wants_parameters(attempt, at) and asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(0.1)
        await attempt.refresh_from_db()
        if attempt.asked_until is None:
            break
    return attempt


async def _prepare(
    order: FeeOrder,
    attempt: PaymentAttempt,
    *,
    subject: str,
    gateway: PaymentGateway,
    at: datetime,
) -> PaymentAttempt:
    payable = Payable(
        number=attempt.number,
        title=order.title,
        amount_fen=order.amount_fen,
        appid=attempt.appid,
        subject=subject,
        expires_at=attempt.expires_at,
    )
    try:
        prepared = await gateway.prepare(payable)
    except GatewayFailed:
        await _leave_unknown(attempt)
    except GatewayRefused:
        await _leave_unknown(attempt)
        raise
    else:
        crashpoint("payments.after_prepare")
        await _keep_parameters(attempt, prepared)
    await attempt.refresh_from_db()
    return attempt


async def _keep_parameters(attempt: PaymentAttempt, prepared: Prepared) -> None:
    """A callback may have come first: what is paid stays paid."""
    live = PaymentAttempt.filter(id=attempt.id, status__in=LIVE_ATTEMPTS)
    await live.update(
        status=AttemptStatus.READY,
        parameters=prepared.parameters,
        parameters_until=prepared.until,
        asked_until=None,
    )
    crashpoint("payments.after_answer")


async def _leave_unknown(attempt: PaymentAttempt) -> None:
    live = PaymentAttempt.filter(id=attempt.id, status__in=LIVE_ATTEMPTS)
    await live.update(status=AttemptStatus.UNKNOWN, asked_until=None)
