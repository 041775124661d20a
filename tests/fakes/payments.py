"""Stand-ins for who moves money. They obey the same protocols as the real ones."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar

import msgspec

from identity.entities import BankAccount
from payments.gateways import (
    Acknowledgement,
    Contract,
    GatewayFailed,
    GatewayRefused,
    Notice,
    NoticeRejected,
    NotPaid,
    Payable,
    PayState,
    Prepared,
    Provider,
    Receipt,
    Transfer,
    TransferOrder,
    TransferState,
)

MCHID, ALIPAY_APP_ID, APPID = "1900019901", "2021990199000001", "wx-test"
CONFIRM_BY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Until when a payee may take what was offered."""


class FakeGateway:
    """Remembers what it was asked; believes a notice whose `signature` header says genuine.

    `fails` is how many answers are lost on the way back; `slow` is how long an answer takes.
    """

    contract: ClassVar = Contract.DEDUPE
    acknowledgement: ClassVar = Acknowledgement("text/plain", b"success")

    def __init__(
        self,
        provider: Provider = Provider.WECHAT,
        merchant: str = MCHID,
        *,
        fails: int = 0,
        slow: float = 0,
        refuses: str = "",
    ) -> None:
        self.provider = provider
        self.merchant = merchant
        self.fails, self.slow, self.refuses = fails, slow, refuses
        self.prepared: list[str] = []
        self.orders: dict[str, Payable] = {}
        self.answers: dict[str, Receipt | NotPaid] = {}

    async def prepare(self, payable: Payable) -> Prepared:
        self.prepared.append(payable.number)
        known = self.orders.setdefault(payable.number, payable)
        assert known == payable, "the same number with other content"
        await asyncio.sleep(self.slow)
        if self.refuses:
            raise GatewayRefused(provider=self.provider, reason=self.refuses)
        if self.fails:
            self.fails -= 1
            raise GatewayFailed(provider=self.provider)
        prepay = f"prepay-{payable.number}-{len(self.prepared)}"
        return Prepared({"package": prepay}, payable.expires_at - timedelta(hours=12))

    async def query(self, number: str) -> Receipt | NotPaid:
        known = PayState.OPEN if number in self.orders else PayState.ABSENT
        unpaid = NotPaid(provider=self.provider, merchant=self.merchant, number=number, state=known)
        return self.answers.get(number, unpaid)

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Notice:
        if headers.get("signature") != "genuine":
            raise NoticeRejected(reason="signature")
        return msgspec.json.decode(body, type=Notice)


class FakeTransfers:
    """Offers each number once; the payee confirms with `confirm`. A query shows no package."""

    provider: ClassVar = Provider.WECHAT
    contract: ClassVar = Contract.QUERY

    def __init__(
        self, merchant: str = MCHID, appid: str = APPID, *more_appids: str, fails: int = 0
    ) -> None:
        self.merchant = merchant
        self.appids = (appid, *more_appids)
        self.fails = fails
        self.refuses = ""
        self.asked: list[TransferOrder] = []
        self.bills: dict[str, Transfer] = {}

    async def transfer(self, order: TransferOrder) -> Transfer:
        self.asked.append(order)
        if self.refuses:
            raise GatewayRefused(provider="wechat", reason=self.refuses)
        bill = self.bills.setdefault(
            order.number,
            Transfer(
                number=order.number,
                state=TransferState.WAITING_USER,
                amount_fen=order.amount_fen,
                slip_no=f"bill-{order.number}",
                package=f"package-{order.number}",
                merchant=self.merchant,
                confirm_by=CONFIRM_BY,
            ),
        )
        if self.fails:
            self.fails -= 1
            raise GatewayFailed(provider="wechat")
        return bill

    async def query(self, number: str) -> Transfer | None:
        bill = self.bills.get(number)
        return bill and msgspec.structs.replace(bill, package="")

    def confirm(self, number: str, state: TransferState = TransferState.PAID) -> Transfer:
        self.bills[number] = msgspec.structs.replace(self.bills[number], state=state, package="")
        return self.bills[number]

    def confirmation(self, package: str, *, appid: str) -> dict[str, str]:
        return {"mchId": self.merchant, "appId": appid, "package": package}


class FakeAlipayTransfers(FakeTransfers):
    """Pays each number at once; nobody confirms anything."""

    provider: ClassVar = Provider.ALIPAY

    def __init__(self, merchant: str = ALIPAY_APP_ID, *, fails: int = 0) -> None:
        super().__init__(merchant, appid=merchant, fails=fails)
        self.state = TransferState.PAID

    async def transfer(self, order: TransferOrder) -> Transfer:
        if not self.refuses and order.number not in self.bills:
            self.bills[order.number] = Transfer(
                number=order.number,
                state=self.state,
                amount_fen=order.amount_fen,
                slip_no=f"alipay-{order.number}",
                merchant=self.merchant,
            )
        return await super().transfer(order)


class FakeBank:
    """Pays a number once, however often asked. `fails` is how many answers are lost."""

    contract: ClassVar = Contract.DEDUPE

    def __init__(
        self, *, fails: int = 0, state: TransferState = TransferState.PAID, reason: str = ""
    ) -> None:
        self.fails = fails
        self.state, self.reason = state, reason
        self.paid: dict[str, int] = {}
        self.accounts: list[BankAccount] = []

    async def transfer(
        self, *, number: str, account: BankAccount, amount_fen: int, purpose: str
    ) -> Transfer:
        self.accounts.append(account)
        self.paid.setdefault(number, amount_fen)
        if self.fails:
            self.fails -= 1
            raise GatewayFailed(provider="bank")
        return self._answer(number)

    async def query(self, number: str) -> Transfer | None:
        return self._answer(number) if number in self.paid else None

    def _answer(self, number: str) -> Transfer:
        return Transfer(
            number=number, state=self.state, slip_no=f"slip-{number}", reason=self.reason
        )
