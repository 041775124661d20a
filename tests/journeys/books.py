"""Our rows against the sandbox's book: the same money, the same states, each exactly once."""

from collections import Counter

from tortoise import connections

from core.audit import verify_audit
from core.clock import now
from identity.models import Account
from notifications.models import Consent, Delivery, DeliveryStatus, TemplateKind
from payments.kinds import DisbursementStatus
from payments.models import Disbursement, PaymentReceipt, Posting
from tests.invariants import broken_now
from tests.invariants.rows import THEIRS
from tests.journeys.town import Town

_OUR_TRANSFER = {"WAIT_USER_CONFIRM": "waiting_user", "SUCCESS": "paid", "FAIL": "failed"}
_OUR_ALIPAY = {"DEALING": "accepted", "SUCCESS": "paid", "FAIL": "failed"}
_OUR_RETURN = {"paid": "paid", "returned": "failed"}
_NEVER_ASKED = (DisbursementStatus.REQUESTED, DisbursementStatus.HELD)


async def agree(town: Town) -> None:
    """Once all work is done: what is in one book is in the other, and nothing is there twice."""
    await town.work()
    assert await our_receipts() == await their_payments(town)
    assert await our_payouts() == await their_payouts(town)
    assert await our_sends() == await their_messages(town)
    allowed = await their_consents(town)
    assert all(left <= allowed[which] for which, left in (await our_consents()).items())
    assert sum(await Posting.all().values_list("amount_fen", flat=True)) == 0
    assert (await verify_audit()).broken_at is None
    assert await broken(town, drained=False) == []


async def broken(town: Town, *, drained: bool) -> list[str]:
    """The invariants that do not hold, in both books as they stand."""
    theirs = {page: await town.book(page) for page in THEIRS}
    fetch = connections.get("default").execute_query_dict
    return await broken_now(fetch, theirs, at=now(), drained=drained)


async def our_receipts() -> Counter[tuple[str, ...]]:
    rows = await PaymentReceipt.all().select_related("attempt")
    return Counter((row.attempt.number, row.trade_no, str(row.amount_fen)) for row in rows)


async def their_payments(town: Town) -> Counter[tuple[str, ...]]:
    wechat = await town.book("wechat_pay_orders", state="SUCCESS")
    alipay = await town.book("alipay_trades", state="TRADE_SUCCESS")
    found = [(row["out_trade_no"], row["transaction_id"], row["amount_fen"]) for row in wechat]
    found += [(row["out_trade_no"], row["trade_no"], row["amount_fen"]) for row in alipay]
    return Counter((number, trade_no, str(amount)) for number, trade_no, amount in found)


async def our_payouts() -> Counter[tuple[str, ...]]:
    rows = await Disbursement.exclude(status__in=_NEVER_ASKED)
    return Counter((row.number, str(row.slip_no), str(row.amount_fen), row.status) for row in rows)


async def their_payouts(town: Town) -> Counter[tuple[str, ...]]:
    found = [
        (
            row["out_bill_no"],
            row["transfer_bill_no"],
            row["amount_fen"],
            _OUR_TRANSFER[row["state"]],
        )
        for row in await town.book("wechat_pay_transfers")
    ]
    found += [
        (row["reference"], row["slip_no"], row["amount_fen"], _OUR_RETURN[row["status"]])
        for row in await town.book("bank_transfers")
    ]
    found += [
        (row["out_biz_no"], row["order_id"], row["amount_fen"], _OUR_ALIPAY[row["state"]])
        for row in await town.book("alipay_transfers")
    ]
    return Counter((number, slip, str(amount), state) for number, slip, amount, state in found)


async def our_sends() -> Counter[tuple[str, str]]:
    subjects = dict(await Account.all().values_list("id", "subject"))
    sent = await Delivery.filter(status=DeliveryStatus.SENT)
    return Counter((subjects[row.account_id], str(row.provider_no)) for row in sent)


async def their_messages(town: Town) -> Counter[tuple[str, str]]:
    return Counter((row["openid"], str(row["msgid"])) for row in await town.book("messages"))


async def our_consents() -> dict[tuple[str, str], int]:
    subjects = dict(await Account.all().values_list("id", "subject"))
    rows = await Consent.filter(template__kind=TemplateKind.ONE_TIME)
    return {(subjects[row.account_id], row.template_id): row.granted - row.spent for row in rows}


async def their_consents(town: Town) -> dict[tuple[str, str], int]:
    people, identities = town.world.city.people, town.world.identities
    return {
        (identities.openid(people[row["person"]], row["appid"]), row["template_id"]): row[
            "remaining"
        ]
        for row in await town.book("consents", kind="one_time")
    }
