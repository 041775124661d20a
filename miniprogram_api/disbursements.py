from datetime import datetime
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.sealing import Vault
from identity.callers import Caller, RealNameRequired
from payments import disbursements
from payments.disbursements import DisbursementNotFound
from payments.gateways import Gateways
from payments.kinds import UNDER_WAY, DisbursementStatus, PayoutChannel
from payments.models import Disbursement
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages
from web.views import View
from web.waiting import Wait, wait_for_change


class DisbursementLine(View, frozen=True):
    """`confirm_by` is there while the payee has to take the money, and says until when."""

    id: UUID
    purpose: str
    amount_fen: int
    channel: PayoutChannel
    status: DisbursementStatus
    requested_at: datetime
    finished_at: datetime | None
    confirm_by: datetime | None


class DisbursementView(DisbursementLine, frozen=True):
    """`confirmation` goes to wx.requestMerchantTransfer as it is, while there is money to take."""

    confirmation: dict[str, str] | None


class DisbursementController(Controller):
    """拨付: money for the caller, or for whom it acts."""

    path = "/disbursements"
    tags = ["拨付"]

    @get(
        summary="拨付列表",
        description="发给本人或所代办主体的款项，按时间倒序。",
        errors=(RealNameRequired,),
    )
    async def many(
        self,
        caller: NamedDependency[Caller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[DisbursementLine]:
        of = f"disbursements:{caller.required_party()}"
        rows = await disbursements.list_disbursements(
            caller=caller, after=pages.after(cursor, of=of), limit=limit + 1
        )
        return pages.page(rows, DisbursementLine.of, limit=limit, of=of)

    @get(
        "/{disbursement_id:uuid}",
        summary="拨付详情",
        description="一笔款项。`status` 为 `waiting_user` 时，收款人把 `confirmation` 交给"
        " `wx.requestMerchantTransfer` 确认收款，最迟到 `confirm_by`。"
        "带 `wait` 时最多等待 25 秒，到账或失败后立即返回。",
        errors=(RealNameRequired, DisbursementNotFound),
    )
    async def show(
        self,
        disbursement_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        gateways: NamedDependency[Gateways],
        vault: NamedDependency[Vault],
        wait: Wait = 0,
    ) -> DisbursementView:
        async def finished() -> Disbursement | None:
            found = await disbursements.get_disbursement(disbursement_id, caller=caller)
            return None if found.status in UNDER_WAY else found

        found = await wait_for_change(finished, wait)
        if found is None:
            found = await disbursements.get_disbursement(disbursement_id, caller=caller)
        confirmation = disbursements.confirmation(
            found, caller=caller, gateways=gateways, vault=vault
        )
        shown = msgspec.structs.asdict(DisbursementLine.of(found))
        return DisbursementView(**shown, confirmation=confirmation)
