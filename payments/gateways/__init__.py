"""What the rest of `payments` knows of those who move money. One module here per provider."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import ClassVar, Protocol

from core.errors import NotAllowed, NotFound, Rejected, UpstreamFailed
from identity.entities import BankAccount
from payments.gateways.words import (
    Acknowledgement,
    Contract,
    Event,
    Notice,
    NotPaid,
    Payable,
    PayState,
    Prepared,
    Provider,
    Receipt,
    RefundReport,
    Transfer,
    TransferOrder,
    TransferState,
    Unfamiliar,
)


class GatewayFailed(UpstreamFailed):
    """No answer, or one that proves nothing: what became of the request is unknown."""

    code = "payments.gateway_failed"
    message = "支付渠道暂时没有回应，请稍后再试"


class GatewayRefused(Rejected):
    """The provider said no, and proved that it was the provider. `reason` is its own code."""

    code = "payments.gateway_refused"
    message = "支付渠道没有受理这笔交易"


class NoticeRejected(NotAllowed):
    """The notice is not provably from the provider, or is not meant for us."""

    code = "payments.notice_rejected"
    message = "支付通知校验未通过"


class UnknownMerchant(NotFound):
    code = "payments.unknown_merchant"
    message = "没有这个收款商户"


class PaymentGateway(Protocol):
    """Collects money for one merchant. It keeps no state and touches no table."""

    provider: ClassVar[Provider]
    contract: ClassVar[Contract]
    acknowledgement: ClassVar[Acknowledgement]

    @property
    def merchant(self) -> str:
        """The merchant's number at the provider, which the order carries."""
        ...

    async def prepare(self, payable: Payable) -> Prepared:
        """Make what the client needs to pay. The same number and content is one order there."""
        ...

    async def query(self, number: str) -> Receipt | NotPaid:
        """What became of our number there."""
        ...

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, at: datetime) -> Notice:
        """Check a callback and put it into our words; NoticeRejected when it does not hold."""
        ...


class TransferGateway(Protocol):
    """Pays out to a person's wallet; where the provider wants it, the payee confirms first."""

    provider: ClassVar[Provider]
    contract: ClassVar[Contract]

    @property
    def merchant(self) -> str: ...

    @property
    def appids(self) -> tuple[str, ...]:
        """The mini-programs in which a payee is known, and confirms; the preferred one first."""
        ...

    async def transfer(self, order: TransferOrder) -> Transfer:
        """Offer the money. Ask `query` about the number first when an earlier answer was lost."""
        ...

    async def query(self, number: str) -> Transfer | None:
        """What became of our number there; None when they have never heard of it."""
        ...

    def confirmation(self, package: str, *, appid: str) -> dict[str, str]:
        """What the payee's client in that mini-program hands to the wallet, unread by us; empty
        where nobody asks.
        """
        ...


class Bank(Protocol):
    """Pays out to bank accounts of enterprises."""

    contract: ClassVar[Contract]

    async def transfer(
        self, *, number: str, account: BankAccount, amount_fen: int, purpose: str
    ) -> Transfer:
        """Pay. The same number is paid once and answered alike."""
        ...

    async def query(self, number: str) -> Transfer | None: ...


class Gateways:
    """The gateways this deployment has, by provider and merchant number."""

    def __init__(
        self, payments: Iterable[PaymentGateway], transfers: Iterable[TransferGateway] = ()
    ) -> None:
        """The earlier of `transfers` are preferred, after a department's own merchants."""
        self._payments = {(str(one.provider), one.merchant): one for one in payments}
        self._transfers = {one.merchant: one for one in transfers}
        for one in (*self._payments.values(), *self._transfers.values()):
            declared_contract(one)

    def payment(self, provider: str, merchant: str) -> PaymentGateway:
        found = self._payments.get((provider, merchant))
        if found is None:
            raise UnknownMerchant(provider=provider)
        return found

    def notice_reader(self, provider: str, merchant: str) -> PaymentGateway:
        """Whose callbacks come to this address; refused like any that is not genuine."""
        found = self._payments.get((provider, merchant))
        if found is None:
            raise NoticeRejected(reason="unknown merchant")
        return found

    def transfer(self, merchant: str) -> TransferGateway:
        found = self._transfers.get(merchant)
        if found is None:
            raise UnknownMerchant(provider="transfers")
        return found

    def payers(
        self, own: Iterable[str | None], prefer: Provider | None = None
    ) -> list[TransferGateway]:
        """Who can pay out to persons, in the order to be tried; UnknownMerchant when nobody can.

        The preferred provider comes first, and of each provider the department's `own` merchant.
        """
        if not self._transfers:
            raise UnknownMerchant(provider="transfers")
        found, own, providers = [*self._transfers.values()], {*own}, [*self._providers()]
        return sorted(
            found,
            key=lambda one: (
                one.provider != prefer,
                providers.index(one.provider),
                one.merchant not in own,
            ),
        )

    def _providers(self) -> Iterable[Provider]:
        return dict.fromkeys(one.provider for one in self._transfers.values())


def declared_contract(channel: object) -> Contract:
    """What may be done after a lost answer; a channel that does not say stops the start."""
    contract = getattr(channel, "contract", None)
    if not isinstance(contract, Contract):
        raise TypeError(f"{type(channel).__name__} declares no contract for lost answers")
    return contract


__all__ = [
    "Acknowledgement",
    "Bank",
    "Contract",
    "Event",
    "GatewayFailed",
    "GatewayRefused",
    "Gateways",
    "NotPaid",
    "Notice",
    "NoticeRejected",
    "PayState",
    "Payable",
    "PaymentGateway",
    "Prepared",
    "Provider",
    "Receipt",
    "RefundReport",
    "Transfer",
    "TransferGateway",
    "TransferOrder",
    "TransferState",
    "Unfamiliar",
    "UnknownMerchant",
    "declared_contract",
]
