from typing import Annotated, Literal

from litestar import Controller, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta, Struct
from msgspec.structs import asdict

from core.clock import now
from core.sealing import Vault
from identity import profiles
from identity.callers import Caller
from identity.contacts import PhoneProofUsed, verify_phone
from identity.id_documents import DocumentNumberInvalid
from identity.id_numbers import IdNumberInvalid
from identity.kinds import DocumentType, Level
from identity.providers import (
    IdentityProviders,
    LoginRefused,
    PhoneProofRejected,
    PopulationRegister,
    ProviderFailed,
    RegisterFailed,
    SealedPhone,
)
from identity.real_names import RealNameConflict, RealNameMismatch, verify_real_name
from identity.session_states import SessionStates


class PreferencesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    elder_mode: bool
    language: Literal["zh-CN", "en"]


class RealNameRequest(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=64)]
    id_number: Annotated[str, Meta(min_length=8, max_length=18)]
    document_type: DocumentType = DocumentType.RESIDENT_ID


class SealedPhoneRequest(Struct, frozen=True, forbid_unknown_fields=True):
    encrypted_data: Annotated[str, Meta(min_length=1, max_length=4096)]
    iv: Annotated[str, Meta(min_length=1, max_length=64)]
    login_code: Annotated[str, Meta(min_length=1, max_length=512)]


class PhoneRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """One of the two."""

    proof: Annotated[str, Meta(min_length=1, max_length=4096)] | None = None
    sealed: SealedPhoneRequest | None = None

    def brought(self) -> str | SealedPhone:
        if self.sealed is not None and self.proof is None:
            return SealedPhone(**asdict(self.sealed))
        if self.proof is None or self.sealed is not None:
            raise PhoneProofRejected(reason="one of the two")
        return self.proof


class RealNameView(Struct, frozen=True):
    level: Level


class PhoneView(Struct, frozen=True):
    phone: str


class MeController(Controller):
    """我的: who I am here, and how I like it shown."""

    path = "/me"
    tags = ["我的"]

    @get(summary="我的信息", description="认证等级、脱敏的姓名和手机号、正在代办的对象、显示偏好。")
    async def show(
        self, caller: NamedDependency[Caller], vault: NamedDependency[Vault]
    ) -> profiles.Profile:
        return await profiles.show_profile(caller, vault=vault)

    @put(
        "/preferences",
        summary="显示偏好",
        description="长辈版与语言；消息、首页朗读和出错提示随之改变，其他设备五秒内生效。",
        example={"elder_mode": True, "language": "zh-CN"},
    )
    async def prefer(
        self,
        data: JSONBody[PreferencesRequest],
        caller: NamedDependency[Caller],
        vault: NamedDependency[Vault],
        session_states: NamedDependency[SessionStates],
    ) -> profiles.Profile:
        await profiles.set_preferences(caller, elder_mode=data.elder_mode, language=data.language)
        await session_states.forget([caller.session_id])
        return await profiles.show_profile(caller, vault=vault)

    @put(
        "/real-name",
        limit="real_name",
        summary="实名认证",
        description="姓名与证件号码经人口库核对一致后，本账号即归属本人；"
        "一人在多个平台的账号、一人的多种证件都归为同一人。已登录的令牌随即生效。"
        "`document_type`：resident_id 居民身份证（15 或 18 位），"
        "hmt_residence_permit 港澳台居民居住证，hm_travel_permit 港澳居民来往内地通行证，"
        "tw_travel_permit 台湾居民来往大陆通行证，"
        "foreign_permanent_residence 外国人永久居留身份证。",
        example={"name": "王桂兰", "id_number": "330100195103089023"},
        errors=(
            IdNumberInvalid,
            DocumentNumberInvalid,
            RealNameMismatch,
            RealNameConflict,
            RegisterFailed,
        ),
    )
    async def prove_real_name(
        self,
        data: JSONBody[RealNameRequest],
        caller: NamedDependency[Caller],
        population_register: NamedDependency[PopulationRegister],
        vault: NamedDependency[Vault],
        session_states: NamedDependency[SessionStates],
        operating_department: NamedDependency[str],
    ) -> RealNameView:
        await verify_real_name(
            caller,
            name=data.name,
            id_number=data.id_number,
            document_type=data.document_type,
            register=population_register,
            vault=vault,
            states=session_states,
            department=operating_department,
            at=now(),
        )
        return RealNameView(Level(max(caller.level, Level.REAL_NAME)))

    @put(
        "/phone",
        summary="绑定手机号",
        description="`proof` 在微信是手机号按钮给的 code，"
        "在支付宝是 my.getPhoneNumber 的 response 原文；"
        "微信旧版客户端没有 code 时改填 `sealed`：按钮给的 encryptedData、iv，"
        "和点按钮之前最近一次 wx.login 的 code（只用来打开这份数据，不再用来登录）。"
        "手机号只用于联系，不代表身份；换绑后原号码随即失效。",
        example={"proof": "e31968a7f94cc5ee25fafc2aef2773f0bb8c3937b22520eb8ee345274d00c144"},
        errors=(PhoneProofRejected, PhoneProofUsed, LoginRefused, ProviderFailed),
    )
    async def prove_phone(
        self,
        data: JSONBody[PhoneRequest],
        caller: NamedDependency[Caller],
        identity_providers: NamedDependency[IdentityProviders],
        vault: NamedDependency[Vault],
        session_states: NamedDependency[SessionStates],
    ) -> PhoneView:
        phone = await verify_phone(
            caller,
            data.brought(),
            provider=identity_providers.named(caller.provider, caller.appid),
            vault=vault,
            states=session_states,
            at=now(),
        )
        return PhoneView(phone)
