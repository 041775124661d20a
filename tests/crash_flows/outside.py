"""Stand-ins for who moves money, with a memory that outlives the process that asked them."""

from pathlib import Path
from typing import TypeVar

import msgspec

from identity.entities import BankAccount
from payments.gateways import Payable, Prepared, Transfer, TransferOrder
from tests.fakes.payments import FakeAlipayTransfers, FakeBank, FakeGateway, FakeTransfers

Kept = TypeVar("Kept")


def read_book(file: Path, kind: type[Kept]) -> dict[str, Kept]:
    """What somebody outside has written down, by our number."""
    written = msgspec.json.decode(file.read_bytes()) if file.exists() else {}
    return {number: msgspec.convert(entry, kind) for number, entry in written.items()}


class KeptGateway(FakeGateway):
    def __init__(self, outside: Path) -> None:
        super().__init__()
        self._file = outside / "gateway.json"
        self.orders = read_book(self._file, Payable)

    async def prepare(self, payable: Payable) -> Prepared:
        prepared = await super().prepare(payable)
        self._file.write_bytes(msgspec.json.encode(self.orders))
        return prepared


class KeptTransfers(FakeTransfers):
    def __init__(self, outside: Path) -> None:
        super().__init__()
        self._file = outside / "transfers.json"
        self.bills = read_book(self._file, Transfer)

    async def transfer(self, order: TransferOrder) -> Transfer:
        offered = await super().transfer(order)
        self._file.write_bytes(msgspec.json.encode(self.bills))
        return offered


class KeptAlipayTransfers(FakeAlipayTransfers):
    def __init__(self, outside: Path) -> None:
        super().__init__()
        self._file = outside / "alipay_transfers.json"
        self.bills = read_book(self._file, Transfer)

    async def transfer(self, order: TransferOrder) -> Transfer:
        paid = await super().transfer(order)
        self._file.write_bytes(msgspec.json.encode(self.bills))
        return paid


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
