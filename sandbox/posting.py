"""The outbox of callbacks: what is put here is delivered in the background, again and again."""

import msgspec
from msgspec import Struct

from sandbox.clock import stamp
from sandbox.world import World

EVERYTHING = "*"


class Callback(Struct, frozen=True):
    """What somebody is told; `merchant` is the mchid or app_id whose key signs it."""

    event_id: str
    provider: str
    merchant: str
    event_type: str
    number: str
    url: str
    body: str


def post_callback(world: World, callback: Callback) -> None:
    """Keep it in the book, in the caller's transaction. Suppressed ones are kept, not sent."""
    if not callback.url:
        return
    now = stamp(world.clock.now())
    world.book.write(
        "INSERT INTO callbacks (event_id, provider, merchant, event_type, number, url, body,"
        " state, next_at, created_at) VALUES (:event_id, :provider, :merchant, :event_type,"
        " :number, :url, :body, :state, :now, :now)",
        **msgspec.structs.asdict(callback),
        state="suppressed" if _is_suppressed(world, callback.number) else "pending",
        now=now,
    )
    world.posted.set()


def suppress(world: World, number: str) -> None:
    """Let no callback about this number out from now on; `*` means about any."""
    world.book.write("INSERT OR IGNORE INTO suppressions (number) VALUES (?)", number)


def release(world: World, number: str) -> int:
    """End a suppression and let out what it held back. Says how many."""
    with world.book.together():
        world.book.write("DELETE FROM suppressions WHERE number = ?", number)
        released = world.book.write(
            "UPDATE callbacks SET state = 'pending', next_at = ?"
            " WHERE state = 'suppressed' AND (number = ? OR ? = ?)",
            stamp(world.clock.now()),
            number,
            number,
            EVERYTHING,
        )
    world.posted.set()
    return released


def _is_suppressed(world: World, number: str) -> bool:
    query = "SELECT 1 AS found FROM suppressions WHERE number IN (?, ?)"
    return world.book.row(query, number, EVERYTHING) is not None
