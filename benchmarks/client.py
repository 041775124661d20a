"""The load: a small HTTP/1.1 client in a process of its own, bounded in number and in time.

A plan comes in on standard input, what came of it goes out on standard output, both MessagePack.
Closed loop: so many connections, each asking again as soon as it was answered. Open loop: requests
come when they come, whoever still waits; a late answer is late from the moment the request was due.
"""

import asyncio
import random
import sys
from array import array
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import cycle
from time import perf_counter

import msgspec
from msgspec import Struct

IN_TIME_SECONDS = 1.0
OPEN_CONNECTIONS = 256
"""More than these do not stand at once; who finds none free waits for one, and the clock runs."""


class Visit(Struct, frozen=True):
    """What somebody asks in a row: one request, then another so many times."""

    first: bytes
    then: bytes = b""
    times: int = 0


class Plan(Struct, frozen=True, kw_only=True):
    """`rate` of requests a second makes it an open loop. Not `again`: each visit is made once.

    With `lanes` a closed loop deals visits out beforehand, so that every n-th is one connection's.
    """

    port: int
    visits: list[Visit]
    again: bool
    seconds: float
    connections: int
    rate: float = 0.0
    seed: int = 1
    lanes: bool = False


class Came(Struct, kw_only=True):
    """What came of a plan. `microseconds` are those of good answers, as a packed array."""

    asked: int = 0
    good: int = 0
    in_time: int = 0
    seconds: float = 0.0
    microseconds: bytes = b""
    bad: dict[str, int] = {}


class Gone(Exception):
    """The server closed the connection."""


class Line(asyncio.Protocol):
    """One kept-alive connection, one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._wanted = 0
        self._answer: asyncio.Future[int] | None = None
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def ask(self, request: bytes) -> asyncio.Future[int]:
        """The status of the answer, when all of it has come."""
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            self._answer.set_exception(Gone())
        else:
            self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._wanted:
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                return
            self._wanted = end + 4 + _length(bytes(self._received[:end]).lower())
        if len(self._received) >= self._wanted:
            status = int(self._received[9:12])
            self._received.clear()
            self._wanted = 0
            if self._answer is not None and not self._answer.done():
                self._answer.set_result(status)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Gone())

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Load:
    """Runs one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._came = Came()
        self._took = array("I")
        self._bad: Counter[str] = Counter()
        self._requests = _requests(plan.visits, again=plan.again)
        self._lines: list[Line] = []

    async def run(self) -> Came:
        began = perf_counter()
        await (self._open() if self._plan.rate else self._closed())
        self._came.seconds = perf_counter() - began
        for line in self._lines:
            line.close()
        await asyncio.sleep(0)  # a transport closes in the next turn
        self._came.microseconds = self._took.tobytes()
        self._came.bad = dict(self._bad)
        return self._came

    async def _closed(self) -> None:
        until = perf_counter() + self._plan.seconds
        async with asyncio.TaskGroup() as group:
            for number in range(self._plan.connections):
                group.create_task(self._visitor(until, self._lane(number)))

    def _lane(self, number: int) -> Iterator[list[bytes]]:
        if not self._plan.lanes:
            return self._requests
        own = self._plan.visits[number :: self._plan.connections]
        return _requests(own, again=self._plan.again)

    async def _visitor(self, until: float, requests: Iterator[list[bytes]]) -> None:
        """Each connection goes through whole visits of its own."""
        line = await self._connect()
        for visit in requests:
            for request in visit:
                if (began := perf_counter()) >= until:
                    return
                await self._ask(line, request, began)

    async def _open(self) -> None:
        """The moments are a Poisson process; the requests of a visit come as separate arrivals."""
        self._free: deque[Line] = deque()
        self._room = asyncio.Semaphore(OPEN_CONNECTIONS)
        chance, due = random.Random(self._plan.seed), perf_counter()
        ends, waiting = due + self._plan.seconds, set[asyncio.Task[None]]()
        for request in (request for visit in self._requests for request in visit):
            due += chance.expovariate(self._plan.rate)
            if due >= ends:
                break
            await asyncio.sleep(max(due - perf_counter(), 0))
            task = asyncio.create_task(self._arrive(request, due))
            waiting.add(task)
            task.add_done_callback(waiting.discard)
        if waiting:
            await asyncio.wait(waiting, timeout=IN_TIME_SECONDS)
        left = list(waiting)
        self._bad["no answer"] += len(left)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _arrive(self, request: bytes, due: float) -> None:
        self._came.asked += 1
        async with self._room:
            line = self._free.pop() if self._free else await self._connect()
            self._came.asked -= 1  # counted again where it is asked
            await self._ask(line, request, due)
            self._free.append(line)

    async def _connect(self) -> Line:
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(Line, "127.0.0.1", self._plan.port)
        self._lines.append(line)
        return line

    async def _ask(self, line: Line, request: bytes, began: float) -> None:
        self._came.asked += 1
        with suppress(Gone):
            status = await line.ask(request)
            took = perf_counter() - began
            if not 200 <= status < 300:
                self._bad[str(status)] += 1
                return
            self._came.good += 1
            self._came.in_time += took <= IN_TIME_SECONDS
            self._took.append(min(int(took * 1_000_000), 2**32 - 1))
            return
        self._bad["gone"] += 1


def _requests(visits: Sequence[Visit], *, again: bool) -> Iterator[list[bytes]]:
    some = cycle(visits) if again else iter(visits)
    return ([visit.first, *[visit.then] * visit.times] for visit in some)


def _length(head: bytes) -> int:
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        return 0
    end = head.find(b"\r\n", at + 2)
    return int(head[at + 17 : end if end > 0 else len(head)])


def main() -> None:
    plan = msgspec.msgpack.decode(sys.stdin.buffer.read(), type=Plan)
    came = asyncio.run(Load(plan).run())
    sys.stdout.buffer.write(msgspec.msgpack.encode(came))


if __name__ == "__main__":
    main()
