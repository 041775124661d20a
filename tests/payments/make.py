"""Rows for the tests of payments. Each function makes one valid thing."""

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from stdnum.cn import ric

from core.ids import new_id
from core.money import Fen
from core.sealing import Vault
from identity.callers import Caller
from identity.entities import BankAccount, register_entity
from identity.kinds import Level, ProviderName
from identity.models import Account, LegalEntity, Person, Session
from identity.persons import register_person
from payments.attempts import prepare_payment
from payments.disbursements import disburse_requested
from payments.gateways import Gateways, Provider, Receipt
from payments.models import FeeOrder, PaymentAttempt
from payments.orders import issue_fee, register_agency
from payments.payouts import Payers
from tests.fakes.payments import (
    ALIPAY_APP_ID,
    APPID,
    MCHID,
    FakeBank,
    FakeGateway,
    FakeTransfers,
)
from tests.given import AT

DEPARTMENT = "330199-natural-resources"
_serial = count(1)


async def person(vault: Vault, name: str = "王桂兰") -> Person:
    body = f"33019919500601{next(_serial):03d}"
    number = body + ric.calc_check_digit(body + "0")
    return await register_person(name=name, id_number=number, vault=vault, division="330199")


async def caller(vault: Vault, someone: Person | None = None, **fields: Any) -> Caller:
    """A resident signed in through WeChat, acting for itself."""
    someone = someone or await person(vault)
    values: dict[str, Any] = {"provider": "wechat", "appid": APPID} | fields
    account = await Account.create(
        provider=ProviderName(values["provider"]),
        appid=values["appid"],
        subject=f"openid-{next(_serial)}",
        person=someone,
        level=Level.REAL_NAME,
    )
    session = await Session.create(
        login_id=new_id(),
        account=account,
        party_id=someone.id,
        created_at=AT,
        expires_at=AT + timedelta(days=7),
    )
    return Caller(
        account_id=account.id,
        session_id=session.id,
        provider=values["provider"],
        appid=values["appid"],
        subject=account.subject,
        person_id=someone.id,
        party_id=someone.id,
        level=2,
    )


async def agency() -> None:
    await register_agency(
        DEPARTMENT,
        division="330199",
        name="临溪市自然资源和规划局",
        wechat_mchid=MCHID,
        alipay_app_id=ALIPAY_APP_ID,
    )


async def fee_order(payer_id: UUID, **fields: Any) -> FeeOrder:
    await agency()
    values: dict[str, Any] = {"title": "不动产登记费（住宅）", "amount_fen": Fen(8000)} | fields
    reference = values.pop("reference", f"LX-{next(_serial)}")
    return await issue_fee(
        DEPARTMENT, reference, payer_id=payer_id, actor="system:test", at=AT, **values
    )


async def attempt(
    order: FeeOrder, payer: Caller, gateway: FakeGateway | None = None, **fields: Any
) -> PaymentAttempt:
    """An account ready to pay an order."""
    channel = Provider(payer.provider)
    merchant = MCHID if channel is Provider.WECHAT else ALIPAY_APP_ID
    gateway = gateway or FakeGateway(channel, merchant)
    values: dict[str, Any] = {"client_id": uuid4(), "at": AT} | fields
    return await prepare_payment(
        order.order_no,
        values["client_id"],
        caller=payer,
        channel=channel,
        gateways=Gateways([gateway]),
        at=values["at"],
    )


def receipt(attempt: PaymentAttempt, **fields: Any) -> Receipt:
    values: dict[str, Any] = {
        "provider": str(attempt.provider),
        "merchant": attempt.merchant,
        "number": attempt.number,
        "trade_no": "4200001234",
        "amount_fen": 8000,
        "currency": "CNY",
        "paid_at": AT,
    }
    return Receipt(**values | fields)


async def entity(vault: Vault, *, with_account: bool = True) -> LegalEntity:
    account = BankAccount("6222020000000012", "临溪茶业有限公司", "临溪农商银行")
    return await register_entity(
        uscc="91330199MA2LX801XY",
        name="临溪茶业有限公司",
        division="330199",
        legal_representative_id=None,
        vault=vault,
        bank_account=account if with_account else None,
    )


def payers(*transfers: FakeTransfers, bank: FakeBank | None = None) -> Payers:
    """Those who pay out to persons, in this order; WeChat when none is named."""
    return Payers(Gateways([], transfers or [FakeTransfers()]), bank or FakeBank())


async def disburse(payee_id: UUID, payers: Payers, vault: Vault, reference: str = "E-1") -> None:
    await disburse_requested(
        reference,
        str(payee_id),
        10000,
        "高龄津贴",
        "330199-civil-affairs",
        "330199",
        payers=payers,
        vault=vault,
    )
