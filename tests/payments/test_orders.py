import pytest

from core.models import AuditEntry
from core.money import Fen
from core.sealing import Vault
from payments.models import FeeOrder
from payments.orders import (
    AgencyNotFound,
    OrderNotFound,
    OrderNotPaid,
    ReferenceReused,
    get_order,
    get_receipt,
    issue_fee,
    list_orders,
)
from payments.settlements import settle_order
from tests.conftest import AT
from tests.payments import make

pytestmark = pytest.mark.usefixtures("db")


class TestIssueFee:
    async def test_is_made_once_for_the_agencys_reference(self, vault: Vault) -> None:
        payer = await make.person(vault)

        first = await make.fee_order(payer.id, reference="LX-1")
        second = await make.fee_order(payer.id, reference="LX-1")

        assert first.order_no == second.order_no
        assert await FeeOrder.all().count() == 1
        assert await AuditEntry.filter(action="fee.issue").count() == 1

    async def test_refuses_other_content_under_a_used_reference(self, vault: Vault) -> None:
        payer = await make.person(vault)
        await make.fee_order(payer.id, reference="LX-1")

        with pytest.raises(ReferenceReused):
            await make.fee_order(payer.id, reference="LX-1", amount_fen=Fen(1))

    async def test_wants_an_agency_that_collects(self, vault: Vault) -> None:
        payer = await make.person(vault)

        with pytest.raises(AgencyNotFound):
            await issue_fee(
                "330199-nobody",
                "LX-1",
                payer_id=payer.id,
                title="费",
                amount_fen=Fen(1),
                actor="system:test",
                at=AT,
            )


class TestGetOrder:
    async def test_someone_elses_order_is_not_found(self, vault: Vault) -> None:
        """B25."""
        order = await make.fee_order((await make.person(vault)).id)
        stranger = await make.caller(vault)

        with pytest.raises(OrderNotFound):
            await get_order(order.order_no, caller=stranger)
        with pytest.raises(OrderNotFound):
            await get_receipt(order.order_no, caller=stranger)
        assert await list_orders(caller=stranger, status=None, after=None, limit=10) == []

    async def test_the_payers_orders_come_newest_first_in_pieces(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        orders = [await make.fee_order(payer.party_id) for _ in range(3)]

        first = await list_orders(caller=payer, status=None, after=None, limit=2)
        rest = await list_orders(caller=payer, status=None, after=first[-1].id, limit=2)

        assert [order.id for order in first + rest] == [order.id for order in reversed(orders)]


class TestGetReceipt:
    async def test_is_there_once_the_money_is_in_the_book(self, vault: Vault) -> None:
        payer = await make.caller(vault)
        order = await make.fee_order(payer.party_id)
        with pytest.raises(OrderNotPaid):
            await get_receipt(order.order_no, caller=payer)

        await settle_order(make.receipt(await make.attempt(order, payer)), at=AT)

        receipt = await get_receipt(order.order_no, caller=payer)
        assert (receipt.trade_no, receipt.amount_fen) == ("4200001234", 8000)
        assert receipt.agency_name == "临溪市自然资源和规划局"
