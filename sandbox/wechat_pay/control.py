"""Switches at WeChat Pay: which keys sign, how refunds end, what a merchant has left. 控制"""

from typing import Annotated, Literal

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct

from sandbox.refusals import PayRefusal
from sandbox.wechat_pay.certificates import (
    new_certificate,
    retire_certificate,
    valid_certificates,
)
from sandbox.wechat_pay.fund_flow import withdraw
from sandbox.wechat_pay.platform_keys import Mode, Signing, order_probes, set_signing
from sandbox.wechat_pay.rates import set_rate
from sandbox.wechat_pay.refund_endings import Ending, set_ending
from sandbox.wechat_pay.transfer_courses import Course, set_course
from sandbox.world import World

Count = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(ge=0, le=10**7)]


class OfMerchant(Struct, forbid_unknown_fields=True):
    mchid: str


class SigningChoice(OfMerchant):
    mode: Mode
    public_key_share: Annotated[float, Meta(ge=0, le=1)] = 0.0


class Probes(OfMerchant):
    answers: Count = 0
    callbacks: Count = 0


class Retirement(Struct, forbid_unknown_fields=True):
    serial_no: str


class RefundEnding(Struct, forbid_unknown_fields=True):
    """`number` is an out_refund_no; `*` is all."""

    number: str
    ending: Ending


class TransferCourse(Struct, forbid_unknown_fields=True):
    """`number` is an out_bill_no; `*` is all. What it takes is shortened by the time scale."""

    number: str
    queued_seconds: Seconds = 0
    arriving_seconds: Seconds = 0
    fail_reason: Annotated[str, Meta(pattern=r"\A[A-Z0-9_]{0,64}\Z")] = ""


class Rate(Struct, forbid_unknown_fields=True):
    api: Literal["prepay", "refund", "faulty refund", "transfer", "cancel transfer"]
    per_second: Count


class Withdrawal(OfMerchant):
    amount_fen: Annotated[int, Meta(ge=1)]


class WechatPayControlController(Controller):
    path = "/control/wechat-pay"

    @post("/signing", status_code=200)
    async def signing(
        self, data: JSONBody[SigningChoice], world: NamedDependency[World]
    ) -> dict[str, str]:
        """Sign with the public key, with certificates, or with both while a merchant moves."""
        _check_merchant(world, data.mchid)
        set_signing(world, data.mchid, Signing(data.mode, data.public_key_share))
        return {"mode": data.mode}

    @post("/rotate-certificate", status_code=200)
    async def rotate_certificate(
        self, data: JSONBody[OfMerchant], world: NamedDependency[World]
    ) -> dict[str, str]:
        """A new certificate signs from now on; the old ones stay valid until retired."""
        _check_merchant(world, data.mchid)
        valid_certificates(world, data.mchid)  # there has to be an old one
        return {"serial_no": new_certificate(world, data.mchid).serial_no}

    @post("/retire-certificate", status_code=200)
    async def retire_certificate(
        self, data: JSONBody[Retirement], world: NamedDependency[World]
    ) -> dict[str, bool]:
        return {"retired": retire_certificate(world, data.serial_no)}

    @post("/probes", status_code=200)
    async def probes(self, data: JSONBody[Probes], world: NamedDependency[World]) -> dict[str, int]:
        """The next so many answers or callbacks carry a signature nobody may believe."""
        _check_merchant(world, data.mchid)
        order_probes(world, data.mchid, answers=data.answers, callbacks=data.callbacks)
        return {"answers": data.answers, "callbacks": data.callbacks}

    @post("/refund-endings", status_code=200)
    async def refund_endings(
        self, data: JSONBody[RefundEnding], world: NamedDependency[World]
    ) -> dict[str, str]:
        set_ending(world, data.number, data.ending)
        return {data.number: data.ending}

    @post("/transfer-courses", status_code=200)
    async def transfer_courses(
        self, data: JSONBody[TransferCourse], world: NamedDependency[World]
    ) -> dict[str, str]:
        """Let transfers take their time before and after the payee confirms, or fail then."""
        course = Course(data.queued_seconds, data.arriving_seconds, data.fail_reason)
        set_course(world, data.number, course)
        return {"number": data.number}

    @post("/rates", status_code=200)
    async def rates(self, data: JSONBody[Rate], world: NamedDependency[World]) -> dict[str, int]:
        """Let a merchant call so often in a second, instead of as documented."""
        set_rate(world, data.api, data.per_second)
        return {data.api: data.per_second}

    @post("/withdrawals", status_code=200)
    async def withdrawals(
        self, data: JSONBody[Withdrawal], world: NamedDependency[World]
    ) -> dict[str, int]:
        _check_merchant(world, data.mchid)
        withdraw(world, data.mchid, data.amount_fen)
        return {"amount_fen": data.amount_fen}


def _check_merchant(world: World, mchid: str) -> None:
    if mchid not in world.merchants:
        raise PayRefusal(404, "MCH_NOT_EXISTS", "没有这个商户号")
