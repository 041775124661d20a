"""How a program proves itself and is let in: private_key_jwt for a token (RFC 6749, 7523). 令牌

An assertion counts once, for five minutes at most, and only from an address of the program's own.
Every call is counted in the database: a quota is exact however many processes serve.
"""

import logging
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from uuid import UUID

from msgspec import Struct
from tortoise import connections

from core import audit
from core.clock import CHINA, date_in_china
from core.errors import NotAllowed, NotSignedIn, TooMany
from core.ids import new_id
from core.prepared import Prepared
from identity.callers import MachineCaller
from identity.device_keys import PublicKey, header_of, in_time
from identity.machine_clients import ScopeUnknown
from identity.models import MachineClient, MachineKey
from identity.proofs import claim_once
from identity.tokens import LIFETIME, Audience, Claims, TokenIssuer, TokenReader

ASSERTION_LIFETIME = timedelta(minutes=5)
ASKED_AT = "/agency/v1/token"
_BEARER = "Bearer"
_MAX_JTI = 128
_HEADER = {"alg", "kid", "typ"}
_KID = re.compile(r"[A-Za-z0-9_-]{43}\Z")

_CLIENT = Prepared(
    lambda subject: MachineClient.filter(token_subject=subject).select_related("organisation"),
    UUID,
)

log = logging.getLogger(__name__)


class AssertionRefused(NotSignedIn):
    code = "identity.assertion_refused"
    message = "系统身份验证失败"


class MachineSessionEnded(NotSignedIn):
    code = "identity.machine_session_ended"
    message = "访问令牌已失效，请重新获取"


class AddressNotAllowed(NotAllowed):
    code = "identity.address_not_allowed"
    message = "来源地址不在登记范围内"


class QuotaSpent(TooMany):
    code = "identity.quota_spent"
    message = "今日调用次数已用完"
    shown = ("retry_after",)


class MachineToken(Struct, frozen=True, kw_only=True):
    """An access token of a program, with the names of RFC 6749."""

    access_token: str
    token_type: str = _BEARER
    expires_in: int
    scope: str

    def __repr__(self) -> str:
        return f"MachineToken(scope={self.scope!r})"


async def exchange_assertion(
    assertion: str,
    scope: str | None,
    *,
    client_id: UUID | None = None,
    address: str,
    issuer: TokenIssuer,
    at: datetime,
) -> MachineToken:
    """A token for who signed this with a registered key. Every refusal looks the same."""
    try:
        client = await _prove(assertion, address, issuer.issuer, at)
    except ValueError as refused:
        log.info("assertion refused", extra={"reason": str(refused)})
        raise AssertionRefused() from None
    if client_id not in (None, client.id):
        raise AssertionRefused(client_id=client.id)
    scopes = frozenset(client.scopes) if scope is None else frozenset(scope.split())
    if not scopes or not scopes <= frozenset(client.scopes):
        raise ScopeUnknown(client_id=client.id)
    claims = Claims(
        sub=client.token_subject, sid=client.id, epoch=client.epoch, scope=" ".join(sorted(scopes))
    )
    token, _ = issuer.issue(Audience.MACHINE, claims, at=at)
    await audit.record(
        f"machine:{client.id}", "machine_client.token", f"machine_client:{client.id}"
    )
    return MachineToken(
        access_token=token,
        expires_in=int(LIFETIME.total_seconds()),
        scope=claims.scope or "",
    )


async def authenticate_machine(
    token: str, *, address: str, issuer: TokenIssuer | TokenReader, at: datetime
) -> MachineCaller:
    """The program behind a token, with the rights of now, read from PostgreSQL each time."""
    claims = issuer.read(token, Audience.MACHINE, at=at)
    client = await _CLIENT.first(claims.sub)
    if client is None or (client.id, client.epoch) != (claims.sid, claims.epoch):
        raise MachineSessionEnded(client_id=claims.sid)
    organisation = client.organisation
    if client.disabled_at is not None or organisation.disabled_at is not None:
        raise MachineSessionEnded(client_id=claims.sid)
    if not is_from(address, client.networks):
        raise AddressNotAllowed(client_id=client.id)
    await _count(client, at)
    return MachineCaller(
        client_id=client.id,
        organisation_id=organisation.id,
        organisation_name=organisation.name,
        department=organisation.department,
        division=organisation.division,
        scopes=frozenset(client.scopes) & frozenset((claims.scope or "").split()),
        licence_types=frozenset(organisation.licence_types),
        fields=frozenset(organisation.fields_allowed),
        purpose=organisation.purpose,
    )


