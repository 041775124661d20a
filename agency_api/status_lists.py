from typing import Any

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from msgspec import Struct

from core.clock import now
from licences import credential_types, status_lists
from licences.credential_types import CredentialType
from licences.issuing import LicenceIssuer
from licences.licence_types import LicenceTypeNotFound
from licences.status_lists import TTL, StatusListNotFound

TOKEN: dict[str, Any] = {"application/statuslist+jwt": {"type": "string"}}
KEEP_LIST = {"Cache-Control": f"public, max-age={int(TTL.total_seconds())}"}
KEEP_KEYS = {"Cache-Control": "public, max-age=3600"}


class StatusLists(Struct, frozen=True):
    """Where each list is."""

    status_lists: list[str]


class IssuerMetadata(Struct, frozen=True):
    """JWT VC issuer metadata, and where the lists are named."""

    issuer: str
    jwks_uri: str
    status_list_aggregation_endpoint: str


class KeySet(Struct, frozen=True):
    keys: list[dict[str, object]]


class StatusListController(Controller):
    """状态名单: what verifiers keep to check without a network."""

    path = "/status-lists"
    tags = ["核验"]

    @get(
        summary="状态名单目录",
        description="全部状态名单的地址。离线核验端逐一下载并保存。",
    )
    async def many(self, licence_issuer: NamedDependency[LicenceIssuer]) -> Response[StatusLists]:
        return Response(
            StatusLists(await status_lists.list_uris(licence_issuer)), headers=KEEP_LIST
        )

    @get(
        "/{list_id:int}",
        summary="状态名单",
        description="IETF Token Status List：签名的 JWT（`statuslist+jwt`），每个位置两位，"
        "0 有效、1 注销、2 暂扣。可以保存和转发，`ttl` 秒后宜更新，`exp` 后不得再用。",
        answers=TOKEN,
        errors=(StatusListNotFound,),
    )
    async def show(
        self, list_id: FromPath[int], licence_issuer: NamedDependency[LicenceIssuer]
    ) -> Response[str]:
        token = await status_lists.read_list(list_id, issuer=licence_issuer, at=now())
        return Response(token, media_type="application/statuslist+jwt", headers=KEEP_LIST)


class CredentialTypeController(Controller):
    """凭证类型: what the fields of a credential are called."""

    path = "/credential-types"
    tags = ["核验"]

    @get(
        "/{licence_type:str}",
        summary="凭证类型说明",
        description="SD-JWT VC 类型元数据：证照名称和各字段的中文名。",
        errors=(LicenceTypeNotFound,),
    )
    async def show(
        self, licence_type: FromPath[str], licence_issuer: NamedDependency[LicenceIssuer]
    ) -> Response[CredentialType]:
        found = await credential_types.describe_type(licence_type, issuer=licence_issuer)
        return Response(found, headers=KEEP_KEYS)


class WellKnownController(Controller):
    """签发方: who signs, and with which keys."""

    tags = ["核验"]

    @get(
        "/jwt-vc-issuer",
        summary="签发方信息",
        description="公钥集和状态名单目录的地址。",
    )
    async def issuer(
        self, licence_issuer: NamedDependency[LicenceIssuer]
    ) -> Response[IssuerMetadata]:
        address = licence_issuer.address
        found = IssuerMetadata(
            issuer=address,
            jwks_uri=f"{address}/.well-known/licence-keys.json",
            status_list_aggregation_endpoint=f"{address}/agency/v1/status-lists",
        )
        return Response(found, headers=KEEP_KEYS)

    @get(
        "/licence-keys.json",
        summary="签发公钥",
        description="JWK 公钥集。换钥匙时新旧并存，最长缓存一小时。",
    )
    async def keys(self, licence_issuer: NamedDependency[LicenceIssuer]) -> Response[KeySet]:
        return Response(KeySet(licence_issuer.key_set()["keys"]), headers=KEEP_KEYS)
