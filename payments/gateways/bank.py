"""The bank's corporate line: transfers to enterprises, signed with a shared secret. 对公支付"""

from typing import ClassVar, Literal
from urllib.parse import quote

import msgspec
from msgspec import Struct

from core.wire import NoAnswer
from core.wire.hmac_api import Answer, HmacApi
from identity.entities import BankAccount
from payments.gateways import (
    Contract,
    GatewayFailed,
    GatewayRefused,
    Transfer,
    TransferState,
)

_STATES = {
    "accepted": TransferState.ACCEPTED,
    "paid": TransferState.PAID,
    "returned": TransferState.FAILED,
}

_NOT_NOW = {408, 429}  # of the moment, and no verdict on the payment


class _Slip(Struct):
    reference: str
    slip_no: str
    status: Literal["accepted", "paid", "returned"]
    return_reason: str | None = None


class _Refusal(Struct):
    code: str


class CorporateBank:
    """Pays from one account of the treasury. The bank drops repeats of a reference."""

    contract: ClassVar = Contract.DEDUPE

    def __init__(self, api: HmacApi, *, debit_account: str) -> None:
        self._api = api
        self._debit_account = debit_account

    async def transfer(
        self, *, number: str, account: BankAccount, amount_fen: int, purpose: str
    ) -> Transfer:
        content = {
            "reference": number,
            "debit_account": self._debit_account,
            "account_no": account.account_no,
            "account_name": account.account_name,
            "bank_name": account.bank_name,
            "amount_fen": amount_fen,
            "purpose": purpose,
        }
        try:
            answer = await self._api.post("/transfers", msgspec.json.encode(content))
        except NoAnswer as error:
            raise GatewayFailed(provider="bank") from error
        return _report(answer, number)

    async def query(self, number: str) -> Transfer | None:
        try:
            answer = await self._api.get(f"/transfers/{quote(number, safe='')}")
        except NoAnswer as error:
            raise GatewayFailed(provider="bank") from error
        return None if answer.status == 404 else _report(answer, number)


def _report(answer: Answer, number: str) -> Transfer:
    try:
        if answer.status in _NOT_NOW:
            raise GatewayFailed(provider="bank", status=answer.status)
        if answer.status >= 400:
            refusal = msgspec.json.decode(answer.body, type=_Refusal)
            raise GatewayRefused(provider="bank", reason=refusal.code)
        slip = msgspec.json.decode(answer.body, type=_Slip)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise GatewayFailed(provider="bank", status=answer.status) from error
    if slip.reference != number:
        raise GatewayFailed(provider="bank", reason="another reference's answer")
    return Transfer(
        number=number,
        state=_STATES[slip.status],
        slip_no=slip.slip_no,
        reason=slip.return_reason or "",
    )
