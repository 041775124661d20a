"""Which wallet a payout goes to: where the payee has an account, and somebody who pays. 拨付渠道"""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct
from tortoise.expressions import Q

from core import jobs
from identity import accounts
from identity.kinds import PartyKind
from identity.models import Party
from payments.asking import may_still_land
from payments.gateways import Gateways, Provider
from payments.kinds import DisbursementStatus, PayoutChannel
from payments.models import Agency, Disbursement
from payments.payouts import Payers, ask_about

NO_CHANNEL = "no_channel"
"""Why it is held while the payee has no account that we could pay to."""

_WALLETS = {Provider.WECHAT: PayoutChannel.WECHAT, Provider.ALIPAY: PayoutChannel.ALIPAY}


class Way(Struct, frozen=True):
    channel: PayoutChannel
    merchant: str | None
    appid: str | None


async def choose_way(
    payee: Party, department: str, *, gateways: Gateways, prefer: Provider | None = None
) -> Way:
    """An enterprise's bank account; the wallet in which a person has an account.

    With accounts in both it is WeChat's, unless the other is preferred; of one merchant's
    mini-programs the first that knows the payee. Without any, the first wallet stands there until
    an account comes.
    """
    if payee.kind is not PartyKind.PERSON:
        return Way(PayoutChannel.BANK, None, None)
    agency = await Agency.get_or_none(department=department)
    own = (agency.wechat_mchid, agency.alipay_app_id) if agency else ()
    payers = gateways.payers(own, prefer)
    ways = [
        (payer.provider, Way(_WALLETS[payer.provider], payer.merchant, appid))
        for payer in payers
        for appid in payer.appids
    ]
    for provider, way in ways:
        if await accounts.find_account(payee.id, provider, way.appid):
            return way
    return ways[0][1]


async def payee_reachable(person_id: str, account_id: str) -> None:
    """Follow at once what waits until this person has an account. A job.

    What is being asked for in this moment may find none either: it is looked at again as well.
    """
    homeless = Q(status=DisbursementStatus.HELD, reason=NO_CHANNEL)
    asking = Q(status=DisbursementStatus.UNKNOWN)
    waiting = Disbursement.filter(homeless | asking, payee_id=UUID(person_id))
    for row in await waiting.order_by("id"):
        await jobs.enqueue(
            "payments.follow_disbursement",
            dedupe_key=f"payments.follow_disbursement:{row.id}:{account_id}",
            disbursement_id=str(row.id),
            step=0,
            since=account_id,
        )


async def choose_again(disbursement: Disbursement, *, payers: Payers, at: datetime) -> bool:
    """Take another wallet, or mini-program, for what is held for want of an account, if one has
    come meanwhile.

    Only while the first has never heard of the number, nothing unanswered may reach it yet, and
    the caller's claim lasts: nothing is offered in two wallets. False when the claim is lost.
    """
    if disbursement.channel is PayoutChannel.BANK or may_still_land(disbursement, at):
        return True
    payee = await Party.get(id=disbursement.payee_id)
    way = await choose_way(payee, disbursement.department, gateways=payers.gateways)
    now_so = Way(disbursement.channel, disbursement.merchant, disbursement.appid)
    if way == now_so or await ask_about(disbursement, payers=payers):
        return True
    mine = Disbursement.filter(id=disbursement.id, asked_until=disbursement.asked_until)
    chosen = msgspec.structs.asdict(way)
    disbursement.update_from_dict(chosen)
    return bool(await mine.update(**chosen))
