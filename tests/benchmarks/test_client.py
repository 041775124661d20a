"""The load generator counts what happened, also when it is bad."""

import asyncio
from array import array
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from benchmarks.client import Came, Load, Plan, Visit

OK = b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
LATE = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"
ASK = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@asynccontextmanager
async def _server(
    answer: bytes,
    *,
    closes: bool = False,
    silent: bool = False,
    heard: list[tuple[int, int]] | None = None,
) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (line := await reader.readline()).startswith(b"GET"):
            if heard is not None:
                number = int(line.split()[1][1:])
                heard.append((id(writer), number))
                await asyncio.sleep(0.05 if number == 0 else 0)
            await reader.readuntil(b"\r\n\r\n")
            if closes:
                break
            if not silent:
                half = len(answer) // 2
                writer.write(answer[:half])
                await asyncio.sleep(0)
                writer.write(answer[half:])
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def _plan(port: int, *, again: bool = True, rate: float = 0.0, visits: int = 1) -> Plan:
    return Plan(
        port=port,
        visits=[Visit(ASK, ASK, 2)] * visits,
        again=again,
        seconds=0.2,
        connections=4,
        rate=rate,
    )


async def _run(plan: Plan) -> Came:
    return await Load(plan).run()


async def test_a_closed_loop_asks_until_the_time_is_up() -> None:
    async with _server(OK) as port:
        came = await _run(_plan(port))

    assert came.good > 10
    assert (came.good, came.bad) == (came.asked, {})
    assert len(array("I", came.microseconds)) == came.good


async def test_what_is_good_for_one_time_is_asked_once() -> None:
    async with _server(OK) as port:
        came = await _run(_plan(port, again=False, visits=3))

    assert (came.asked, came.good) == (9, 9)


async def test_who_has_a_lane_asks_each_of_its_own_once() -> None:
    """As verifiers do, each at its own gate: what is left of another's is not taken over."""
    asked: list[tuple[int, int]] = []
    async with _server(OK, heard=asked) as port:
        visits = [Visit(ASK.replace(b"/ ", b"/%d " % number)) for number in range(10)]
        plan = Plan(port=port, visits=visits, again=False, seconds=5.0, connections=4, lanes=True)
        came = await _run(plan)

    assert (came.asked, came.good) == (10, 10)
    lanes: dict[int, list[int]] = {}
    for connection, number in asked:
        lanes.setdefault(connection, []).append(number)
    assert sorted(lanes.values()) == [[0, 4, 8], [1, 5, 9], [2, 6], [3, 7]]


async def test_refusals_are_told_by_their_status() -> None:
    async with _server(LATE) as port:
        came = await _run(_plan(port, again=False, visits=2))

    assert (came.good, came.bad) == (0, {"503": 6})


async def test_a_connection_that_is_closed_is_no_answer() -> None:
    async with _server(OK, closes=True) as port:
        came = await _run(_plan(port, again=False, visits=2))

    assert came.good == 0
    assert came.bad == {"gone": came.asked}


async def test_arrivals_do_not_wait_for_answers() -> None:
    """More are under way at once than a closed loop would have connections."""
    async with _server(OK, silent=True) as port:
        came = await _run(_plan(port, rate=200.0))

    assert came.asked > 4
    assert (came.good, came.in_time) == (0, 0)
    assert came.bad["no answer"] == came.asked


async def test_arrivals_that_are_answered_are_in_time() -> None:
    async with _server(OK) as port:
        came = await _run(_plan(port, rate=100.0))

    assert came.in_time == came.good == came.asked > 4
