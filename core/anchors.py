"""Signed marks of the audit chain, kept outside the database. 审计锚点

Whoever owns the database can rewrite the chain from some row on, or cut its tail, and make it fit
again. A mark says what the chain's head was at some time, signed by a key the database does not
have; a chain that does not go through all its marks was changed.
"""

from datetime import datetime

import msgspec
import obstore
from msgspec import Struct
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore

from core.errors import UpstreamFailed
from core.models import AuditSeal
from core.signature_keys import SignatureKey

_FOLDER = "audit-anchors"


class AnchorFailed(UpstreamFailed):
    code = "core.anchor_failed"
    message = "审计锚点暂时无法写入"


class _Mark(Struct, frozen=True):
    seq: int
    hash: str
    at: datetime
    algorithm: str


class _Anchor(Struct, frozen=True):
    mark: _Mark
    signature: bytes


class AnchorReport(Struct, frozen=True):
    """How many marks there are, and the numbers of those the chain does not go through."""

    anchors: int
    broken: list[int]


async def anchor_audit(store: ObjectStore, key: SignatureKey, *, at: datetime) -> int | None:
    """Mark the chain's head; its number, or None when it is marked already or there is none."""
    head = await AuditSeal.all().order_by("-seq").first()
    if head is None:
        return None
    mark = _Mark(head.seq, bytes(head.hash).hex(), at, key.algorithm)
    anchor = _Anchor(mark, key.sign(msgspec.json.encode(mark)))
    try:
        await obstore.put_async(store, _path(head.seq), msgspec.json.encode(anchor), mode="create")
    except AlreadyExistsError:
        return None
    except BaseError as error:
        raise AnchorFailed(seq=head.seq) from error
    seq: int = head.seq
    return seq


async def check_anchors(store: ObjectStore, key: SignatureKey) -> AnchorReport:
    """Hold the chain in the database against every mark."""
    seqs: list[int] = []
    broken: list[int] = []
    async for batch in obstore.list(store, f"{_FOLDER}/"):
        for item in batch:
            seq = int(item["path"].rpartition("/")[2].removesuffix(".json"))
            seqs.append(seq)
            if not await _holds(store, key, seq):
                broken.append(seq)
    return AnchorReport(len(seqs), sorted(broken))


async def _holds(store: ObjectStore, key: SignatureKey, seq: int) -> bool:
    found = await obstore.get_async(store, _path(seq))
    try:
        anchor = msgspec.json.decode(bytes(await found.bytes_async()), type=_Anchor)
    except msgspec.MsgspecError:
        return False
    mark = anchor.mark
    if mark.seq != seq or not key.verify(msgspec.json.encode(mark), anchor.signature):
        return False
    seal = await AuditSeal.get_or_none(seq=seq)
    return seal is not None and bytes(seal.hash).hex() == mark.hash


def _path(seq: int) -> str:
    return f"{_FOLDER}/{seq:015d}.json"
