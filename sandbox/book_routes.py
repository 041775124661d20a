"""The book, for whoever checks the product against it. 查账"""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from sandbox.world import World

PAGES = {
    "wechat_pay_orders": "SELECT * FROM wechat_pay_orders ORDER BY created_at, out_trade_no",
    "wechat_pay_transfers": "SELECT * FROM wechat_pay_transfers ORDER BY created_at, out_bill_no",
    "wechat_pay_transfer_courses": "SELECT * FROM wechat_pay_transfer_courses ORDER BY number",
    "wechat_pay_refunds": "SELECT * FROM wechat_pay_refunds ORDER BY created_at, out_refund_no",
    "wechat_pay_refund_endings": "SELECT * FROM wechat_pay_refund_endings ORDER BY number",
    "wechat_pay_usage": "SELECT * FROM wechat_pay_usage ORDER BY mchid, api",
    "wechat_pay_withdrawals": "SELECT * FROM wechat_pay_withdrawals ORDER BY id",
    "wechat_pay_bill_tokens": "SELECT * FROM wechat_pay_bill_tokens ORDER BY made_at, token",
    "wechat_pay_certificates": (
        "SELECT serial_no, mchid, certificate_pem, effective_at, expires_at, retired_at"
        " FROM wechat_pay_certificates ORDER BY effective_at, serial_no"
    ),
    "wechat_pay_signing": "SELECT * FROM wechat_pay_signing ORDER BY mchid",
    "wechat_pay_probes": "SELECT * FROM wechat_pay_probes ORDER BY mchid",
    "prepays": "SELECT * FROM prepays ORDER BY expires_at, prepay_id",
    "wechat_links": "SELECT * FROM wechat_links ORDER BY made_at, link",
    "wechat_faces": "SELECT * FROM wechat_faces ORDER BY made_at, verify_id",
    "wechat_push_urls": "SELECT * FROM wechat_push_urls ORDER BY appid",
    "wechat_quotas": "SELECT * FROM wechat_quotas ORDER BY api, period",
    "wechat_usage": "SELECT * FROM wechat_usage ORDER BY api, subject, period",
    "access_tokens": "SELECT * FROM access_tokens ORDER BY issued_at, token",
    "user_tokens": "SELECT * FROM user_tokens ORDER BY issued_at, access_token",
    "alipay_trades": "SELECT * FROM alipay_trades ORDER BY created_at, out_trade_no",
    "alipay_refunds": "SELECT * FROM alipay_refunds ORDER BY refunded_at, out_request_no",
    "alipay_transfers": "SELECT * FROM alipay_transfers ORDER BY created_at, out_biz_no",
    "alipay_certifications": "SELECT * FROM alipay_certifications ORDER BY created_at, certify_id",
    "messages": "SELECT * FROM messages ORDER BY msgid",
    "sms_messages": "SELECT * FROM sms_messages ORDER BY sent_at, message_id",
    "sms_replies": "SELECT * FROM sms_replies ORDER BY made_at, reply_id",
    "bank_transfers": "SELECT * FROM bank_transfers ORDER BY created_at, reference",
    "logins": "SELECT * FROM logins ORDER BY made_at, code",
    "unified_logins": "SELECT * FROM unified_logins ORDER BY made_at, code",
    "licence_changes": "SELECT * FROM licence_changes ORDER BY number",
    "phone_numbers": "SELECT * FROM phone_numbers ORDER BY made_at, code",
    "callbacks": "SELECT * FROM callbacks ORDER BY id",
    "consents": "SELECT * FROM consents ORDER BY person, template_id",
    "wallets": "SELECT * FROM wallets ORDER BY person, wallet",
    "merchants": "SELECT * FROM merchants ORDER BY merchant",
    "switches": "SELECT * FROM switches ORDER BY name",
    "suppressions": "SELECT * FROM suppressions ORDER BY number",
    "nonces": "SELECT * FROM nonces ORDER BY used_at, nonce",
    "calls": "SELECT * FROM calls ORDER BY api, outcome",
}


@get("/book/{page:str}")
async def book_page(page: FromPath[str], world: NamedDependency[World]) -> list[dict[str, Any]]:
    """All rows of one page of the book, oldest first, as they stand."""
    if page not in PAGES:
        raise NotFoundException(f"the book has no page {page}")
    return world.book.rows(PAGES[page])
