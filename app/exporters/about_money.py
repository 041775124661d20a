"""What the person paid and was paid. 缴费与拨付"""

from uuid import UUID

from app.exporters.rows import Row, moment
from core.money import Fen, yuan
from core.sealing import Vault
from payments.models import Disbursement, FeeOrder, PaymentAttempt


async def fees(person_id: UUID, vault: Vault) -> list[Row]:
    rows = await FeeOrder.filter(payer_id=person_id).order_by("id")
    return [
        {
            "缴款码": row.order_no,
            "项目": row.title,
            "金额（元）": yuan(Fen(row.amount_fen)),
            "状态": row.status,
            "开单时间": moment(row.created_at),
            "支付时间": moment(row.paid_at),
            "支付渠道": row.provider,
            "渠道交易号": row.trade_no,
        }
        for row in rows
    ]


async def payments(person_id: UUID, vault: Vault) -> list[Row]:
    """Every try to pay that this person made, also for others."""
    rows = await PaymentAttempt.filter(account__person_id=person_id).order_by("id")
    return [
        {
            "支付编号": str(row.id),
            "渠道": row.provider,
            "状态": row.status,
            "发起时间": moment(row.created_at),
        }
        for row in rows
    ]


async def disbursements(person_id: UUID, vault: Vault) -> list[Row]:
    rows = await Disbursement.filter(payee_id=person_id).order_by("id")
    return [
        {
            "拨付编号": row.number,
            "事由": row.purpose,
            "金额（元）": yuan(Fen(row.amount_fen)),
            "方式": row.channel,
            "状态": row.status,
            "发起时间": moment(row.requested_at),
            "完成时间": moment(row.finished_at),
            "回单号": row.slip_no,
        }
        for row in rows
    ]
