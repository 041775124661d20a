"""Stand-ins for who moves money, with a memory that outlives the process that asked them."""

from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from identity.entities import BankAccount
from payments.gateways import Payable, Prepared, Transfer, TransferOrder, TransferState
from tests.fakes.payments import FakeAlipayTransfers, FakeBank, FakeGateway, FakeTransfers

Kept = TypeVar("Kept")
Row = dict[str, Any]


def read_book(file: Path, kind: type[Kept]) -> dict[str, Kept]:
    """What somebody outside has written down, by our number."""
    written = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
    return {number: msgspec.convert(entry, kind) for number, entry in written.items()}


class KeptGateway(FakeGateway):
    def __init__(self, outside: Path) -> None:
        super().__init__()
        self._file = outside / "gateway.json"
        self._paid = outside / "paid.json"
        self.orders = read_book(self._file, Payable)

    async def prepare(self, payable: Payable) -> Prepared:
        prepared = await super().prepare(payable)
        self._file.write_bytes(msgspec.json.encode(self.orders))
        return prepared

    def pay(self, number: str, trade_no: str) -> None:
        """The payer has paid in the provider's own app."""
        self._paid.write_bytes(msgspec.json.encode(self.paid() | {number: trade_no}))

    def paid(self) -> dict[str, str]:
        return read_book(self._paid, str)

    def rows(self) -> list[Row]:
        paid = self.paid()
        return [
            {
                "mchid": self.merchant,
                "out_trade_no": number,
                "amount_fen": order.amount_fen,
                "state": "SUCCESS" if number in paid else "NOTPAY",
                "transaction_id": paid.get(number),
            }
            for number, order in self.orders.items()
        ]


class KeptTransfers(FakeTransfers):
    def __init__(self, outside: Path) -> None:
        super().__init__()
        self._file = outside / "transfers.json"
        self.bills = read_book(self._file, Transfer)

    async def transfer(self, order: TransferOrder) -> Transfer:
        offered = await super().transfer(order)
        self._file.write_bytes(msgspec.json.encode(self.bills))
        return offered

    def confirm(self, number: str, state: TransferState = TransferState.PAID) -> Transfer:
        confirmed = super().confirm(number, state)
        self._file.write_bytes(msgspec.json.encode(self.bills))
        return confirmed

    def rows(self) -> list[Row]:
        states = {TransferState.WAITING_USER: "WAIT_USER_CONFIRM", TransferState.PAID: "SUCCESS"}
        return [
            {"out_bill_no": number, "amount_fen": bill.amount_fen, "state": states[bill.state]}
            for number, bill in self.bills.items()
        ]


class KeptAlipayTransfers(FakeAlipayTransfers):
    def __init__(self, outside: Path) -> None:
        super().__init__()
        self._file = outside / "alipay_transfers.json"
        self.bills = read_book(self._file, Transfer)

    async def transfer(self, order: TransferOrder) -> Transfer:
        paid = await super().transfer(order)
        self._file.write_bytes(msgspec.json.encode(self.bills))
        return paid

    def rows(self) -> list[Row]:
        return [
            {"out_biz_no": number, "amount_fen": bill.amount_fen, "state": "SUCCESS"}
            for number, bill in self.bills.items()
        ]


class KeptBank(FakeBank):
    def __init__(self, outside: Path) -> None:
        super().__init__()
        self._file = outside / "bank.json"
        self.paid = read_book(self._file, int)

    async def transfer(
        self, *, number: str, account: BankAccount, amount_fen: int, purpose: str
    ) -> Transfer:
        answer = await super().transfer(
            number=number, account=account, amount_fen=amount_fen, purpose=purpose
        )
        self._file.write_bytes(msgspec.json.encode(self.paid))
        return answer

    def rows(self) -> list[Row]:
        return [
            {"reference": number, "amount_fen": amount, "status": "paid"}
            for number, amount in self.paid.items()
        ]


class KeptMessages:
    """Each send is a line of a file: whom, and when."""

    def __init__(self, outside: Path) -> None:
        self._file = outside / "messages"

    def write(self, openid: str, at: datetime) -> str:
        """The provider's number of what was sent."""
        with self._file.open("a") as file:
            file.write(f"{openid} {at.isoformat()}\n")
        return str(len(self.rows()))

    def rows(self) -> list[Row]:
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return [
            {"msgid": number, "openid": line.split()[0], "sent_at": line.split()[1]}
            for number, line in enumerate(lines, 1)
        ]
