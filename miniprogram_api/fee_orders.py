from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter
from msgspec import Struct

from core.clock import now
from identity.callers import ActingRightRequired, Caller, RealNameRequired
from payments import attempts, orders
from payments.attempts import ChannelNotAvailable, ClientIdReused, OrderNotOpen, OrderOverdue
from payments.gateways import GatewayFailed, GatewayRefused, Gateways, Provider
from payments.kinds import AttemptStatus, OrderStatus
from payments.models import FeeOrder, PaymentAttempt
from payments.orders import OrderNotFound, OrderNotPaid, OrderReceipt
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages
from web.views import View
from web.waiting import Wait, wait_for_change

ASK_AGAIN_SECONDS = 2

OrderNo = Annotated[str, PathParameter(pattern=r"^[0-9A-Z]{1,32}\Z", description="缴费单号")]
OfStatus = Annotated[OrderStatus | None, QueryParameter(description="只看这种状态的缴费单")]


class FeeOrderView(View, frozen=True):
    order_no: str
    title: str
    agency_name: str
    amount_fen: int
    status: OrderStatus
    deadline_at: datetime | None
    provider: Provider | None
    paid_at: datetime | None

    @classmethod
    def of(cls, row: object) -> Self:
        assert isinstance(row, FeeOrder)
        return cls(
            order_no=row.order_no,
            title=row.title,
            agency_name=row.agency.name,
            amount_fen=row.amount_fen,
            status=row.status,
            deadline_at=row.deadline_at,
            provider=row.provider,
            paid_at=row.paid_at,
        )


class PayRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Only the way to pay: what is owed, by whom and to whom, the order itself says."""

    channel: Provider


class PaymentView(View, frozen=True):
    """`parameters` go to the provider's pay sheet as they are."""

    client_id: UUID
    order_no: str
    channel: Provider
    status: AttemptStatus
    parameters: dict[str, str] | None
    expires_at: datetime
    ask_again_after: int | None


class FeeOrderController(Controller):
    """缴费: what the caller, or whom it acts for, owes, and paying it."""

    path = "/fee-orders"
    tags = ["缴费"]

    @get(
        summary="缴费单列表",
        description="本人或所代办主体的缴费单，按时间倒序。",
        errors=(RealNameRequired,),
    )
    async def many(
        self,
        caller: NamedDependency[Caller],
        pages: NamedDependency[Pages],
        status: OfStatus = None,
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[FeeOrderView]:
        of = f"fee_orders:{caller.required_party()}:{status}"
        rows = await orders.list_orders(
            caller=caller, status=status, after=pages.after(cursor, of=of), limit=limit + 1
        )
        return pages.page(rows, FeeOrderView.of, limit=limit, of=of)

    @get(
        "/{order_no:str}",
        summary="缴费单详情",
        description="一张缴费单。付款后带 `wait` 查询：最多等待 25 秒，入账后立即返回。"
        "付款界面返回成功并不表示已入账，以这里的 `status` 为准。",
        errors=(RealNameRequired, OrderNotFound),
    )
    async def show(
        self, order_no: OrderNo, caller: NamedDependency[Caller], wait: Wait = 0
    ) -> FeeOrderView:
        async def decided() -> FeeOrder | None:
            order = await orders.get_order(order_no, caller=caller)
            return None if order.status is OrderStatus.OPEN else order

        order = await wait_for_change(decided, wait)
        return FeeOrderView.of(order or await orders.get_order(order_no, caller=caller))

    @put(
        "/{order_no:str}/payments/{client_id:uuid}",
        summary="发起支付",
        description="`client_id` 由客户端生成，重复提交得到同一个结果，网络中断后可放心重试。"
        "微信返回 `wx.requestPayment` 的参数，支付宝返回 `my.tradePay` 的 `tradeNO`。"
        "`status` 为 `requested` 或 `unknown` 时显示“确认中”，过 `ask_again_after` 秒用同一个"
        " `client_id` 再次提交。金额以缴费单为准，请求中不含金额。",
        example={"channel": "wechat"},
        errors=(
            RealNameRequired,
            ActingRightRequired,
            OrderNotFound,
            OrderNotOpen,
            OrderOverdue,
            ChannelNotAvailable,
            ClientIdReused,
            GatewayRefused,
            GatewayFailed,
        ),
    )
    async def pay(
        self,
        order_no: OrderNo,
        client_id: FromPath[UUID],
        data: JSONBody[PayRequest],
        caller: NamedDependency[Caller],
        gateways: NamedDependency[Gateways],
    ) -> PaymentView:
        attempt = await attempts.prepare_payment(
            order_no,
            client_id,
            caller=caller,
            channel=data.channel,
            gateways=gateways,
            at=now(),
        )
        return _payment(attempt, order_no, client_id)

    @get(
        "/{order_no:str}/receipt",
        summary="缴费凭证",
        description="入账后的凭证，含支付渠道的交易号。",
        errors=(RealNameRequired, OrderNotFound, OrderNotPaid),
    )
    async def receipt(self, order_no: OrderNo, caller: NamedDependency[Caller]) -> OrderReceipt:
        return await orders.get_receipt(order_no, caller=caller)


def _payment(attempt: PaymentAttempt, order_no: str, client_id: UUID) -> PaymentView:
    waiting = attempt.status in (AttemptStatus.REQUESTED, AttemptStatus.UNKNOWN)
    ready = attempt.status is AttemptStatus.READY
    return PaymentView(
        client_id=client_id,
        order_no=order_no,
        channel=attempt.provider,
        status=attempt.status,
        parameters=attempt.parameters if ready else None,
        expires_at=attempt.expires_at,
        ask_again_after=ASK_AGAIN_SECONDS if waiting else None,
    )
