"""Which licences are suspended or revoked: a signed list of bits that may be kept. 状态名单

As in Token Status List of the IETF: a JWT of type `statuslist+jwt`, its bits compressed by zlib.
"""

import zlib
from dataclasses import dataclass
from enum import IntEnum

from verifier.jws import Keys, decode, open_jws
from verifier.refusals import Refused, Undecided

TYPE = "statuslist+jwt"
SKEW_SECONDS = 120
MAX_BYTES = 8 * 1024 * 1024


class Status(IntEnum):
    VALID = 0
    REVOKED = 1
    SUSPENDED = 2


@dataclass(frozen=True, kw_only=True)
class StatusList:
    uri: str
    issued: int
    ends: int
    ttl: int
    bits: int
    packed: bytes

    def status(self, index: int) -> int:
        """The word about one licence; lowest bits first within a byte."""
        per_byte = 8 // self.bits
        place, within = divmod(index, per_byte)
        if place >= len(self.packed):
            raise Refused("not_genuine")
        return self.packed[place] >> (within * self.bits) & ((1 << self.bits) - 1)


def read_list(token: str, keys: Keys, *, uri: str, at: float) -> StatusList:
    """A genuine list of this address that still holds."""
    claims = open_jws(token.strip(), keys, typ=TYPE)
    listed = claims.get("status_list")
    if claims.get("sub") != uri or not isinstance(listed, dict):
        raise Refused("not_genuine")
    numbers = [claims.get("iat"), claims.get("exp"), claims.get("ttl", 0), listed.get("bits")]
    if any(type(number) is not int for number in numbers) or numbers[3] not in (1, 2, 4, 8):
        raise Refused("not_genuine")
    issued, ends, ttl, bits = (int(number or 0) for number in numbers)
    if at < issued - SKEW_SECONDS:
        raise Undecided("clock_behind")
    if at > ends:
        raise Undecided("list_expired")
    return StatusList(
        uri=uri,
        issued=issued,
        ends=ends,
        ttl=ttl,
        bits=bits,
        packed=_unpacked(str(listed.get("lst", ""))),
    )


def check_status(found: int) -> None:
    """Refuse what the list calls anything but valid."""
    if found == Status.SUSPENDED:
        raise Refused("suspended")
    if found != Status.VALID:
        raise Refused("revoked")


def _unpacked(text: str) -> bytes:
    opening = zlib.decompressobj()
    try:
        packed = opening.decompress(decode(text), MAX_BYTES)
    except zlib.error:
        raise Refused("not_genuine") from None
    if not opening.eof or opening.unused_data:
        raise Refused("not_genuine")
    return packed
