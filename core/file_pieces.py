"""The form of an encrypted file: a head, then pieces under the file's own key.

Each piece is bound to its file, its number and to being the last or not, so that none can be cut
off, swapped or moved. The head is 2 bytes of length and the sealed key,
whose first byte names the suite of the pieces too.
"""

from collections.abc import AsyncIterator, Callable

from core.suites import NotGenuine, Suite, find_suite

_HEAD, _PIECE, _TAG = 2, 64 * 1024, 16


class PieceBroken(Exception):
    """Something was changed, moved or is missing."""


async def encrypted(
    content: AsyncIterator[bytes], *, key: bytes, sealed_key: bytes, label: bytes
) -> AsyncIterator[bytes]:
    """What goes into the store."""
    yield len(sealed_key).to_bytes(_HEAD, "big") + sealed_key
    suite, index = _suite(sealed_key), 0
    async for piece, last in _with_last(_cut(content, _PIECE)):
        yield suite.encrypt(key, _nonce(index), piece, _bound(label, last))
        index += 1


async def decrypted(
    stored: AsyncIterator[bytes], *, open_key: Callable[[bytes], bytes], label: bytes
) -> AsyncIterator[bytes]:
    """What was put in, piece by piece, or PieceBroken. Nothing unchecked is given out."""
    sealed_key, rest = await _head(stored)
    key = open_key(sealed_key)
    suite, index, ended = _suite(sealed_key), 0, False
    async for piece, last in _with_last(_cut(_chain(rest, stored), _PIECE + _TAG)):
        try:
            yield suite.decrypt(key, _nonce(index), piece, _bound(label, last))
        except (NotGenuine, ValueError) as error:
            raise PieceBroken from error
        index, ended = index + 1, last
    if not ended:
        raise PieceBroken


def _suite(sealed_key: bytes) -> Suite:
    suite = find_suite(sealed_key[0])
    if suite is None:
        raise PieceBroken
    return suite


async def _head(stored: AsyncIterator[bytes]) -> tuple[bytes, bytes]:
    """The sealed key, and what came with it of the content."""
    read = b""
    async for chunk in stored:
        read += chunk
        ends = _HEAD + int.from_bytes(read[:_HEAD], "big")
        if len(read) > _HEAD and len(read) >= ends:
            return read[_HEAD:ends], read[ends:]
    raise PieceBroken


async def _chain(first: bytes, following: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in following:
        yield chunk


async def _cut(chunks: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """The same bytes in pieces of one size; at least one, and only the last shorter."""
    waiting = bytearray()
    async for chunk in chunks:
        waiting += chunk
        while len(waiting) > size:
            yield bytes(waiting[:size])
            del waiting[:size]
    yield bytes(waiting)


async def _with_last(pieces: AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, bool]]:
    """Each piece, and whether it is the last."""
    held: bytes | None = None
    async for piece in pieces:
        if held is not None:
            yield held, False
        held = piece
    if held is not None:
        yield held, True


def _nonce(index: int) -> bytes:
    """Counted, because each file has a key of its own."""
    return index.to_bytes(12, "big")


def _bound(label: bytes, last: bool) -> bytes:
    return label + (b"last" if last else b"more")
