"""Which law keeps which of a person's data, and how long: one table for all packages. 留存期限

`docs/zh/retention.md` says the same for people to read, and a test holds the two together.
"""

from datetime import date, datetime
from uuid import UUID

from tortoise.expressions import Q

from core.clock import date_in_china
from core.models import StoredFile
from identity.erasure import DataClass, Retention
from identity.exports import owner_of
from identity.models import DataExport
from licences.models import Verification
from notifications.models import Delivery, DeliveryStatus, Message
from payments.kinds import (
    LIVE_ATTEMPTS,
    TO_BE_ASKED,
    UNDER_WAY,
    DisbursementStatus,
    OrderStatus,
)
from payments.models import Disbursement, FeeOrder, PaymentAttempt
from payments.refunds import awaits_refund
from proactive.kinds import TO_PAY, EntitlementStatus
from proactive.models import Entitlement

VOUCHER_YEARS, CASE_YEARS, LOG_MONTHS = 30, 10, 6


def retention() -> Retention:
    """Every class, in the order in which a person is told of them."""
    return Retention(
        [
            DataClass(
                code="contacts",
                title="账号、手机号、登录设备与人脸核验记录",
                source="个人信息保护法第四十七条：目的已实现，立即删除",
                kept_until=_not_at_all,
                erase=_nothing,  # `identity.erasure` does it with the accounts
            ),
            DataClass(
                code="messages",
                title="收件箱消息",
                source="个人信息保护法第四十七条：目的已实现，立即删除",
                kept_until=_not_at_all,
                erase=_erase_messages,
            ),
            DataClass(
                code="files",
                title="上传的文件与个人信息副本",
                source="个人信息保护法第四十七条：目的已实现，立即删除",
                kept_until=_not_at_all,
                erase=_erase_files,
            ),
            DataClass(
                code="vouchers",
                title="缴费与拨付记录",
                source="会计档案管理办法（财政部、国家档案局令第79号）：会计凭证保管30年",
                kept_until=_vouchers_until,
                erase=_erase_packages,
                blocked=_money_under_way,
                names_the_person=True,
            ),
            DataClass(
                code="benefits",
                title="政策享受记录与决定依据",
                source="机关文件材料归档范围和文书档案保管期限规定（国家档案局令第8号）：保管10年",
                kept_until=_benefits_until,
                erase=_nothing,  # codes, amounts and ids, which without a name are nobody's
                blocked=_benefits_under_way,
                names_the_person=True,
            ),
            DataClass(
                code="verifications",
                title="证照的亮证与核验记录",
                source="网络安全法第二十一条：相关日志留存不少于六个月",
                kept_until=_checks_until,
                erase=_nothing,  # it names a licence and a verifier, and no person
            ),
            DataClass(
                code="licences",
                title="电子证照",
                source="由发证部门依法保存；在线政务服务的若干规定（国务院令第716号）第十条",
                kept_until=_not_at_all,
                erase=_nothing,
                for_good=True,
            ),
            DataClass(
                code="facts",
                title="部门共享的数据项",
                source="个人信息保护法第十三条第一款第三项、第三十五条：履行法定职责所必需",
                kept_until=_not_at_all,
                erase=_nothing,
                for_good=True,
            ),
            DataClass(
                code="audit",
                title="审计记录（只有编号，没有姓名与号码）",
                source="网络安全法第二十一条；个人信息保护法第五十四条",
                kept_until=_not_at_all,
                erase=_nothing,
                for_good=True,
            ),
            DataClass(
                code="digest",
                title="证件号码的加密摘要（不能还原，防止重复领取）",
                source="个人信息保护法第十三条第一款第三项：履行法定职责所必需",
                kept_until=_not_at_all,
                erase=_nothing,
                for_good=True,
            ),
        ]
    )


def _days_end(last: datetime | None, years: int) -> date | None:
    """Years count from the end of the year in which the last of it happened."""
    return None if last is None else date(date_in_china(last).year + years + 1, 1, 1)


async def _not_at_all(_: UUID, __: datetime) -> date | None:
    return None


async def _nothing(_: UUID, __: datetime) -> None:
    """What is done elsewhere, or cannot be tied to anybody once the name is gone."""


async def _vouchers_until(person_id: UUID, _: datetime) -> date | None:
    orders = FeeOrder.filter(payer_id=person_id).exclude(status=OrderStatus.CLOSED)
    order = await orders.order_by("-created_at").first()
    payout = await Disbursement.filter(payee_id=person_id).order_by("-requested_at").first()
    moments = [order and (order.paid_at or order.created_at), payout and payout.requested_at]
    return _days_end(max((one for one in moments if one), default=None), VOUCHER_YEARS)


async def _benefits_until(person_id: UUID, _: datetime) -> date | None:
    granted = Entitlement.filter(beneficiary_id=person_id, confirmed_at__isnull=False)
    last = await granted.order_by("-created_at").first()
    return _days_end(last.created_at if last else None, CASE_YEARS)


async def _checks_until(person_id: UUID, _: datetime) -> date | None:
    checks = Verification.filter(licence__holder_id=person_id).order_by("-id")
    last = await checks.first()
    if last is None:
        return None
    day = date_in_china(last.verified_at)
    month = day.month + LOG_MONTHS
    return date(day.year + (month - 1) // 12, (month - 1) % 12 + 1, min(day.day, 28))


async def _money_under_way(person_id: UUID) -> list[str]:
    theirs = Q(order__payer_id=person_id) | Q(account__person_id=person_id)
    reasons = []
    if await PaymentAttempt.filter(theirs, status__in=LIVE_ATTEMPTS).exists():
        reasons.append("payment_under_way")
    owed = (*TO_BE_ASKED, *UNDER_WAY, DisbursementStatus.RETURNED)
    if await Disbursement.filter(payee_id=person_id, status__in=owed).exists():
        reasons.append("payout_under_way")
    if await awaits_refund(person_id):
        reasons.append("refund_under_way")
    return reasons


async def _benefits_under_way(person_id: UUID) -> list[str]:
    waiting = (*TO_PAY, EntitlementStatus.PAYING, EntitlementStatus.HELD)
    found = Entitlement.filter(beneficiary_id=person_id, status__in=waiting)
    return ["benefit_under_way"] if await found.exists() else []


async def _erase_messages(person_id: UUID, _: datetime) -> None:
    """The inbox goes; of what is being sent this very moment, only the wording."""
    busy = (DeliveryStatus.CLAIMED, DeliveryStatus.SENDING)
    ours = Message.filter(recipient_id=person_id)
    sending = Delivery.filter(message__recipient_id=person_id, status__in=busy)
    kept = await sending.values_list("message_id", flat=True)
    gone = await ours.exclude(id__in=kept).values_list("id", flat=True)
    await Delivery.filter(message_id__in=gone).delete()
    await Message.filter(id__in=gone).delete()
    await Message.filter(id__in=kept).update(text="", plain="", values={})


async def _erase_files(person_id: UUID, at: datetime) -> None:
    """Past their time from now on: the store forgets them within the hour."""
    exports = await DataExport.filter(person_id=person_id).values_list("id", flat=True)
    owners = [f"party:{person_id}", *(owner_of(UUID(str(one))) for one in exports)]
    await StoredFile.filter(owner__in=owners, expires_at__gt=at).update(expires_at=at)


async def _erase_packages(person_id: UUID, _: datetime) -> None:
    await Disbursement.filter(payee_id=person_id).update(package_sealed=None)
