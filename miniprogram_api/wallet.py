from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta, Struct

from core.clock import now
from core.files import FileStorage
from core.sealing import Vault
from identity.callers import ActingRightRequired, Caller, RealNameRequired
from licences import holdings, refreshing, wallet
from licences.holdings import MAX_POSITION, Holdings, Mark
from licences.refreshing import Desk, Refresh
from licences.registries import Registries
from licences.registry import LicenceNotFound
from licences.wallet import LicenceCard
from web.pages import Page, whole

Search = Annotated[
    str, QueryParameter(max_length=32, description="按证照名称、颁发机构、地区、持证人查找")
]
WithHidden = Annotated[bool, QueryParameter(description="是否一并列出已隐藏的证照")]


class Holders(Struct, frozen=True):
    """Every holder in one piece, as of `at`: what is shown offline must say of when it is."""

    items: list[Holdings]
    next_cursor: str | None
    at: datetime


class ArrangeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    pinned: bool = False
    hidden: bool = False
    position: Annotated[int, Meta(ge=0, le=MAX_POSITION)] | None = None


class WalletController(Controller):
    """卡包: own licences, and those of whom one looks after, in one view."""

    path = "/wallet"
    tags = ["证照"]

    @get(
        summary="卡包",
        description="本人、未成年子女、同意帮办的长辈和所代表单位的证照，按持证人分组，敏感字段已脱敏，"
        "无需切换身份即可查看；出示他人的证照须先切换代办对象。"
        "`as_of` 是信息的截至时间，`stale` 为是时信息可能不是最新。支持 ETag。",
        errors=(RealNameRequired, ActingRightRequired),
    )
    async def show(
        self,
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
        search: Search = "",
        hidden: WithHidden = False,
    ) -> Holders:
        at = now()
        items = await holdings.show_wallet(
            caller, vault=vault, at=at, search=search, with_hidden=hidden
        )
        return Holders(items, None, at)

    @put(
        "/licences/{licence_id:uuid}",
        summary="排列证照",
        description="置顶、隐藏或调整位置，只影响本人的卡包，换设备登录后保持不变。",
        example={"pinned": True, "hidden": False, "position": 1},
        errors=(RealNameRequired, ActingRightRequired, LicenceNotFound),
    )
    async def arrange(
        self,
        licence_id: FromPath[UUID],
        data: JSONBody[ArrangeRequest],
        caller: NamedDependency[Caller],
    ) -> Mark:
        mark = Mark(pinned=data.pinned, hidden=data.hidden, position=data.position)
        return await holdings.arrange_licence(licence_id, mark, caller=caller, at=now())

    @post(
        "/refreshes",
        status_code=200,
        limit="ask_registry",
        summary="刷新证照",
        description="向各证照登记库查询本人（或所代办主体）名下的全部证照。"
        "`answered` 为否的登记库暂时没有应答，原有信息照常显示，稍后自动再查。",
        errors=(RealNameRequired, ActingRightRequired),
    )
    async def refresh(
        self,
        caller: NamedDependency[Caller],
        registries: NamedDependency[Registries],
        files: NamedDependency[FileStorage],
        vault: NamedDependency[Vault],
    ) -> Page[Refresh]:
        desk = Desk(registries=registries, files=files, vault=vault)
        return whole(await refreshing.fetch_own(caller, desk, at=now()))

    @post(
        "/licences/{licence_id:uuid}/refreshes",
        status_code=200,
        limit="ask_registry",
        summary="核对一张证照",
        description="向登记库核对这张证照的最新状态。登记库没有应答时返回最后已知的信息，"
        "以 `as_of` 和 `stale` 标明。",
        errors=(RealNameRequired, ActingRightRequired, LicenceNotFound),
    )
    async def refresh_one(
        self,
        licence_id: FromPath[UUID],
        caller: NamedDependency[Caller],
        registries: NamedDependency[Registries],
        files: NamedDependency[FileStorage],
        vault: NamedDependency[Vault],
    ) -> LicenceCard:
        at = now()
        licence = await wallet.find_readable_licence(licence_id, caller, at=at)
        desk = Desk(registries=registries, files=files, vault=vault)
        await refreshing.ask_for_licence(licence, desk, at=at)
        return await wallet.get_licence(licence_id, caller=caller, vault=vault, at=at)
