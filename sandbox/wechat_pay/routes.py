"""The addresses of api.mch.weixin.qq.com."""

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from sandbox.wechat_pay import bills, orders, refunds, transfers
from sandbox.wechat_pay.authorization import HOST, Call, authorized_call
from sandbox.wechat_pay.fields import CloseRequest, PrepayRequest, TransferRequest
from sandbox.wechat_pay.rates import CANCEL, PREPAY, TRANSFER, spend_call
from sandbox.world import World


class OrderController(Controller):
    path = f"{HOST}/v3/pay/transactions"
    dependencies = {"call": Provide(authorized_call)}

    @post("/jsapi")
    async def prepay(
        self, call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        asked = call.read(PrepayRequest)
        call.check_mchid(asked.mchid)
        spend_call(world, asked.mchid, PREPAY)
        return call.answer({"prepay_id": orders.prepay(world, call.merchant, asked)})

    @get("/out-trade-no/{number:str}")
    async def by_number(
        self, number: FromPath[str], call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        call.check_mchid(call.request.query_params.get("mchid"))
        order = orders.find_order(world, call.merchant.mchid, number)
        return call.answer(orders.describe(order) | refunds.refunded_state(world, order))

    @get("/id/{transaction_id:str}")
    async def by_id(
        self,
        transaction_id: FromPath[str],
        call: NamedDependency[Call],
        world: NamedDependency[World],
    ) -> Response[bytes]:
        call.check_mchid(call.request.query_params.get("mchid"))
        order = orders.find_order_by_id(world, call.merchant.mchid, transaction_id)
        return call.answer(orders.describe(order) | refunds.refunded_state(world, order))

    @post("/out-trade-no/{number:str}/close")
    async def close(
        self, number: FromPath[str], call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        call.check_mchid(call.read(CloseRequest).mchid)
        orders.close(world, call.merchant, number)
        return call.answer(None, status=204)


class TransferController(Controller):
    path = f"{HOST}/v3/fund-app/mch-transfer/transfer-bills"
    dependencies = {"call": Provide(authorized_call)}

    @post("/")
    async def transfer(
        self, call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        spend_call(world, call.merchant.mchid, TRANSFER)
        bill = transfers.transfer(world, call.merchant, call.read(TransferRequest), call.serial)
        return call.answer(transfers.created(bill))

    @get("/out-bill-no/{number:str}")
    async def by_number(
        self, number: FromPath[str], call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        bill = bills.find_bill(world, call.merchant.mchid, number)
        return call.answer(bills.describe(bill))

    @get("/transfer-bill-no/{transfer_bill_no:str}")
    async def by_id(
        self,
        transfer_bill_no: FromPath[str],
        call: NamedDependency[Call],
        world: NamedDependency[World],
    ) -> Response[bytes]:
        bill = bills.find_bill_by_id(world, call.merchant.mchid, transfer_bill_no)
        return call.answer(bills.describe(bill))

    @post("/out-bill-no/{number:str}/cancel")
    async def cancel(
        self, number: FromPath[str], call: NamedDependency[Call], world: NamedDependency[World]
    ) -> Response[bytes]:
        spend_call(world, call.merchant.mchid, CANCEL)
        return call.answer(transfers.cancel(world, call.merchant, number))
