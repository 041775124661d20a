"""A licence as a credential in the holder's own wallet: SD-JWT VC, bound to a key there. 可验证凭证

The holder shows it to whom it likes, with the fields it likes, without us; each showing is signed
by its key. Its place in a status list is its own, and so it can be taken back alone.
"""

import secrets
from datetime import UTC, datetime, time, timedelta
from uuid import UUID

from msgspec import Struct
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit
from core.clock import CHINA
from core.errors import Conflict, NotFound, Rejected
from core.sealing import Vault
from core.signing import BadSignature
from identity.callers import Caller
from identity.device_keys import PublicKey, PublicKeyInvalid, header_of, read_public_key
from identity.proofs import claim_once
from licences.issuing import LicenceIssuer
from licences.kinds import EntryKind
from licences.licence_fields import open_values
from licences.models import Licence, StatusEntry
from licences.presentations import lock_valid
from licences.sd_jwt import combine, hide
from licences.status_lists import take_place
from licences.wallet import find_own

TYPE = "dc+sd-jwt"
PROOF_TYPE = "openid4vci-proof+jwt"
LIFETIME = timedelta(days=30)
NONCE_LASTS = timedelta(minutes=5)
PROOF_SKEW = timedelta(minutes=2)
MOST = 8
"""Credentials of one licence that live at once: one for each phone, and some to spare."""

_ALGORITHM = "ES256"
_SESSION_BYTES, _END_BYTES, _OWN_BYTES = 16, 8, 8


class KeyProofRefused(Rejected):
    code = "licences.key_proof_refused"
    message = "密钥证明无效或已过时，请重新获取"


class CredentialsTooMany(Conflict):
    code = "licences.credentials_too_many"
    message = "这张证照的凭证数量已达上限，请先收回不用的"


class CredentialNotFound(NotFound):
    code = "licences.credential_not_found"
    message = "没有找到该凭证"


class CredentialNonce(Struct, frozen=True):
    """What the proof of a key must repeat, and until when."""

    nonce: str
    expires_at: datetime


class HeldCredential(Struct, frozen=True, kw_only=True):
    """A credential that lives, by the thumbprint (RFC 7638) of the key it is bound to."""

    id: UUID
    key_thumbprint: str
    issued_at: datetime
    expires_at: datetime


class IssuedCredential(HeldCredential, frozen=True, kw_only=True):
    """The credential itself, with all its disclosures. We keep none of it."""

    credential: str
    vct: str


def make_nonce(*, caller: Caller, issuer: LicenceIssuer, at: datetime) -> CredentialNonce:
    """For one session, five minutes, one credential. It is kept only once it was used: it says
    itself whose it is and until when.
    """
    ends = int((at + NONCE_LASTS).timestamp())
    own = secrets.token_bytes(_OWN_BYTES)
    nonce = issuer.nonces.sign(caller.session_id.bytes + ends.to_bytes(_END_BYTES) + own)
    return CredentialNonce(nonce, datetime.fromtimestamp(ends, UTC))


async def issue_credential(
    licence_id: UUID,
    *,
    proof: str,
    caller: Caller,
    issuer: LicenceIssuer,
    vault: Vault,
    at: datetime,
) -> IssuedCredential:
    """A credential with every field in clear, bound to the key that signed the proof. 签发凭证

    Of a valid licence of the party's that the caller acts for, by who may confirm; audited. A proof
    that was used is refused; one that brought nothing may come again.
    """
    caller.required_confirmer()
    licence = await find_own(licence_id, caller)
    key, nonce = _proved_key(proof, caller, issuer, at)
    ends = min(at + LIFETIME, _end_of(licence) or at + LIFETIME)
    values = open_values(licence, vault)  # first: what does not open must not take a place
    async with in_transaction():
        await lock_valid([licence.id], at=at)  # of many at once no more pass than there may be
        if await _living(licence.id, at).count() >= MOST:
            raise CredentialsTooMany(licence_id=licence.id)
        await _use_up(nonce, at)
        entry = await take_place(
            licence.id,
            EntryKind.CREDENTIAL,
            expires_at=ends,
            at=at,
            key_thumbprint=key.thumbprint,
        )
        subject = f"licence:{licence.id}"
        await audit.record(
            caller.actor(), "licences.issue_credential", subject, credential=str(entry.id)
        )
    return _issued(licence, entry, key, issuer, values)


async def list_credentials(
    licence_id: UUID, *, caller: Caller, at: datetime
) -> list[HeldCredential]:
    """Those that live, newest first."""
    licence = await find_own(licence_id, caller)
    rows = await _living(licence.id, at).order_by("-id")
    return [_held(row) for row in rows]


