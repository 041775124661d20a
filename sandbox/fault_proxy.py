"""A line to a server on which things happen: for PostgreSQL, Valkey, anything over TCP. 故障代理

Bytes go through unread. What happens to all lines is a property; what happens once, to the next
bytes that fit, is a blow.
"""

import asyncio
import socket
import struct
from contextlib import suppress
from random import Random
from types import TracebackType
from typing import Literal, Self

from msgspec import Struct

from sandbox.faults import flip_bit

CHUNK = 65_536
Way = Literal["up", "down"]
Blow = Literal["reset", "reset_after", "truncate", "flip", "drop"]
"""`reset_after` lets the bytes through, waits for the other side's answer, and only then resets:
the server has done it, and nobody heard."""


class _Ordered(Struct):
    blow: Blow
    containing: bytes
    way: Way


class FaultProxy:
    """Listens on `port` and leads to a server, well until told otherwise."""

    def __init__(self, host: str, port: int, *, seed: int = 0, listen: int = 0) -> None:
        self.latency_seconds = 0.0
        self.swallows = False
        self.refuses = False
        self.blows = 0
        self.port = listen
        self._to = (host, port)
        self._dice = Random(seed)
        self._flows = asyncio.Event()
        self._flows.set()
        self._ordered: list[_Ordered] = []
        self._lines: set[_Line] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.thaw()
        self.reset()
        await asyncio.gather(*(line.ended.wait() for line in list(self._lines)))

    def freeze(self) -> None:
        """Lines stay open and nothing passes, until `thaw`: then all of it does."""
        self._flows.clear()

    def thaw(self) -> None:
        self._flows.set()

    def reset(self) -> None:
        """Break every line that is open, without a word."""
        for line in list(self._lines):
            line.reset()

    def order(self, blow: Blow, *, containing: bytes = b"", way: Way = "up") -> None:
        """Let this happen once, to the next bytes that contain these: `up` is to the server."""
        self._ordered.append(_Ordered(blow, containing, way))

    def mend(self) -> None:
        """All is well from now on."""
        self.latency_seconds, self.swallows, self.refuses = 0.0, False, False
        self._ordered.clear()
        self.thaw()

    async def pass_on(self, line: "_Line", data: bytes, way: Way) -> None:
        """One piece on its way."""
        await self._flows.wait()
        if self.latency_seconds:
            await asyncio.sleep(self.latency_seconds)
        if self.swallows:
            return
        due = next(
            (one for one in self._ordered if one.way == way and one.containing in data), None
        )
        if due is None:
            await line.write(data, way)
            return
        self._ordered.remove(due)
        self.blows += 1
        await self._strike(due.blow, line, data, way)

    async def _strike(self, blow: Blow, line: "_Line", data: bytes, way: Way) -> None:
        match blow:
            case "reset":
                line.reset()
            case "reset_after":
                line.resets_at_answer_to = way
                await line.write(data, way)
            case "truncate":
                await line.write(data[: len(data) // 2], way)
                line.close()
            case "flip":
                await line.write(flip_bit(data, self._dice), way)
            case "drop":
                pass

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = _Line(self, reader, writer)
        if self.refuses:
            line.reset()
            return
        self._lines.add(line)
        try:
            await line.carry(*self._to)
        finally:
            self._lines.discard(line)
            line.ended.set()


class _Line:
    """One connection through the proxy."""

    def __init__(
        self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.resets_at_answer_to: Way | None = None
        self.ended = asyncio.Event()
        self._proxy = proxy
        self._client = (reader, writer)
        self._server_writer: asyncio.StreamWriter | None = None

    async def carry(self, host: str, port: int) -> None:
        """Until either side ends it, or nobody listens there."""
        reader = self._client[0]
        try:
            server_reader, self._server_writer = await asyncio.open_connection(host, port)
        except OSError:
            self.reset()
            return
        ways = [
            asyncio.create_task(self._pump(reader, "up")),
            asyncio.create_task(self._pump(server_reader, "down")),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            self.close()

    async def write(self, data: bytes, way: Way) -> None:
        writer = self._server_writer if way == "up" else self._client[1]
        if writer is not None and not writer.is_closing():
            writer.write(data)
            await writer.drain()

    def close(self) -> None:
        for writer in self._writers():
            writer.close()

    def reset(self) -> None:
        """RST to both: what was on its way is gone."""
        for writer in self._writers():
            sock: socket.socket | None = writer.get_extra_info("socket")
            if sock is not None:
                with suppress(OSError):
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, way: Way) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if self.resets_at_answer_to not in (None, way):
                    self.reset()
                    return
                await self._proxy.pass_on(self, data, way)

    def _writers(self) -> list[asyncio.StreamWriter]:
        return [writer for writer in (self._client[1], self._server_writer) if writer is not None]
