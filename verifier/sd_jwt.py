"""Credentials of which the holder shows only some fields: SD-JWT VC with key binding (RFC 9901).

`issuer's JWT ~ disclosure ~ … ~ holder's JWT`. Every disclosure must be named by a digest of the
issuer's, once; the holder's JWT binds all of it to the verifier and to the nonce it gave.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from verifier.jws import Json, Keys, decode, encode, open_jws, open_with, read_key
from verifier.refusals import Refused, Undecided

TYPE = "dc+sd-jwt"
BINDING_TYPE = "kb+jwt"
MAX_BYTES = 64 * 1024
SKEW_SECONDS = 120
BINDING_SECONDS = 300
"""How old a holder's signature may be."""

_NEVER_HIDDEN = {"iss", "nbf", "exp", "cnf", "vct", "status", "vct#integrity"}


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What was shown: every claim that the issuer signed and the holder disclosed."""

    issuer: str
    vct: str
    claims: Json
    status_uri: str
    status_index: int


def read_presentation(
    presentation: str,
    keys: Keys,
    *,
    issuer: str,
    audience: str,
    nonce: str,
    at: float,
) -> Credential:
    """A credential of this issuer, shown to this audience by its holder, just now.

    Whether it was revoked since is asked of its status list: see `status_uri`.
    """
    signed, disclosures, binding = _parts(presentation)
    claims = open_jws(signed, keys, typ=TYPE)
    if claims.get("iss") != issuer:
        raise Refused("not_genuine")
    _check_times(claims, at)
    _check_binding(claims, presentation, binding, (audience, nonce), at)
    shown = disclose(claims, disclosures)
    uri, index = _status(claims)
    return Credential(
        issuer=issuer,
        vct=str(claims.get("vct")),
        claims=shown,
        status_uri=uri,
        status_index=index,
    )


def disclose(claims: Json, disclosures: Collection[str]) -> Json:
    """The claims with what was disclosed put in its place, and no trace of what was not."""
    if claims.get("_sd_alg", "sha-256") != "sha-256":
        raise Refused("not_genuine")
    known = {_digest(text): _read_disclosure(text) for text in disclosures}
    if len(known) != len(disclosures):
        raise Refused("tampered")
    seen: list[str] = []
    shown = _filled(claims, known, seen)
    if len(set(seen)) != len(seen) or not set(known) <= set(seen):
        raise Refused("tampered")
    shown.pop("_sd_alg", None)
    if not isinstance(shown, dict):
        raise Refused("not_genuine")
    return shown


def _parts(presentation: str) -> tuple[str, list[str], str]:
    if len(presentation) > MAX_BYTES or not presentation.isascii():
        raise Refused("not_genuine")
    signed, *disclosures, binding = presentation.split("~")
    if not binding:
        raise Refused("not_bound")
    return signed, disclosures, binding


def _filled(value: Any, known: dict[str, list[Any]], seen: list[str]) -> Any:
    if isinstance(value, list):
        return [item for each in value for item in _element(each, known, seen)]
    if not isinstance(value, dict):
        return value
    filled = {name: _filled(one, known, seen) for name, one in value.items() if name != "_sd"}
    for digest in value.get("_sd", []):
        seen.append(digest)
        if digest not in known:
            continue
        if len(known[digest]) != 3:
            raise Refused("tampered")
        _, name, hidden = known[digest]
        if name in filled or name in ("_sd", "...") or name in _NEVER_HIDDEN:
            raise Refused("tampered")
        filled[name] = _filled(hidden, known, seen)
    return filled


def _element(value: Any, known: dict[str, list[Any]], seen: list[str]) -> list[Any]:
    if not isinstance(value, dict) or set(value) != {"..."}:
        return [_filled(value, known, seen)]
    digest = str(value["..."])
    seen.append(digest)
    if digest not in known:
        return []
    if len(known[digest]) != 2:
        raise Refused("tampered")
    return [_filled(known[digest][1], known, seen)]


def _read_disclosure(text: str) -> list[Any]:
    try:
        said = json.loads(decode(text))
    except (ValueError, RecursionError):
        raise Refused("tampered") from None
    if not isinstance(said, list) or len(said) not in (2, 3):
        raise Refused("tampered")
    if len(said) == 3 and not isinstance(said[1], str):
        raise Refused("tampered")
    return said


def _check_times(claims: Json, at: float) -> None:
    issued, begins = claims.get("iat", 0), claims.get("nbf", 0)
    ends = claims.get("exp")
    if any(type(moment) is not int for moment in (issued, begins, ends)):
        raise Refused("not_genuine")
    if at < max(issued, begins) - SKEW_SECONDS:
        raise Undecided("clock_behind")
    if at > int(ends or 0) + SKEW_SECONDS:
        raise Refused("credential_expired")


def _check_binding(
    claims: Json, presentation: str, binding: str, wanted: tuple[str, str], at: float
) -> None:
    """The holder's key, which the issuer named, signed this presentation for this verifier."""
    named = claims.get("cnf")
    jwk = named.get("jwk") if isinstance(named, dict) else None
    if not isinstance(jwk, dict):
        raise Refused("not_bound")
    said = open_with(binding, read_key(jwk), typ=BINDING_TYPE)
    if said.get("sd_hash") != _digest(presentation.removesuffix(binding)):
        raise Refused("not_bound")
    if said.get("aud") != wanted[0]:
        raise Refused("other_audience")
    if said.get("nonce") != wanted[1]:
        raise Refused("other_nonce")
    issued = said.get("iat")
    if type(issued) is not int or at > issued + BINDING_SECONDS:
        raise Refused("binding_old")
    if at < issued - SKEW_SECONDS:
        raise Undecided("clock_behind")


def _status(claims: Json) -> tuple[str, int]:
    try:
        said = claims["status"]["status_list"]
        uri, index = said["uri"], said["idx"]
    except (KeyError, TypeError):
        raise Refused("not_genuine") from None
    if not isinstance(uri, str) or type(index) is not int or index < 0:
        raise Refused("not_genuine")
    return uri, index


def _digest(text: str) -> str:
    return encode(sha256(text.encode()).digest())
