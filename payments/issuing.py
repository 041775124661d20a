"""A window asks somebody for a fee, by the number on their card or licence. 窗口开单"""

from datetime import datetime
from uuid import UUID

from core.errors import NotFound, Rejected
from core.money import Fen
from core.sealing import Vault
from identity import entities, persons
from identity.callers import OperatorCaller
from identity.entities import UsccInvalid
from payments.models import FeeOrder
from payments.orders import issue_fee

_YEARS = 10


class PayerNotFound(NotFound):
    code = "payments.payer_not_found"
    message = "没有找到该缴费人，请核对证件号码"


class DeadlineOutOfRange(Rejected):
    code = "payments.deadline_out_of_range"
    message = "缴费期限须在前后十年以内"


async def issue_at_window(
    reference: str,
    *,
    payer_number: str,
    title: str,
    amount_fen: Fen,
    deadline_at: datetime | None,
    operator: OperatorCaller,
    vault: Vault,
    at: datetime,
) -> FeeOrder:
    """Ask a person or an enterprise for a fee of the operator's own department. 开具缴费单

    Once for the department's own reference; other content under it is a conflict.
    """
    if deadline_at is not None and abs(deadline_at.year - at.year) > _YEARS:
        raise DeadlineOutOfRange()
    order = await issue_fee(
        operator.department,
        reference,
        payer_id=await _payer(payer_number, vault),
        title=title,
        amount_fen=amount_fen,
        actor=operator.actor(),
        at=at,
        deadline_at=deadline_at,
        division=operator.division,
    )
    await order.fetch_related("agency")
    return order


async def _payer(number: str, vault: Vault) -> UUID:
    """Whose number it is: what is no known credit code is read as a card's."""
    try:
        found = await entities.find_by_uscc(number)
    except UsccInvalid:
        found = None
    payer = found or await persons.find_by_id_number(number, vault=vault)
    if payer is None:
        raise PayerNotFound()
    return payer.id
