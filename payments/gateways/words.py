"""Our words for what happens to money, whoever moves it."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class Provider(StrEnum):
    WECHAT = "wechat"
    ALIPAY = "alipay"


class Contract(StrEnum):
    """What an outside effect allows after an answer was lost."""

    DEDUPE = "dedupe"  # the provider drops repeats of our number: repeat for ever
    QUERY = "query"  # ask what became of it, then decide
    AT_MOST_ONCE = "at_most_once"  # neither: never again by itself


class Payable(Struct, frozen=True, kw_only=True):
    """What is to be paid, by whom, until when. `number` is ours and makes paying idempotent."""

    number: str
    title: str
    amount_fen: int
    appid: str
    subject: str
    expires_at: datetime


class Prepared(Struct, frozen=True):
    """What the mini-program hands to the provider's own pay sheet, unread by us, while it lasts."""

    parameters: dict[str, str]
    until: datetime


class Receipt(Struct, frozen=True, kw_only=True, tag="receipt"):
    """Money that arrived. 收讫

    `refunded` says that some of it went back since, so that it can no longer settle an open order.
    """

    provider: str
    merchant: str
    number: str
    trade_no: str
    amount_fen: int
    currency: str
    paid_at: datetime
    refunded: bool = False


class PayState(StrEnum):
    OPEN = "open"  # may still be paid
    CLOSED = "closed"  # will never be paid under this number
    ABSENT = "absent"  # they have never heard of it


class NotPaid(Struct, frozen=True, kw_only=True, tag="not_paid"):
    """No money arrived for this number, so far or for good."""

    provider: str
    merchant: str
    number: str
    state: PayState


class RefundReport(Struct, frozen=True, kw_only=True, tag="refund"):
    """What became of a refund. 退款"""

    provider: str
    merchant: str
    number: str
    refund_no: str
    state: str
    amount_fen: int


class TransferState(StrEnum):
    ACCEPTED = "accepted"  # on its way
    WAITING_USER = "waiting_user"  # the payee has to confirm
    PAID = "paid"
    FAILED = "failed"  # it did not and will not arrive


class Transfer(Struct, frozen=True, kw_only=True, tag="transfer"):
    """What became of money we pay out; the amount where the provider repeats it. 拨付

    `confirm_by` is until when the payee may take it, where that is known.
    """

    number: str
    state: TransferState
    amount_fen: int | None = None
    slip_no: str = ""
    reason: str = ""
    package: str = ""
    merchant: str = ""
    confirm_by: datetime | None = None


class Unfamiliar(Struct, frozen=True, kw_only=True, tag="unfamiliar"):
    """Genuine, but nothing we know how to apply: kept, and shown to a person."""

    provider: str
    merchant: str


Event = Receipt | NotPaid | RefundReport | Transfer | Unfamiliar


class Notice(Struct, frozen=True, kw_only=True):
    """A genuine callback. `event_id` is the same however often it is sent."""

    provider: str
    merchant: str
    event_id: str
    event_type: str
    event: Event


class Acknowledgement(Struct, frozen=True):
    """The exact answer a provider takes as 'received'."""

    media_type: str
    body: bytes


class TransferOrder(Struct, frozen=True, kw_only=True):
    """Money for a person's wallet. `subject` is who the provider knows them as; the name lets it
    refuse a wrong payee. `appid` is the mini-program in which it knows them so.
    """

    number: str
    appid: str
    subject: str
    name: str
    amount_fen: int
    purpose: str
