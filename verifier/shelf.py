"""What is kept on this device: the issuer's keys and its lists, as they were last fetched."""

import json
import os
import secrets
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from verifier.jws import Json, Keys, read_keys, read_object
from verifier.refusals import Refused, Undecided
from verifier.status_list import MAX_BYTES, SKEW_SECONDS, StatusList, read_list

METADATA = "/.well-known/jwt-vc-issuer"
TIMEOUT = 20
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SyncFailed(Exception):
    """The issuer was not reached, or what it gave is not to be relied on. Nothing was changed."""


@dataclass(frozen=True)
class Shelf:
    """A folder of one issuer's things. Reading it needs no network."""

    issuer: str
    jwks: Json
    lists: dict[str, str]
    fetched: float

    @property
    def keys(self) -> Keys:
        return read_keys(self.jwks)

    def find_list(self, uri: str, *, at: float) -> StatusList:
        """The list of this address; Undecided when we have none that still holds."""
        if at < self.fetched - SKEW_SECONDS:
            raise Undecided("clock_behind")
        try:
            return read_list(self.lists[uri], self.keys, uri=uri, at=at)
        except Undecided:
            raise
        except (KeyError, Refused):  # what is broken here says nothing of what was shown
            raise Undecided("no_list") from None

    def list_uri(self, number: int) -> str:
        return f"{self.issuer}/agency/v1/status-lists/{number}"


def load(folder: Path) -> Shelf:
    """What the last `sync` left; Undecided when there was none."""
    try:
        kept = read_object((folder / "issuer.json").read_bytes())
        return Shelf(kept["issuer"], kept["jwks"], kept["lists"], float(kept["fetched"]))
    except (OSError, KeyError, ValueError, Refused):
        raise Undecided("never_synced") from None


def sync(issuer: str, folder: Path, *, at: float) -> Shelf:
    """Fetch the issuer's keys and every list, check them all, and only then keep them."""
    if not _may_be_asked(issuer):
        raise SyncFailed("需要 https 地址")
    try:
        shelf = _fetched(issuer, at)
        _keep(shelf, folder)
    except Undecided:
        raise
    except Refused:
        raise SyncFailed("对方给出的不是签发方的内容，可能要先登录所连的网络") from None
    except (OSError, HTTPException, UnicodeError) as error:
        raise SyncFailed(f"没有连上或无法保存（{type(error).__name__}）") from None
    return shelf


def _fetched(issuer: str, at: float) -> Shelf:
    metadata = read_object(_fetch(issuer + METADATA))
    if metadata.get("issuer") != issuer:
        raise SyncFailed("对方自报的地址与所填不一致")
    jwks = read_object(_fetch(_below(metadata.get("jwks_uri"), issuer)))
    source = metadata.get("status_list_aggregation_endpoint")
    named = read_object(_fetch(_below(source, issuer))).get("status_lists")
    if not isinstance(named, list):
        raise Refused("not_genuine")
    uris = [_below(uri, issuer) for uri in named]
    lists = {uri: _fetch(uri).decode("ascii") for uri in uris}
    shelf = Shelf(issuer, jwks, lists, at)
    for uri, token in lists.items():
        read_list(token, shelf.keys, uri=uri, at=at)
    return shelf


def _keep(shelf: Shelf, folder: Path) -> None:
    """Whole or not at all, also when two do so at once: each writes a file of its own first."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"issuer.json.{os.getpid()}-{secrets.token_hex(4)}.new"
    try:
        fresh.write_text(json.dumps(vars(shelf)), "utf-8")
        fresh.replace(folder / "issuer.json")
    finally:
        fresh.unlink(missing_ok=True)


def _may_be_asked(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)


def _below(address: object, issuer: str) -> str:
    if not isinstance(address, str) or not address.startswith(f"{issuer}/"):
        raise SyncFailed("名单或公钥不在对方自己的地址下")
    return address


class _StayHere(HTTPRedirectHandler):
    """A redirect is not followed: it would lead to another house."""

    def redirect_request(self, *_: object) -> None:
        return None


def _fetch(address: str) -> bytes:
    request = Request(address, headers={"Accept": "*/*", "User-Agent": "zhangban-verifier/1"})
    with build_opener(_StayHere).open(request, timeout=TIMEOUT) as answer:
        data: bytes = answer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise SyncFailed("内容过大")
    return data
