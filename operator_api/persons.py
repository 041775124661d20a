from datetime import date, datetime
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Struct

from core.clock import now
from identity.accounts import AccountNotFound
from identity.callers import OperatorCaller
from identity.erasure import list_erasures
from identity.models import Erasure
from identity.parting import PartingReason, part_for_person
from identity.session_states import SessionStates
from web.pages import DEFAULT_LIMIT, BadCursor, Cursor, Limit, Page, Pages
from web.views import View


class PartingRequest(Struct, frozen=True, forbid_unknown_fields=True):
    reason: PartingReason


class ErasureItemView(View, frozen=True):
    """What became of one class of data: gone, kept until a day, or (neither) kept for good."""

    data_class: str
    kept_until: date | None
    erased_at: datetime | None


class ErasureView(Struct, frozen=True):
    """Somebody left. An id and no name: there is none any more, or it is not needed here."""

    id: UUID
    person_id: UUID
    division: str
    erased_at: datetime
    returned_at: datetime | None
    items: list[ErasureItemView]


class PersonController(Controller):
    """自然人: accounts parted, and who left."""

    tags = ["自然人"]

    @post(
        "/accounts/{account_id:uuid}/parting",
        status_code=204,
        summary="解除账号关联",
        description="把账号与其实名归属人分开，写明原因：`requested` 本人申请，"
        "`not_theirs` 账号不是本人的，`stolen` 被盗用，`ordered` 依法律文书。"
        "该账号的登录、手机号与认证等级随即失效，本人会收到消息。仅限本区划。",
        example={"reason": "requested"},
        errors=(AccountNotFound,),
    )
    async def part(
        self,
        account_id: FromPath[UUID],
        data: JSONBody[PartingRequest],
        operator: NamedDependency[OperatorCaller],
        session_states: NamedDependency[SessionStates],
    ) -> None:
        await part_for_person(
            account_id, data.reason, operator=operator, states=session_states, at=now()
        )

    @get(
        "/erasures",
        summary="注销与删除记录",
        description="本区划已注销的人（只有编号）：哪些已删除，哪些依法保留到何时。",
        errors=(BadCursor,),
    )
    async def erasures(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[ErasureView]:
        part = f"erasures:{operator.division}"
        after = pages.after(cursor, of=part)
        rows = await list_erasures(operator, after=after, limit=limit + 1)
        return pages.page(rows, _view, limit=limit, of=part)


def _view(row: Erasure) -> ErasureView:
    return ErasureView(
        id=row.id,
        person_id=row.person_id,
        division=row.division,
        erased_at=row.erased_at,
        returned_at=row.returned_at,
        items=[ErasureItemView.of(item) for item in sorted(row.items, key=lambda one: one.id)],
    )
