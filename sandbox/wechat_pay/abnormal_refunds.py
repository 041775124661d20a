"""A refund that could not arrive is sent somewhere else. 异常退款"""

from msgspec import Struct

from sandbox.clock import stamp
from sandbox.crypto import open_oaep
from sandbox.refusals import PayRefusal
from sandbox.wechat_pay.fields import AbnormalRefundRequest
from sandbox.wechat_pay.platform_keys import find_key
from sandbox.wechat_pay.refund_endings import Refund
from sandbox.wechat_pay.refunds import TAKES, find_refund
from sandbox.world import Merchant, World


class Destination(Struct, frozen=True):
    """Where the money goes now, and how that will end."""

    channel: str
    received_account: str
    ends_as: str


def apply_abnormal_refund(
    world: World, merchant: Merchant, refund_id: str, asked: AbnormalRefundRequest, serial: str
) -> Refund:
    """Begin it anew towards a bank card of the payer or of the merchant."""
    with world.book.together():
        refund = find_refund(world, merchant.mchid, asked.out_refund_no)
        if refund is None or refund.refund_id != refund_id:
            raise PayRefusal(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
        if refund.status != "ABNORMAL":
            raise PayRefusal(400, "INVALID_REQUEST", "退款单状态不是退款异常，不可发起异常退款")
        _redirect(world, refund, _destination(world, merchant, refund, asked, serial))
        return find_refund(world, merchant.mchid, asked.out_refund_no) or refund


def _destination(
    world: World, merchant: Merchant, refund: Refund, asked: AbnormalRefundRequest, serial: str
) -> Destination:
    """A card that is not the payer's cannot take it either: the refund stays abnormal."""
    if asked.type == "MERCHANT_BANK_CARD":
        return Destination("OTHER_BANKCARD", "交易商户银行账户", "SUCCESS")
    if not (asked.bank_type and asked.bank_account and asked.real_name):
        raise PayRefusal(400, "PARAM_ERROR", "退款至用户银行卡时，银行与收款人信息必填")
    account = _opened(world, merchant, asked.bank_account, serial)
    name = _opened(world, merchant, asked.real_name, serial)
    owner = world.city.people[refund.person]
    return Destination(
        "OTHER_BANKCARD",
        f"{asked.bank_type}{account[-4:]}",
        "SUCCESS" if name == owner.name else "ABNORMAL",
    )


def _opened(world: World, merchant: Merchant, text: str, serial: str) -> str:
    key = find_key(world, merchant, serial)
    if key is None:
        raise PayRefusal(400, "PARAM_ERROR", "Http头Wechatpay-Serial有误")
    try:
        return open_oaep(key.key, text)
    except ValueError as error:
        raise PayRefusal(400, "PARAM_ERROR", "敏感信息解密失败") from error


def _redirect(world: World, refund: Refund, destination: Destination) -> None:
    world.book.write(
        "UPDATE wechat_pay_refunds SET status = 'PROCESSING', channel = ?, received_account = ?,"
        " ends_as = ?, due_at = ?, ended_at = NULL WHERE refund_id = ?",
        destination.channel,
        destination.received_account,
        destination.ends_as,
        stamp(world.clock.now() + TAKES / world.time_scale),
        refund.refund_id,
    )
