from typing import Annotated
from uuid import UUID

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct, convert

from core.clock import now
from core.sealing import Vault
from identity import phone_codes
from identity.login_devices import DeviceHint
from identity.phone_codes import (
    CodeSent,
    PhoneBusy,
    PhoneCodeRefused,
    PhoneNotReachable,
    SmsFailed,
    SmsLines,
    is_own_device,
)
from identity.providers import ProviderUnknown
from identity.sessions import AccountDisabled, SignedIn
from identity.tokens import TokenIssuer
from miniprogram_api.sessions import DeviceRequest
from web.addresses import Whence
from web.limiter import Limiter

Phone = Annotated[
    str, Meta(pattern=r"^1[3-9][0-9]{9}\Z", description="11 位手机号", examples=["13900000001"])
]


class PhoneCodeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`device_id` is the `device.id` that the client signs in with."""

    phone: Phone
    device_id: Annotated[str, Meta(min_length=16, max_length=64)] | None = None


class PhoneLoginRequest(Struct, frozen=True, forbid_unknown_fields=True):
    challenge_id: UUID
    phone: Phone
    code: Annotated[str, Meta(pattern=r"^[0-9]{6}\Z", description="短信里的 6 位验证码")]
    device: DeviceRequest | None = None


class PhoneCodeController(Controller):
    """短信验证码: for the app, where no platform knows who is tapping."""

    path = "/phone-codes"
    tags = ["登录"]

    @post(
        limit="phone_code_whence",
        summary="获取登录验证码",
        description="向手机号发送 6 位验证码，10 分钟内有效。每个号码每分钟 1 条、每天 10 条；"
        "带上登录时用的 `device_id`，登录过本号码的设备单独计数，不受他人影响。"
        "答复与该号码是否注册过无关。`challenge_id` 只告诉本次请求者，登录时须一并提交。",
        example={"phone": "13900000001"},
        errors=(PhoneNotReachable, PhoneBusy, SmsFailed, ProviderUnknown),
    )
    async def create(
        self,
        data: JSONBody[PhoneCodeRequest],
        sms_lines: NamedDependency[SmsLines],
        vault: NamedDependency[Vault],
        limiter: NamedDependency[Limiter],
    ) -> CodeSent:
        at, counted, device_id = now(), data.phone, data.device_id
        if device_id is not None and await is_own_device(data.phone, device_id, vault=vault, at=at):
            counted = f"{data.phone}|{device_id}"
        await limiter.hit("phone_code", counted)
        await limiter.hit("phone_code_day", counted)
        return await phone_codes.send_code(data.phone, lines=sms_lines, vault=vault, at=at)


class PhoneSessionController(Controller):
    """手机号登录"""

    path = "/sessions/phone"
    tags = ["登录"]

    @post(
        limit="log_in",
        summary="手机号登录",
        description="用验证码登录 App。一个验证码最多试 5 次、只能用一次。"
        "首次登录即开通账号；号码换了主人后，原来的实名不会带过来。",
        example={
            "challenge_id": "5f0c1c0e-6f1e-4a55-9a1b-1d0f5b3c7a42",
            "phone": "13900000001",
            "code": "482913",
        },
        errors=(PhoneCodeRefused, AccountDisabled),
    )
    async def create(
        self,
        data: JSONBody[PhoneLoginRequest],
        issuer: NamedDependency[TokenIssuer],
        vault: NamedDependency[Vault],
        limiter: NamedDependency[Limiter],
        whence: NamedDependency[Whence],
    ) -> SignedIn:
        await limiter.hit("phone_sign_in", f"{data.phone}|{whence.network}")
        given = data.device
        device = convert(given, DeviceHint, from_attributes=True) if given else None
        return await phone_codes.sign_in_by_phone(
            data.challenge_id,
            data.phone,
            data.code,
            vault=vault,
            issuer=issuer,
            at=now(),
            device=device,
        )
