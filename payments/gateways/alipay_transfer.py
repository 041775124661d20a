"""Alipay's transfers to a person's wallet, scene 行政补贴和退款. 支付宝单笔转账

The money is there at once, with nothing for the payee to confirm; so the name always goes along.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from core.clock import now
from core.money import fen_from_yuan, yuan
from core.wire.alipay_gateway import AlipayGateway as AlipayLine
from payments.gateways import (
    Contract,
    GatewayFailed,
    GatewayRefused,
    Provider,
    Transfer,
    TransferOrder,
    TransferState,
)
from payments.gateways.alipay_api import ask

SCENE, REPORTED = "行政补贴和退款", "补贴类型"
_KIND = {"product_code": "TRANS_ACCOUNT_NO_PWD", "biz_scene": "DIRECT_TRANSFER"}
_TITLE_LIMIT = 128

_STATES = {
    "SUCCESS": TransferState.PAID,
    "DEALING": TransferState.ACCEPTED,
    "INIT": TransferState.ACCEPTED,
    "WAIT_PAY": TransferState.ACCEPTED,
    "FAIL": TransferState.FAILED,
    "CLOSED": TransferState.FAILED,
    "REFUND": TransferState.FAILED,
}

Text = Annotated[str, Meta(min_length=1, max_length=128)]
Status = Literal["SUCCESS", "DEALING", "INIT", "WAIT_PAY", "FAIL", "CLOSED", "REFUND"]


class _Made(Struct):
    out_biz_no: Text
    order_id: Text
    status: Status


class _Queried(Struct):
    out_biz_no: Text
    order_id: Text
    status: Status
    trans_amount: str = ""
    error_code: str = ""


class AlipayTransfers:
    """Pays out for one application, which has to be in certificate mode."""

    provider: ClassVar = Provider.ALIPAY
    contract: ClassVar = Contract.QUERY

    def __init__(self, line: AlipayLine, *, clock: Callable[[], datetime] = now) -> None:
        if line.keys.certificates is None:
            raise ValueError("Alipay pays out in certificate mode only")
        self._line = line
        self._clock = clock

    @property
    def merchant(self) -> str:
        return self._line.keys.app_id

    @property
    def appids(self) -> tuple[str, ...]:
        return (self._line.keys.app_id,)

    async def transfer(self, order: TransferOrder) -> Transfer:
        purpose = order.purpose[:_TITLE_LIMIT]
        content = _KIND | {
            "out_biz_no": order.number,
            "trans_amount": yuan(order.amount_fen),
            "order_title": purpose,
            "remark": purpose,
            "payee_info": {
                "identity": order.subject,
                "identity_type": identity_type(order.subject),
                "name": order.name,
            },
            "transfer_scene_name": SCENE,
            "transfer_scene_report_infos": [{"info_type": REPORTED, "info_content": purpose}],
        }
        made = await ask(
            self._line, "alipay.fund.trans.uni.transfer", content, _Made, at=self._clock()
        )
        return self._report(made, order.number, order.amount_fen)

    async def query(self, number: str) -> Transfer | None:
        content = _KIND | {"out_biz_no": number}
        try:
            found = await ask(
                self._line, "alipay.fund.trans.common.query", content, _Queried, at=self._clock()
            )
            amount_fen = fen_from_yuan(found.trans_amount) if found.trans_amount else None
        except GatewayRefused as refused:
            if refused.context["reason"] != "ORDER_NOT_EXIST":
                raise
            return None
        except ValueError as error:
            raise GatewayFailed(provider=self.provider, reason="no amount") from error
        return self._report(found, number, amount_fen, reason=found.error_code)

    def confirmation(self, package: str, *, appid: str) -> dict[str, str]:
        """Nothing: there is nothing to confirm."""
        return {}

    def _report(
        self, told: _Made | _Queried, number: str, amount_fen: int | None, *, reason: str = ""
    ) -> Transfer:
        if told.out_biz_no != number:
            raise GatewayFailed(provider=self.provider, reason="another transfer's answer")
        return Transfer(
            number=number,
            state=_STATES[told.status],
            amount_fen=amount_fen,
            slip_no=told.order_id,
            reason=reason,
            merchant=self.merchant,
        )


def identity_type(subject: str) -> str:
    """Older applications know a user by 2088…, newer ones by an open_id of their own."""
    is_user_id = len(subject) == 16 and subject.startswith("2088") and subject.isdigit()
    return "ALIPAY_USER_ID" if is_user_id else "ALIPAY_OPEN_ID"
