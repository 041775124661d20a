"""Asking a provider to pay out: the outward half of a disbursement. 拨付渠道"""

from collections.abc import Awaitable, Callable

from msgspec import Struct

from core.sealing import Vault
from identity import accounts, entities, persons
from payments.gateways import (
    Bank,
    Contract,
    GatewayFailed,
    GatewayRefused,
    Gateways,
    Transfer,
    TransferGateway,
    TransferOrder,
    TransferState,
    declared_contract,
)
from payments.kinds import PayoutChannel
from payments.models import Disbursement

_ASK_INSTEAD = {"ALREADY_EXISTS", "PAYMENT_INFO_INCONSISTENCY", "reference_reused"}
"""They know the number with other content: what became of it counts, not the refusal."""


async def _always(reference: str) -> bool:
    return True


class Payers(Struct, frozen=True):
    """Whom we can have money paid out by. `allowed` says whether it may still go out for a
    reference: it is asked each time before anybody is asked to pay.
    """

    gateways: Gateways
    bank: Bank
    allowed: Callable[[str], Awaitable[bool]] = _always

    def __post_init__(self) -> None:
        declared_contract(self.bank)


def appid_of(disbursement: Disbursement, gateway: TransferGateway) -> str:
    """In which mini-program its payee is paid, and confirms; the first, where none was noted."""
    return disbursement.appid or gateway.appids[0]


async def ask_to_pay(
    disbursement: Disbursement, *, again: bool, payers: Payers, vault: Vault
) -> Transfer | None:
    """Have it paid under its number; None when the payee has no account that we could pay to.

    `again` says that it may have been asked for before: it is then asked about first, where the
    channel wants that.
    """
    if disbursement.channel is PayoutChannel.BANK:
        return await _by_bank(disbursement, payers.bank, again, vault)
    gateway = payers.gateways.transfer(str(disbursement.merchant))
    return await _by_wallet(disbursement, gateway, again, vault)


async def ask_about(disbursement: Disbursement, *, payers: Payers) -> Transfer | None:
    """What became of it; None when they have never heard of its number."""
    if disbursement.channel is PayoutChannel.BANK:
        return await _ask(payers.bank, disbursement)
    return await _ask(payers.gateways.transfer(str(disbursement.merchant)), disbursement)


async def follow_up(disbursement: Disbursement, *, payers: Payers, vault: Vault) -> Transfer | None:
    """What became of what is under way, with the package that its payee has to confirm.

    What was accepted at first waits for its payee only later. A query tells so without the
    package; asking with the same number brings it, unless nothing may go out any more.
    """
    report = await ask_about(disbursement, payers=payers)
    waits = report is not None and report.state is TransferState.WAITING_USER
    if not waits or disbursement.package_sealed is not None:
        return report
    if not await payers.allowed(disbursement.reference):
        return report
    return await ask_to_pay(disbursement, again=True, payers=payers, vault=vault)


async def _ask(payer: Bank | TransferGateway, disbursement: Disbursement) -> Transfer | None:
    """A question that is refused says nothing of the payout: GatewayFailed, to be asked again."""
    try:
        return await payer.query(disbursement.number)
    except GatewayRefused as refused:
        raise GatewayFailed(reason=refused.context.get("reason")) from refused


async def _by_bank(
    disbursement: Disbursement, bank: Bank, again: bool, vault: Vault
) -> Transfer | None:
    try:
        account = await entities.bank_account(disbursement.payee_id, vault=vault)
    except entities.BankAccountMissing:
        return None
    if again and bank.contract is Contract.QUERY:
        known = await _ask(bank, disbursement)
        if known is not None:
            return known
    try:
        return await bank.transfer(
            number=disbursement.number,
            account=account,
            amount_fen=disbursement.amount_fen,
            purpose=disbursement.purpose,
        )
    except GatewayRefused as refused:
        if refused.context.get("reason") not in _ASK_INSTEAD:
            raise
        return await _ask(bank, disbursement)


async def _by_wallet(
    disbursement: Disbursement, gateway: TransferGateway, again: bool, vault: Vault
) -> Transfer | None:
    appid = appid_of(disbursement, gateway)
    account = await accounts.find_account(disbursement.payee_id, gateway.provider, appid)
    if account is None:
        return None
    known: Transfer | None = None
    if again and gateway.contract is Contract.QUERY:
        known = await _ask(gateway, disbursement)
        if known is not None and known.state is not TransferState.WAITING_USER:
            return known
    order = TransferOrder(
        number=disbursement.number,
        appid=appid,
        subject=account.subject,
        name=await persons.full_name(disbursement.payee_id, vault=vault),
        amount_fen=disbursement.amount_fen,
        purpose=disbursement.purpose,
    )
    try:
        # While the payee has not confirmed, the same number and content brings back the package
        # that a lost answer carried; a query never does.
        return await gateway.transfer(order)
    except GatewayRefused as refused:
        if known is None and refused.context.get("reason") not in _ASK_INSTEAD:
            raise
        return known or await _ask(gateway, disbursement)
