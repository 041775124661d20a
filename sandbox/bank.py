"""The bank of corporate accounts: one transfer per reference, returned when the name is wrong."""

from typing import Annotated, Any

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from msgspec import Meta, Struct

from sandbox.clock import stamp
from sandbox.crypto import random_digits
from sandbox.machines import AnyRequest, MachineCall, open_call
from sandbox.refusals import MachineRefusal
from sandbox.world import World

HOST = "/bank"
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class TransferRequest(Struct, forbid_unknown_fields=True):
    reference: Annotated[str, Meta(pattern=r"\A[0-9A-Za-z_\-]{1,32}\Z")]
    debit_account: Text
    account_no: Text
    account_name: Text
    bank_name: Text
    amount_fen: Annotated[int, Meta(ge=1, le=10**12)]
    purpose: Text


async def bank_call(request: AnyRequest) -> MachineCall:
    return await open_call(request, machine="bank", prefix=HOST)


class BankController(Controller):
    path = f"{HOST}/transfers"
    dependencies = {"call": Provide(bank_call)}

    @post("/")
    async def transfer(
        self, call: NamedDependency[MachineCall], world: NamedDependency[World]
    ) -> Response[bytes]:
        asked = call.read(TransferRequest)
        with world.book.together():
            if not _is_known(world, asked):
                _execute(world, asked)
            return call.answer(_describe(world, asked.reference))

    @get("/{reference:str}")
    async def transfer_of(
        self,
        reference: FromPath[str],
        call: NamedDependency[MachineCall],
        world: NamedDependency[World],
    ) -> Response[bytes]:
        return call.answer(_describe(world, reference))


def _is_known(world: World, asked: TransferRequest) -> bool:
    known = world.book.row("SELECT * FROM bank_transfers WHERE reference = ?", asked.reference)
    if known is None:
        return False
    given = msgspec.structs.asdict(asked)
    if any(known[name] != value for name, value in given.items()):
        raise MachineRefusal(409, "reference_reused", "this reference has another content")
    return True


def _execute(world: World, asked: TransferRequest) -> None:
    if asked.debit_account != world.keys.debit_account:
        raise MachineRefusal(403, "debit_account_not_yours", "not an account of this customer")
    reason = _reason_to_return(world, asked)
    if reason is None and not world.book.move_merchant(asked.debit_account, -asked.amount_fen):
        raise MachineRefusal(422, "insufficient_funds", "the account has not so much")
    world.book.write(
        "INSERT INTO bank_transfers (reference, slip_no, debit_account, account_no, account_name,"
        " bank_name, amount_fen, purpose, status, return_reason, created_at)"
        " VALUES (:reference, :slip_no, :debit_account, :account_no, :account_name,"
        " :bank_name, :amount_fen, :purpose, :status, :return_reason, :created_at)",
        **msgspec.structs.asdict(asked),
        slip_no=f"S{random_digits(20)}",
        status="returned" if reason else "paid",
        return_reason=reason,
        created_at=stamp(world.clock.now()),
    )


def _reason_to_return(world: World, asked: TransferRequest) -> str | None:
    account = world.city.bank_account(asked.account_no)
    if account is None:
        return "account_not_found"
    if account.account_name != asked.account_name:
        return "account_name_mismatch"
    return None


def _describe(world: World, reference: str) -> dict[str, Any]:
    query = (
        "SELECT reference, slip_no, status, return_reason FROM bank_transfers WHERE reference = ?"
    )
    known = world.book.row(query, reference)
    if known is None:
        raise MachineRefusal(404, "not_found", "no transfer of this reference")
    return {name: value for name, value in known.items() if value is not None}
