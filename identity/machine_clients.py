"""Programs of organisations that call us as themselves: who they are and their keys. 机构系统

A program has no secret of ours: it proves itself with a key of its own, of which we know the
public half. Two may hold at once, so that one can be changed without a pause.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_network
from uuid import UUID

from tortoise.expressions import F
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Conflict, NotFound, Rejected
from core.ids import new_id
from identity.device_keys import read_public_key
from identity.models import MachineClient, MachineKey

MAX_KEYS = 2


class MachineScope(StrEnum):
    """What a program may be allowed to do."""

    VERIFICATIONS_WRITE = "verifications:write"  # 核验
    LICENCES_TAKE = "licences:take"  # 用证


class MachineClientNotFound(NotFound):
    code = "identity.machine_client_not_found"
    message = "没有找到该机构系统"


class MachineKeyNotFound(NotFound):
    code = "identity.machine_key_not_found"
    message = "没有找到该公钥"


class MachineNameTaken(Conflict):
    code = "identity.machine_name_taken"
    message = "该机构系统名称已被使用"


class PublicKeyTaken(Conflict):
    code = "identity.public_key_taken"
    message = "该公钥已登记过，请重新生成"


class TooManyKeys(Conflict):
    code = "identity.too_many_keys"
    message = "最多同时登记两个公钥，请先停用一个"


class NetworkInvalid(Rejected):
    code = "identity.network_invalid"
    message = "来源网段格式不正确，且至少填写一个"


class ScopeUnknown(Rejected):
    code = "identity.scope_unknown"
    message = "没有此项接口权限"


def check_networks(networks: Iterable[str]) -> list[str]:
    """The networks in one spelling, or NetworkInvalid. None at all would mean everybody."""
    try:
        read = sorted({str(ip_network(network)) for network in networks})
    except ValueError:
        raise NetworkInvalid() from None
    if not read or any(network.endswith("/0") for network in read):
        raise NetworkInvalid()
    return read


def check_scopes(scopes: Iterable[str]) -> list[str]:
    """The scopes in order, or ScopeUnknown."""
    given = sorted(set(scopes))
    if not given or not set(given) <= set(MachineScope):
        raise ScopeUnknown()
    return given


async def register_machine_client(
    *,
    organisation_id: UUID,
    name: str,
    scopes: Iterable[str],
    networks: Iterable[str],
    daily_quota: int,
    actor: str,
) -> MachineClient:
    """A program of an organisation, without a key yet; its name is nobody else's."""
    given = {"scopes": check_scopes(scopes), "networks": check_networks(networks)}
    defaults = given | {"id": new_id(), "organisation_id": organisation_id}
    async with in_transaction():
        client, fresh = await MachineClient.get_or_create(
            name=name, defaults=defaults | {"daily_quota": daily_quota}
        )
        if not fresh:
            raise MachineNameTaken()
        await audit.record(
            actor,
            "machine_client.register",
            f"machine_client:{client.id}",
            scopes=",".join(given["scopes"]),
        )
    return client


async def add_machine_key(
    client_id: UUID, jwk: Mapping[str, object], *, actor: str, at: datetime
) -> MachineKey:
    """Let a program prove itself with this key too. Two at most, however many come at once."""
    key = read_public_key(jwk)
    async with in_transaction():
        client = await _locked(client_id)
        if await MachineKey.filter(client_id=client.id, revoked_at=None).count() >= MAX_KEYS:
            raise TooManyKeys(client_id=client_id)
        row, fresh = await MachineKey.get_or_create(
            thumbprint=key.thumbprint,
            defaults={"client_id": client.id, "public_jwk": key.jwk, "created_at": at},
        )
        if not fresh:
            raise PublicKeyTaken(client_id=client_id)
        subject = f"machine_client:{client_id}"
        await audit.record(actor, "machine_client.add_key", subject, key=key.thumbprint)
    return row


async def revoke_machine_key(client_id: UUID, key_id: UUID, *, actor: str, at: datetime) -> None:
    """Believe a key no longer, nor any token that was given out until now. Twice is once."""
    async with in_transaction():
        client = await _locked(client_id)
        key = await MachineKey.get_or_none(id=key_id, client_id=client.id)
        if key is None:
            raise MachineKeyNotFound(client_id=client_id, key_id=key_id)
        if await MachineKey.filter(id=key_id, revoked_at=None).update(revoked_at=at):
            await MachineClient.filter(id=client.id).update(epoch=F("epoch") + 1)
            subject = f"machine_client:{client_id}"
            await audit.record(actor, "machine_client.revoke_key", subject, key=key.thumbprint)


async def disable_machine_client(client_id: UUID, *, actor: str, at: datetime) -> None:
    """Shut a program out at once, tokens and all. Twice is once."""
    async with in_transaction():
        client = await _locked(client_id)
        if client.disabled_at is None:
            living = MachineClient.filter(id=client_id)
            await living.update(disabled_at=at, epoch=F("epoch") + 1)
            await audit.record(actor, "machine_client.disable", f"machine_client:{client_id}")


async def _locked(client_id: UUID) -> MachineClient:
    client = await MachineClient.select_for_update().get_or_none(id=client_id)
    if client is None:
        raise MachineClientNotFound(client_id=client_id)
    return client
