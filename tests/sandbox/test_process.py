"""The sandbox as a process: what it prints, what a restart finds, and a whole SDK against it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from wechatpayv3 import WeChatPay, WeChatPayType

from tests.sandbox.conftest import APPID, CITY, MCHID

ROOT = Path(__file__).parents[2]


def test_the_console_says_the_same_twice(state: Path) -> None:
    before = (state / "console.json").read_bytes()

    run = subprocess.run(
        [sys.executable, "-m", "sandbox", "console", "--state", state, "--city", CITY],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.strip() == str(state / "console.json")
    assert (state / "console.json").read_bytes() == before
    assert (state / "console.json").stat().st_mode & 0o777 == 0o600


def test_it_refuses_to_run_in_production(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "sandbox", "console", "--state", tmp_path, "--city", CITY],
        cwd=ROOT,
        env=os.environ | {"ZB_ENVIRONMENT": "production"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert run.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_killed_sandbox_finds_its_book_again(state: Path, console: dict[str, Any]) -> None:
    with served(state) as (process, url):
        openid, order = _order(url, console)
        os.kill(process.pid, signal.SIGKILL)

    with served(state) as (_, url):
        rows = httpx.get(f"{url}/book/wechat_pay_orders").json()
        again, same = _order(url, console)

    assert [row["openid"] for row in rows] == [openid] == [again]
    assert order == same


def _order(url: str, console: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Log in and order with wechatpayv3 as it comes; it verifies our answer by itself."""
    code = httpx.post(f"{url}/phone/wang-guilan/wechat/login-code", json={"appid": APPID}).json()
    given = {
        "appid": APPID,
        "secret": console["wechat"]["secret"],
        "js_code": code["code"],
        "grant_type": "authorization_code",
    }
    session = httpx.get(f"{url}/api.weixin.qq.com/sns/jscode2session", params=given).json()
    status, answer = _sdk(url, console).pay(
        description="不动产登记费",
        out_trade_no="F20261122ABC",
        amount={"total": 8000, "currency": "CNY"},
        payer={"openid": session["openid"]},
    )
    assert status == 200, answer
    return session["openid"], json.loads(answer)


def _sdk(url: str, console: dict[str, Any]) -> WeChatPay:
    own = next(m for m in console["wechat_pay"]["merchants"] if m["mchid"] == MCHID)
    sdk = WeChatPay(
        wechatpay_type=WeChatPayType.MINIPROG,
        mchid=MCHID,
        private_key=own["private_key_pem"],
        cert_serial_no=own["serial_no"],
        apiv3_key=own["apiv3_key"],
        appid=APPID,
        notify_url="http://127.0.0.1:9/callbacks/wechat-pay/1900000001",
        public_key=own["public_key_pem"],
        public_key_id=own["public_key_id"],
    )
    sdk._core._gate_way = f"{url}/api.mch.weixin.qq.com"
    return sdk


@contextmanager
def served(state: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, "-m", "sandbox", "serve", "--port", port]
    command += ["--state", str(state), "--city", str(CITY)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().removeprefix("sandbox: ").strip()
        finally:
            process.terminate()
            process.wait(10)
