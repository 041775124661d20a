import asyncio
from ipaddress import ip_network

import httpx
import pytest

from app.embedded.ports import free_port
from app.metrics import may_ask
from app.worker_metrics import measured, served_metrics


async def ask(port: int, path: str = "/metrics", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(f"http://127.0.0.1:{port}{path}", headers=headers)


async def test_jobs_are_counted_and_timed_by_name_and_by_how_they_ended() -> None:
    async def well(**arguments: str | int) -> None:
        await asyncio.sleep(0)

    async def badly(**arguments: str | int) -> None:
        raise ZeroDivisionError

    jobs, port = measured({"test.well": well, "test.badly": badly}), free_port(9_200)

    with served_metrics("127.0.0.1", port, networks=()):
        await jobs["test.well"](reference="E-1")
        with pytest.raises(ZeroDivisionError):
            await jobs["test.badly"]()
        figures = (await ask(port)).text

    assert 'zhangban_job_seconds_count{name="test.well",outcome="done"} 1.0' in figures
    assert 'zhangban_job_seconds_count{name="test.badly",outcome="failed"} 1.0' in figures
    assert "E-1" not in figures


async def test_nothing_else_is_there_and_nothing_through_the_public_door() -> None:
    port = free_port(9_200)

    with served_metrics("127.0.0.1", port, networks=()):
        elsewhere = await ask(port, "/")
        forwarded = await ask(port, **{"X-Forwarded-For": "1.2.3.4"})

    assert (elsewhere.status_code, forwarded.status_code) == (404, 404)
    with pytest.raises(httpx.ConnectError):
        await ask(port)


async def test_without_a_port_nothing_is_served() -> None:
    with served_metrics("127.0.0.1", 0, networks=()):
        pass


def test_only_this_machine_and_the_networks_named_may_ask() -> None:
    inside = (ip_network("10.0.0.0/8"),)

    assert may_ask("127.0.0.1", ())
    assert may_ask("10.1.2.3", inside)
    assert not may_ask("10.1.2.3", ())
    assert not may_ask("unknown", inside)
