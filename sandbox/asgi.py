"""The application: every host is a path on one port."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.types import ExceptionHandlersMap

from sandbox import machines
from sandbox.alipay.control import AlipayControlController
from sandbox.alipay.downloads import download as download_alipay_bill
from sandbox.alipay.gateway import gateway
from sandbox.bank import BankController
from sandbox.book_routes import book_page
from sandbox.control import ControlController
from sandbox.courier import Courier
from sandbox.fault_routes import FaultController
from sandbox.idp import OperatorIdpController
from sandbox.licence_registry import LicenceRegistryController
from sandbox.licence_registry_control import LicenceControlController
from sandbox.mini_proxy import Product, pass_on
from sandbox.phone.alipay import AlipayPhoneController
from sandbox.phone.sheets import sheet
from sandbox.phone.sms import SmsPhoneController
from sandbox.phone.wallet import wallet
from sandbox.phone.wechat import WechatPhoneController
from sandbox.phone_page import about, own_files, page_file, people, people_page, screen
from sandbox.refusals import MachineRefusal, PayRefusal, PhoneRefusal, WechatRefusal
from sandbox.registers import BusinessController, PopulationController
from sandbox.sms.control import enter_push_url
from sandbox.sms.suppliers import JsonSmsController, send_form
from sandbox.strays import answer_stray
from sandbox.unified_routes import UnifiedController, UnifiedPhoneController
from sandbox.wechat.answers import answer_refusal as answer_wechat_refusal
from sandbox.wechat.check_routes import WechatCheckController
from sandbox.wechat.control import WechatControlController
from sandbox.wechat.link_routes import WechatLinkController
from sandbox.wechat.routes import WechatController
from sandbox.wechat_pay.authorization import answer_refusal as answer_pay_refusal
from sandbox.wechat_pay.control import WechatPayControlController
from sandbox.wechat_pay.refund_routes import (
    BillController,
    RefundController,
    list_certificates,
)
from sandbox.wechat_pay.routes import OrderController, TransferController
from sandbox.world import World

ROUTES = (
    WechatController,
    WechatLinkController,
    WechatCheckController,
    WechatControlController,
    OrderController,
    TransferController,
    RefundController,
    BillController,
    list_certificates,
    WechatPayControlController,
    gateway,
    download_alipay_bill,
    AlipayControlController,
    PopulationController,
    BusinessController,
    LicenceRegistryController,
    LicenceControlController,
    BankController,
    OperatorIdpController,
    WechatPhoneController,
    AlipayPhoneController,
    wallet,
    UnifiedController,
    UnifiedPhoneController,
    JsonSmsController,
    send_form,
    SmsPhoneController,
    enter_push_url,
    sheet,
    people_page,
    people,
    screen,
    about,
    page_file,
    pass_on,
    book_page,
    ControlController,
    FaultController,
)


@get("/", sync_to_thread=False)
def alive() -> dict[str, str]:
    return {"status": "ok"}


def answer_phone_refusal(
    _: Request[None, None, State], refusal: PhoneRefusal
) -> Response[dict[str, str | int]]:
    content: dict[str, str | int] = {"errMsg": refusal.message, "errCode": refusal.code}
    return Response(content, status_code=refusal.status)


REFUSALS: ExceptionHandlersMap = {
    NotFoundException: answer_stray,
    MethodNotAllowedException: answer_stray,
    WechatRefusal: answer_wechat_refusal,
    PayRefusal: answer_pay_refusal,
    MachineRefusal: machines.answer_refusal,
    PhoneRefusal: answer_phone_refusal,
}


def create_app(
    world: World,
    *,
    time_scale: float = 1,
    callback_base: str = "",
    delivers: bool = True,
    product: Product | None = None,
    own_pages: Path | None = None,
) -> Litestar:
    """The outside world as one application. `delivers=False` leaves callbacks in the outbox.

    `product` is what the pages of the phone call; closing it is the caller's. `own_pages` is a
    folder with a developer's own page for it, served under /own.
    """
    world.time_scale = time_scale
    product = product or Product()

    @contextlib.asynccontextmanager
    async def delivering(_: Litestar) -> AsyncGenerator[None, None]:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
            courier = Courier(world, client, time_scale=time_scale, base=callback_base)
            task = asyncio.create_task(courier.run())
            task.add_done_callback(_say_why_it_stopped)
            yield
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    return Litestar(
        [alive, *ROUTES, *own_files(own_pages)],
        state=State({"world": world}),
        dependencies={
            "world": Provide(lambda: world, sync_to_thread=False),
            "product": Provide(lambda: product, sync_to_thread=False),
            "has_own_pages": Provide(lambda: own_pages is not None, sync_to_thread=False),
        },
        exception_handlers=REFUSALS,
        lifespan=[delivering] if delivers else [],
        openapi_config=None,
        logging_config=None,
    )


def _say_why_it_stopped(courier: asyncio.Task[None]) -> None:
    if not courier.cancelled() and (error := courier.exception()):
        logging.getLogger("sandbox").error("no callbacks from now on", exc_info=error)
