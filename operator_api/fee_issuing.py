from datetime import datetime
from typing import Annotated

from litestar import Controller, put
from litestar.di import NamedDependency
from litestar.params import JSONBody, PathParameter
from msgspec import Meta, Struct

from core.clock import now
from core.lines import Line
from core.money import Fen
from core.sealing import Vault
from identity.callers import OperatorCaller
from identity.id_numbers import IdNumberInvalid
from operator_api.payments import FeeOrderLine
from payments.issuing import DeadlineOutOfRange, PayerNotFound, issue_at_window
from payments.orders import AgencyNotFound, ReferenceReused

Reference = Annotated[
    str, PathParameter(pattern=r"^[A-Za-z0-9_-]{1,64}\Z", description="本部门的业务编号")
]


class IssueRequest(Struct, frozen=True, forbid_unknown_fields=True):
    payer_number: Annotated[str, Meta(min_length=15, max_length=18)]
    title: Annotated[Line, Meta(min_length=1, max_length=64)]
    amount_fen: Annotated[int, Meta(ge=1, le=10**11)]
    deadline_at: Annotated[datetime, Meta(tz=True)] | None = None


class FeeIssuingController(Controller):
    """开单: a window asks somebody for a fee."""

    path = "/fee-orders"
    tags = ["缴费与拨付"]

    @put(
        "/{reference:str}",
        summary="开具缴费单",
        description="按身份证号码或统一社会信用代码向缴费人开单，收款方为工作人员所在部门。"
        "`reference` 为本部门的业务编号，相同内容重复提交得到同一张缴费单。",
        example={
            "payer_number": "330100195103089023",
            "title": "不动产登记费（住宅）",
            "amount_fen": 8000,
            "deadline_at": None,
        },
        errors=(
            AgencyNotFound,
            DeadlineOutOfRange,
            IdNumberInvalid,
            PayerNotFound,
            ReferenceReused,
        ),
    )
    async def issue(
        self,
        reference: Reference,
        data: JSONBody[IssueRequest],
        operator: NamedDependency[OperatorCaller],
        vault: NamedDependency[Vault],
    ) -> FeeOrderLine:
        order = await issue_at_window(
            reference,
            payer_number=data.payer_number,
            title=data.title,
            amount_fen=Fen(data.amount_fen),
            deadline_at=data.deadline_at,
            operator=operator,
            vault=vault,
            at=now(),
        )
        return FeeOrderLine.of(order)