async def used_today(client_id: UUID, *, at: datetime) -> int:
    """How many calls of a program counted today."""
    rows = await connections.get("default").execute_query_dict(
        'SELECT used FROM identity_machine_usage WHERE client_id = $1 AND "on" = $2',
        [client_id, date_in_china(at)],
    )
    return int(rows[0]["used"]) if rows else 0


def is_from(address: str, networks: Iterable[str]) -> bool:
    """Whether an address is in one of these networks; one that cannot be read is in none."""
    try:
        known = ip_address(address)
    except ValueError:
        return False
    return any(known in ip_network(network) for network in networks)


async def _prove(assertion: str, address: str, public_url: str, at: datetime) -> MachineClient:
    """The living client whose key signed this for us, just now and not before; or ValueError."""
    header = header_of(assertion)
    if not {"alg", "kid"} <= set(header) <= _HEADER or header.get("typ", "JWT") != "JWT":
        raise ValueError("header")
    key = await _living_key(str(header["kid"]))
    said = _public_key(key).read(assertion)
    client = await MachineClient.get(id=key.client_id).select_related("organisation")
    if said.get("iss") != str(client.id) or said.get("sub") != said.get("iss"):
        raise ValueError("names")
    if said.get("aud") not in (public_url, public_url + ASKED_AT):
        raise ValueError("audience")
    if not in_time(said.get("iat"), said.get("exp"), at=at, at_most=ASSERTION_LIFETIME):
        raise ValueError("time")
    if client.disabled_at is not None or client.organisation.disabled_at is not None:
        raise ValueError("disabled")
    if not is_from(address, client.networks):
        raise ValueError("address")
    await _use_once(client.id, said.get("jti"), int(said["exp"]), at)
    return client


async def _living_key(kid: str) -> MachineKey:
    """The key of this name, or ValueError. What is no thumbprint is not asked for: PostgreSQL may
    not take it.
    """
    key = await MachineKey.get_or_none(thumbprint=kid, revoked_at=None) if _KID.match(kid) else None
    if key is None:
        raise ValueError("key")
    return key


async def _use_once(client_id: UUID, jti: object, exp: int, at: datetime) -> None:
    if not isinstance(jti, str) or not 1 <= len(jti) <= _MAX_JTI:
        raise ValueError("jti")
    forget = datetime.fromtimestamp(exp, UTC) + timedelta(minutes=1)
    if not await claim_once(f"assertion:{client_id}", jti, at=at, forget_after=forget):
        raise ValueError("used before")


def _public_key(key: MachineKey) -> PublicKey:
    algorithm = "ES256" if key.public_jwk["kty"] == "EC" else "EdDSA"
    return PublicKey(key.public_jwk, algorithm, key.thumbprint)


async def _count(client: MachineClient, at: datetime) -> None:
    """Count a call, or refuse it: one statement, whose row decides."""
    rows = await connections.get("default").execute_query_dict(
        'INSERT INTO identity_machine_usage AS u (id, client_id, "on", used)'
        ' VALUES ($1, $2, $3, 1) ON CONFLICT (client_id, "on")'
        " DO UPDATE SET used = u.used + 1 WHERE u.used < $4 RETURNING used",
        [new_id(), client.id, date_in_china(at), client.daily_quota],
    )
    if not rows:
        raise QuotaSpent(client_id=client.id, retry_after=_until_midnight(at))


def _until_midnight(at: datetime) -> int:
    here = at.astimezone(CHINA)
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return max(1, int((midnight - here).total_seconds()))
