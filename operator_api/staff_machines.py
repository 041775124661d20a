from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, get, post, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import Meta, Struct

from core.clock import now
from identity import machine_clients, verifier_listing
from identity.callers import OperatorCaller
from identity.device_keys import PublicKeyInvalid
from identity.machine_clients import (
    MachineClientNotFound,
    MachineKeyNotFound,
    MachineScope,
    NetworkInvalid,
    PublicKeyTaken,
    TooManyKeys,
)
from identity.staff_changes import propose
from identity.staffing import Staffed
from identity.verifier_changes import (
    OrganisationNotFound,
    find_machine_client,
    find_organisation,
)
from web.pages import DEFAULT_LIMIT, Cursor, Limit, Page, Pages
from web.views import View

Quota = Annotated[int, Meta(ge=1, le=10_000_000)]
Network = Annotated[str, Meta(min_length=2, max_length=64)]


class MachineRules(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    scopes: Annotated[list[MachineScope], Meta(min_length=1, max_length=16)]
    networks: Annotated[list[Network], Meta(min_length=1, max_length=32)]
    daily_quota: Quota


class NewMachineRequest(MachineRules, frozen=True, kw_only=True):
    organisation_id: UUID
    name: Annotated[str, Meta(min_length=1, max_length=64)]


class KeyRequest(Struct, frozen=True, forbid_unknown_fields=True):
    jwk: dict[str, Any]


class MachineClientView(View, frozen=True, kw_only=True):
    id: UUID
    organisation_id: UUID
    name: str
    scopes: Sequence[str]
    networks: Sequence[str]
    daily_quota: int
    disabled_at: datetime | None


class MachineKeyView(View, frozen=True, kw_only=True):
    id: UUID
    thumbprint: str
    created_at: datetime
    revoked_at: datetime | None


class StaffMachineController(Controller):
    """机构系统管理: programs of organisations, what they may do, from where, how often."""

    path = "/machine-clients"
    tags = ["机构系统"]

    @get(summary="机构系统列表", description="本区划内核验方的系统，按登记时间倒序。")
    async def many(
        self,
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[MachineClientView]:
        after = pages.after(cursor, of="machine-clients")
        rows = await verifier_listing.list_machine_clients(
            admin=operator, after=after, limit=limit + 1
        )
        return pages.page(rows, MachineClientView.of, limit=limit, of="machine-clients")

    @post(
        limit="write_staff",
        summary="申请登记机构系统",
        description="写明权限、来源网段与每日次数，由另一人复核后生效；没有共享密钥，另行登记公钥。",
        example={
            "organisation_id": "0190c2a9-7d6f-7c3e-8a52-0190c2a97d6f",
            "name": "公积金中心业务系统",
            "scopes": ["licences:take"],
            "networks": ["203.0.113.0/28"],
            "daily_quota": 5000,
        },
        errors=(OrganisationNotFound, NetworkInvalid),
    )
    async def create(
        self, data: JSONBody[NewMachineRequest], operator: NamedDependency[OperatorCaller]
    ) -> Staffed:
        await find_organisation(data.organisation_id, admin=operator)
        machine_clients.check_networks(data.networks)
        change = await propose(
            "machine.add", msgspec.to_builtins(data), operator=operator, at=now()
        )
        return Staffed(change_id=change.id)

    @put(
        "/{client_id:uuid}",
        limit="write_staff",
        summary="申请变更机构系统",
        description="变更权限、来源网段或每日次数，由另一人复核后生效。",
        example={
            "scopes": ["licences:take"],
            "networks": ["203.0.113.0/28"],
            "daily_quota": 8000,
        },
        errors=(MachineClientNotFound, NetworkInvalid),
    )
    async def change(
        self,
        client_id: FromPath[UUID],
        data: JSONBody[MachineRules],
        operator: NamedDependency[OperatorCaller],
    ) -> Staffed:
        await find_machine_client(client_id, admin=operator)
        machine_clients.check_networks(data.networks)
        arguments = msgspec.to_builtins(data) | {"client_id": str(client_id)}
        change = await propose("machine.change", arguments, operator=operator, at=now())
        return Staffed(change_id=change.id)

    @get(
        "/{client_id:uuid}/keys",
        summary="机构系统公钥",
        description="登记过的公钥，含已停用的。",
        errors=(MachineClientNotFound,),
    )
    async def keys(
        self,
        client_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
        pages: NamedDependency[Pages],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Page[MachineKeyView]:
        await find_machine_client(client_id, admin=operator)
        after = pages.after(cursor, of="machine-keys")
        rows = await verifier_listing.list_machine_keys(client_id, after=after, limit=limit + 1)
        return pages.page(rows, MachineKeyView.of, limit=limit, of="machine-keys")

    @post(
        "/{client_id:uuid}/keys",
        limit="write_staff",
        summary="登记公钥",
        description="登记系统自己生成的公钥（JWK，P-256 或 Ed25519）。可同时有两个，以便更换。",
        example={
            "jwk": {
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            }
        },
        errors=(MachineClientNotFound, PublicKeyInvalid, PublicKeyTaken, TooManyKeys),
    )
    async def add_key(
        self,
        client_id: FromPath[UUID],
        data: JSONBody[KeyRequest],
        operator: NamedDependency[OperatorCaller],
    ) -> MachineKeyView:
        await find_machine_client(client_id, admin=operator)
        key = await machine_clients.add_machine_key(
            client_id, data.jwk, actor=operator.actor(), at=now()
        )
        return MachineKeyView.of(key)

    @post(
        "/{client_id:uuid}/keys/{key_id:uuid}/revocation",
        limit="write_staff",
        status_code=204,
        summary="停用公钥",
        description="该公钥及此前发出的令牌立即失效。",
        errors=(MachineClientNotFound, MachineKeyNotFound),
    )
    async def revoke_key(
        self,
        client_id: FromPath[UUID],
        key_id: FromPath[UUID],
        operator: NamedDependency[OperatorCaller],
    ) -> None:
        await find_machine_client(client_id, admin=operator)
        await machine_clients.revoke_machine_key(
            client_id, key_id, actor=operator.actor(), at=now()
        )

    @post(
        "/{client_id:uuid}/disablement",
        limit="write_staff",
        status_code=204,
        summary="停用机构系统",
        description="其令牌立即失效，不能再获取令牌。",
        errors=(MachineClientNotFound,),
    )
    async def disable(
        self, client_id: FromPath[UUID], operator: NamedDependency[OperatorCaller]
    ) -> None:
        await find_machine_client(client_id, admin=operator)
        await machine_clients.disable_machine_client(client_id, actor=operator.actor(), at=now())
