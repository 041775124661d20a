"""Row D08 with real processes: four that hold one token, and the sandbox's own count of calls."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from app.embedded.valkey import EmbeddedValkey
from tests.sandbox.conftest import APPID
from tests.sandbox.test_process import ROOT, served

FETCH, SEND = "/cgi-bin/stable_token", "/cgi-bin/message/subscribe/send"
PROCESSES = 4


def refreshed_by_another(url: str, secret: str) -> None:
    """Another system of ours forces a new token: the one we hold is 40001 from now on."""
    asked = {"grant_type": "client_credential", "appid": APPID, "secret": secret}
    answer = httpx.post(f"{url}/api.weixin.qq.com{FETCH}", json=asked | {"force_refresh": True})
    assert answer.json()["access_token"]


def outlived(url: str, secret: str) -> None:
    """It is three hours later at WeChat: 42001."""
    httpx.post(f"{url}/control/clock", json={"offset_seconds": 3 * 3600}).raise_for_status()


@pytest.mark.parametrize(
    ("happens", "errcode", "by_others"),
    [(refreshed_by_another, "40001", 1), (outlived, "42001", 0)],
)
def test_a_token_that_is_good_no_more_is_fetched_once_by_four_processes(
    happens: Callable[[str, str], None],
    errcode: str,
    by_others: int,
    state: Path,
    console: dict[str, Any],
    valkey: EmbeddedValkey,
    cache: Redis,
) -> None:
    """D08: one refresh, no ping-pong, two fetches at most."""
    secret = console["wechat"]["secret"]
    with served(state) as (_, url), ExitStack() as stack:
        openid = _consenting(url, secret)
        holders = [
            stack.enter_context(_holder(url, valkey.url(), secret)) for _ in range(PROCESSES)
        ]

        before = _send_at_once(holders, openid)
        first = _calls(url, FETCH)
        happens(url, secret)
        after = _send_at_once(holders, openid)

        assert all(said.startswith("Sent(") for said in before + after), before + after
        assert sum(first.values()) == 1
        assert sum(_calls(url, FETCH).values()) - by_others == 2
        sends = _calls(url, SEND)
        assert sends.pop("ok") == 2 * PROCESSES
        assert set(sends) == {errcode}
        assert sends[errcode] <= PROCESSES, "each was refused once at most"
        assert len(httpx.get(f"{url}/book/messages").json()) == 2 * PROCESSES


def _consenting(url: str, secret: str) -> str:
    """Somebody who said yes for good; the openid."""
    phone, asked = f"{url}/phone/wang-guilan/wechat", {"appid": APPID}
    code = httpx.post(f"{phone}/login-code", json=asked).json()["code"]
    yes = {"template_ids": ["policy"], "answer": "accept"}
    httpx.post(f"{phone}/subscribe", json=asked | yes).raise_for_status()
    given = {"secret": secret, "js_code": code, "grant_type": "authorization_code"}
    session = httpx.get(f"{url}/api.weixin.qq.com/sns/jscode2session", params=asked | given)
    return str(session.json()["openid"])


@contextmanager
def _holder(url: str, valkey_url: str, secret: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.notifications.token_holder"]
    command += [f"{url}/api.weixin.qq.com", valkey_url, APPID, secret]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()
        process.wait(10)


def _send_at_once(holders: list[subprocess.Popen[str]], openid: str) -> list[str]:
    for holder in holders:
        assert holder.stdin is not None
        holder.stdin.write(f"{openid}\n")
        holder.stdin.flush()
    return [holder.stdout.readline() for holder in holders if holder.stdout is not None]


def _calls(url: str, api: str) -> dict[str, int]:
    rows = httpx.get(f"{url}/book/calls").json()
    return {row["outcome"]: row["times"] for row in rows if row["api"] == api}
