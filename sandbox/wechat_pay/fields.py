"""What may stand in the fields of API v3. An unknown field is refused, as the real one does."""

import re
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from msgspec import Meta, Struct, field

from sandbox.refusals import PayRefusal

OrderNo = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z_\-|*]{6,32}\Z")]
RefundNo = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z_\-|*@]{1,64}\Z")]
BillNo = Annotated[str, Meta(pattern=r"\A[0-9A-Za-z]{1,32}\Z")]
Text32 = Annotated[str, Meta(min_length=1, max_length=32)]
Text127 = Annotated[str, Meta(min_length=1, max_length=127)]
Openid = Annotated[str, Meta(min_length=1, max_length=128)]
Url = Annotated[str, Meta(min_length=1, max_length=255)]


LOOPBACK = ("127.0.0.1", "localhost")


class Amount(Struct, forbid_unknown_fields=True):
    total: Annotated[int, Meta(ge=1, le=10**12)]
    currency: str = "CNY"


class Payer(Struct, forbid_unknown_fields=True):
    openid: Openid
    identity: dict[str, str] | None = None


class PrepayRequest(Struct, forbid_unknown_fields=True):
    appid: Text32
    mchid: Text32
    description: Text127
    out_trade_no: OrderNo
    notify_url: Url
    amount: Amount
    payer: Payer
    time_expire: datetime | None = None
    attach: Annotated[str, Meta(max_length=128)] = ""
    goods_tag: Annotated[str, Meta(max_length=32)] = ""
    support_fapiao: bool = False
    limit_pay: list[str] = []
    detail: dict[str, Any] | None = None
    scene_info: dict[str, Any] | None = None
    settle_info: dict[str, Any] | None = None


class CloseRequest(Struct, forbid_unknown_fields=True):
    mchid: Text32


class RefundSource(Struct, forbid_unknown_fields=True):
    account: Literal["AVAILABLE", "UNAVAILABLE"]
    amount: Annotated[int, Meta(ge=1)]


class RefundAmount(Struct, forbid_unknown_fields=True):
    refund: Annotated[int, Meta(ge=1, le=10**12)]
    total: Annotated[int, Meta(ge=1, le=10**12)]
    currency: str
    sources: list[RefundSource] = field(default_factory=list, name="from")


class RefundRequest(Struct, forbid_unknown_fields=True):
    out_refund_no: RefundNo
    amount: RefundAmount
    transaction_id: Annotated[str, Meta(max_length=32)] = ""
    out_trade_no: Annotated[str, Meta(max_length=32)] = ""
    reason: Annotated[str, Meta(max_length=80)] = ""
    notify_url: Annotated[str, Meta(max_length=256)] = ""
    funds_account: Literal["AVAILABLE", ""] = ""
    goods_detail: list[dict[str, Any]] = []


class AbnormalRefundRequest(Struct, forbid_unknown_fields=True):
    out_refund_no: RefundNo
    type: Literal["USER_BANK_CARD", "MERCHANT_BANK_CARD"]
    bank_type: Annotated[str, Meta(max_length=16)] = ""
    bank_account: Annotated[str, Meta(max_length=1024)] = ""
    real_name: Annotated[str, Meta(max_length=1024)] = ""


class ReportInfo(Struct, forbid_unknown_fields=True):
    info_type: Annotated[str, Meta(min_length=1, max_length=15)]
    info_content: Text32


class ReceiveStyle(Struct, forbid_unknown_fields=True):
    type: Literal["CONFIRM_PAGE", "RED_PACKET"]


class TransferRequest(Struct, forbid_unknown_fields=True):
    appid: Text32
    out_bill_no: BillNo
    transfer_scene_id: Annotated[str, Meta(min_length=1, max_length=36)]
    openid: Annotated[str, Meta(min_length=1, max_length=64)]
    transfer_amount: Annotated[int, Meta(ge=1, le=10**12)]
    transfer_remark: Text32
    transfer_scene_report_infos: list[ReportInfo]
    user_name: str = ""
    notify_url: Annotated[str, Meta(max_length=255)] = ""
    user_recv_perception: str = ""
    user_recv_style: ReceiveStyle | None = None


def check_notify_url(url: str, *, plain_allowed: bool) -> None:
    """A full address without a query. Transfers want https; loopback is let through."""
    parts = urlsplit(url)
    secure = parts.scheme == "https" or plain_allowed or parts.hostname in LOOPBACK
    if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", url) or not secure:
        raise PayRefusal(400, "PARAM_ERROR", "notify_url不符合要求")