async def revoke_credential(
    licence_id: UUID, credential_id: UUID, *, caller: Caller, at: datetime
) -> None:
    """Take one back, for a lost phone: it is in the status list within a minute. Again is fine."""
    caller.required_confirmer()
    licence = await find_own(licence_id, caller)
    own = StatusEntry.filter(id=credential_id, licence_id=licence.id, kind=EntryKind.CREDENTIAL)
    async with in_transaction():
        if not await own.exists():
            raise CredentialNotFound(credential_id=credential_id)
        if await own.filter(revoked_at=None).update(revoked_at=at):
            subject = f"licence:{licence.id}"
            await audit.record(
                caller.actor(), "licences.revoke_credential", subject, credential=str(credential_id)
            )


def _living(licence_id: UUID, at: datetime) -> QuerySet[StatusEntry]:
    return StatusEntry.filter(
        licence_id=licence_id, kind=EntryKind.CREDENTIAL, revoked_at=None, expires_at__gt=at
    )


async def _use_up(nonce: str, at: datetime) -> None:
    """One nonce brings one credential, however many bring it at once."""
    forget = at + NONCE_LASTS + PROOF_SKEW
    if not await claim_once("credential_nonce", nonce, at=at, forget_after=forget):
        raise KeyProofRefused(reason="used")


def _proved_key(
    proof: str, caller: Caller, issuer: LicenceIssuer, at: datetime
) -> tuple[PublicKey, str]:
    """The key that signed this proof just now, for us and for this session, and the nonce."""
    try:
        header = header_of(proof)
        jwk = header.get("jwk")
        if set(header) != {"alg", "jwk", "typ"} or header["typ"] != PROOF_TYPE:
            raise ValueError("header")
        if not isinstance(jwk, dict):
            raise ValueError("jwk")
        key = read_public_key(jwk)
        said = key.read(proof)
        if key.algorithm != _ALGORITHM or said.get("aud") != issuer.address:
            raise ValueError("claims")
        _check_moment(said.get("iat"), at)
        nonce = _checked_nonce(said.get("nonce"), caller, issuer, at)
    except (ValueError, PublicKeyInvalid, BadSignature) as error:
        raise KeyProofRefused(reason=type(error).__name__) from None
    return key, nonce


def _check_moment(issued: object, at: datetime) -> None:
    longest = int((NONCE_LASTS + PROOF_SKEW).total_seconds())
    if type(issued) is not int or abs(int(at.timestamp()) - issued) > longest:
        raise ValueError("iat")


def _checked_nonce(nonce: object, caller: Caller, issuer: LicenceIssuer, at: datetime) -> str:
    if not isinstance(nonce, str):
        raise ValueError("nonce")
    data = issuer.nonces.unsign(nonce)
    session, rest = data[:_SESSION_BYTES], data[_SESSION_BYTES:]
    ends = int.from_bytes(rest[:_END_BYTES])
    if session != caller.session_id.bytes or at.timestamp() > ends:
        raise ValueError("nonce")
    return nonce


def _issued(
    licence: Licence,
    entry: StatusEntry,
    key: PublicKey,
    issuer: LicenceIssuer,
    values: dict[str, str],
) -> IssuedCredential:
    hidden = hide(values)
    vct = issuer.type_uri(licence.licence_type_id)
    claims = {
        "iss": issuer.address,
        "iat": _whole_hour(entry.created_at),
        "exp": int(entry.expires_at.timestamp()),
        "vct": vct,
        "cnf": {"jwk": key.jwk},
        "status": {
            "status_list": {
                "idx": entry.position,
                "uri": issuer.status_list_uri(entry.status_list_id),
            }
        },
        "_sd": hidden.digests,
        "_sd_alg": "sha-256",
    }
    signed = issuer.sign_token(claims, typ=TYPE)
    held = _held(entry)
    return IssuedCredential(
        id=held.id,
        key_thumbprint=held.key_thumbprint,
        issued_at=held.issued_at,
        expires_at=held.expires_at,
        credential=combine(signed, hidden),
        vct=vct,
    )


def _held(entry: StatusEntry) -> HeldCredential:
    return HeldCredential(
        id=entry.id,
        key_thumbprint=entry.key_thumbprint or "",
        issued_at=entry.created_at,
        expires_at=entry.expires_at,
    )


def _end_of(licence: Licence) -> datetime | None:
    """The last moment of its last day in China."""
    if licence.valid_until is None:
        return None
    return datetime.combine(licence.valid_until, time(23, 59, 59), CHINA)


def _whole_hour(moment: datetime) -> int:
    """Not to the second: that would tell one credential from all others."""
    return int(moment.timestamp()) // 3600 * 3600
