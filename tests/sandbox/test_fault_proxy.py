"""A line to a server that can be made bad: every way it can, against one that echoes."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from sandbox.fault_proxy import FaultProxy

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(1000):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def proxy(echo: int) -> AsyncIterator[FaultProxy]:
    async with FaultProxy("127.0.0.1", echo, seed=1) as proxy:
        yield proxy


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def ask(self, text: bytes, *, seconds: float = 0.3) -> bytes:
        """What comes back; TimeoutError for nothing, ConnectionError for a line that broke."""
        self.writer.write(text)
        async with asyncio.timeout(seconds):
            return await self._reader.read(1000)


Connect = Callable[[], Awaitable[Client]]


@pytest.fixture
async def connect(proxy: FaultProxy) -> AsyncIterator[Connect]:
    clients: list[Client] = []

    async def connect() -> Client:
        clients.append(Client(*await asyncio.open_connection("127.0.0.1", proxy.port)))
        return clients[-1]

    yield connect
    for client in clients:
        client.writer.close()
        with suppress(OSError):
            await client.writer.wait_closed()


async def test_a_mended_line_carries_everything(proxy: FaultProxy, connect: Connect) -> None:
    client = await connect()

    assert await client.ask(b"hello") == b"hello"


async def test_a_slow_line_carries_it_later(proxy: FaultProxy, connect: Connect) -> None:
    client = await connect()
    proxy.latency_seconds = 0.2

    with pytest.raises(TimeoutError):
        await client.ask(b"hello", seconds=0.3)

    assert await client.ask(b"", seconds=5) == b"hello"


async def test_a_frozen_line_carries_it_when_it_thaws(proxy: FaultProxy, connect: Connect) -> None:
    client = await connect()
    proxy.freeze()
    with pytest.raises(TimeoutError):
        await client.ask(b"hello")

    proxy.thaw()

    assert await client.ask(b"") == b"hello"


async def test_a_reset_breaks_what_is_open_and_nothing_else(
    proxy: FaultProxy, connect: Connect
) -> None:
    client = await connect()
    await client.ask(b"hello")

    proxy.reset()

    with pytest.raises(ConnectionResetError):
        await client.ask(b"hello")
    assert await (await connect()).ask(b"again") == b"again"


async def test_who_is_refused_is_reset_at_once(proxy: FaultProxy, connect: Connect) -> None:
    proxy.refuses = True

    with pytest.raises(ConnectionError):
        await (await connect()).ask(b"hello")

    proxy.mend()
    assert await (await connect()).ask(b"hello") == b"hello"


async def test_what_is_swallowed_never_arrives(proxy: FaultProxy, connect: Connect) -> None:
    client = await connect()
    proxy.swallows = True

    with pytest.raises(TimeoutError):
        await client.ask(b"hello")

    proxy.mend()
    assert await client.ask(b"again") == b"again"


async def test_a_blow_falls_once_on_the_bytes_it_waits_for(
    proxy: FaultProxy, connect: Connect
) -> None:
    client = await connect()
    proxy.order("reset", containing=b"COMMIT")

    assert await client.ask(b"BEGIN") == b"BEGIN"
    with pytest.raises(ConnectionResetError):
        await client.ask(b"COMMIT")

    assert proxy.blows == 1
    assert await (await connect()).ask(b"COMMIT") == b"COMMIT"


async def test_a_reset_after_it_was_done_swallows_only_the_answer(
    proxy: FaultProxy, connect: Connect
) -> None:
    client = await connect()
    proxy.order("reset_after", containing=b"COMMIT")

    with pytest.raises(ConnectionResetError):
        await client.ask(b"COMMIT")


async def test_an_answer_is_cut_off(proxy: FaultProxy, connect: Connect) -> None:
    client = await connect()
    proxy.order("truncate", way="down")

    assert await client.ask(b"hello world") == b"hello"
    assert await client.ask(b"") == b""


async def test_one_bit_of_an_answer_is_wrong(proxy: FaultProxy, connect: Connect) -> None:
    client = await connect()
    proxy.order("flip", way="down")

    wrong = await client.ask(b"hello")

    different = [one ^ other for one, other in zip(wrong, b"hello", strict=True)]
    assert sum(byte.bit_count() for byte in different) == 1
    assert await client.ask(b"hello") == b"hello"


def test_it_takes_orders_from_a_terminal() -> None:
    command = [sys.executable, "-m", "sandbox", "proxy", "--to", "127.0.0.1:9"]
    orders = "latency 0.2\nfreeze\norder reset up COMMIT\norder maybe\nlatency soon\nmend\nquit\n"

    run = subprocess.run(
        command, cwd=ROOT, input=orders, capture_output=True, text=True, check=True, timeout=30
    )

    said = run.stdout.splitlines()
    assert said[0].startswith("proxy: 127.0.0.1:")
    assert said[1:] == [
        *["ok"] * 3,
        "what is 'order maybe'?",
        "what is 'latency soon'?",
        "ok",
    ]
