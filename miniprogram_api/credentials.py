from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from core.sealing import Vault
from identity.callers import ActingRightRequired, Caller, ConfirmerRequired, RealNameRequired
from licences import credentials, offline_codes
from licences.credentials import (
    CredentialNonce,
    CredentialNotFound,
    CredentialsTooMany,
    HeldCredential,
    IssuedCredential,
    KeyProofRefused,
)
from licences.issuing import LicenceIssuer
from licences.licence_fields import UnknownField
from licences.offline_codes import OfflineCode, OfflineTooMuch
from licences.presentations import LicenceNotValid, VerifierMustAsk
from licences.registry import LicenceNotFound
from web.pages import Page, whole


class OfflineRequest(Struct, frozen=True, forbid_unknown_fields=True):
    fields: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=32)]


class CredentialRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`proof` is a JWT by the new key: typ openid4vci-proof+jwt, jwk, aud, iat, nonce."""

    proof: Annotated[str, Meta(min_length=1, max_length=4096)]


class CredentialController(Controller):
    """离线码与凭证: what a phone keeps to show a licence without us."""

    path = "/licences"
    tags = ["证照"]

    @post(
        "/{licence_id:uuid}/offline-codes",
        limit="present",
        summary="生成离线码",
        description="10 分钟内有效的签名二维码，供双方都没有网络时核验；联网时每 5 分钟刷新一次。"
        "只含 `fields` 中同意的字段，敏感字段脱敏，不含照片。"
        "离线核验不能防重复，`notices` 须显示在二维码旁。",
        example={"fields": ["name", "benefit_class"]},
        errors=(
            RealNameRequired,
            ConfirmerRequired,
            ActingRightRequired,
            LicenceNotFound,
            LicenceNotValid,
            VerifierMustAsk,
            UnknownField,
            OfflineTooMuch,
        ),
    )
    async def make_offline(
        self,
        licence_id: FromPath[UUID],
        data: JSONBody[OfflineRequest],
        caller: NamedDependency[Caller],
        licence_issuer: NamedDependency[LicenceIssuer],
        vault: NamedDependency[Vault],
    ) -> OfflineCode:
        return await offline_codes.make_offline_code(
            licence_id,
            consented=data.fields,
            caller=caller,
            issuer=licence_issuer,
            vault=vault,
            at=now(),
        )

    @get(
        "/{licence_id:uuid}/credentials",
        summary="已签发的凭证",
        description="这张证照仍有效的 SD-JWT VC 凭证，最多 8 张。",
        errors=(RealNameRequired, LicenceNotFound),
    )
    async def many(
        self, licence_id: FromPath[UUID], caller: NamedDependency[Caller]
    ) -> Page[HeldCredential]:
        return whole(await credentials.list_credentials(licence_id, caller=caller, at=now()))

    @post(
        "/{licence_id:uuid}/credentials",
        limit="present",
        summary="签发凭证",
        description="签发 SD-JWT VC（RFC 9901），绑定 `proof` 中的 P-256 公钥，30 天内有效。"
        "`proof` 是该密钥签名的 JWT：`typ` 为 openid4vci-proof+jwt，头部含 `jwk`，"
        "载荷含 `aud`（本系统地址）、`iat` 和先取得的 `nonce`。凭证本系统不留存。",
        example={"proof": "eyJhbGciOiJFUzI1NiIsInR5cCI6Im9wZW5pZDR2Y2ktcHJvb2Yrand0In0.e30.AA"},
        errors=(
            RealNameRequired,
            ConfirmerRequired,
            ActingRightRequired,
            LicenceNotFound,
            LicenceNotValid,
            KeyProofRefused,
            CredentialsTooMany,
        ),
    )
    async def issue(
        self,
        licence_id: FromPath[UUID],
        data: JSONBody[CredentialRequest],
        caller: NamedDependency[Caller],
        licence_issuer: NamedDependency[LicenceIssuer],
        vault: NamedDependency[Vault],
    ) -> IssuedCredential:
        return await credentials.issue_credential(
            licence_id,
            proof=data.proof,
            caller=caller,
            issuer=licence_issuer,
            vault=vault,
            at=now(),
        )

    @delete(
        "/{licence_id:uuid}/credentials/{credential_id:uuid}",
        summary="收回凭证",
        description="手机丢失等情况下收回一张凭证，一分钟内进入状态名单。重复收回无妨。",
        errors=(RealNameRequired, ConfirmerRequired, LicenceNotFound, CredentialNotFound),
    )
    async def revoke(
        self,
        licence_id: FromPath[UUID],
        credential_id: FromPath[UUID],
        caller: NamedDependency[Caller],
    ) -> None:
        await credentials.revoke_credential(licence_id, credential_id, caller=caller, at=now())


class CredentialNonceController(Controller):
    """签发凭证前的随机数."""

    path = "/credential-nonces"
    tags = ["证照"]

    @post(
        limit="present",
        summary="取签发随机数",
        description="5 分钟内有效，只用于本次登录。",
        errors=(RealNameRequired,),
    )
    async def create(
        self,
        caller: NamedDependency[Caller],
        licence_issuer: NamedDependency[LicenceIssuer],
    ) -> CredentialNonce:
        return credentials.make_nonce(caller=caller, issuer=licence_issuer, at=now())
