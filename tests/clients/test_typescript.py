"""The client for mini-programs, built and tested against the served product and its sandbox."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.commands.errors import known_codes
from app.demo.stage import served_product
from app.running import ROOT, Running
from seeds.files import City

CLIENT = ROOT / "clients" / "typescript"
OF_TOKENS = {
    *{"web.not_signed_in", "identity.token_refused", "identity.session_ended"},
    *{"identity.refresh_refused", "identity.refresh_reused"},
}
"""Refusals of who sends: with the next token the same call is sent once more."""
NOT_OF_THIS_CLIENT = {
    *{"identity.operator_sign_in_failed", "identity.operator_session_ended"},
    *{"identity.assertion_refused", "identity.machine_session_ended"},
}
RESIDENTS = ("wang-guilan", "chen-li", "xie-xiaojun")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with served_product(tmp_path_factory.mktemp("client"), print) as running:
        yield running


@pytest.fixture(scope="module")
def tested(running: Running) -> subprocess.CompletedProcess[str]:
    return _npm("test", ZHANGBAN_STAGE=json.dumps(_stage(running)))


def test_its_tests_pass_against_the_served_product(
    tested: subprocess.CompletedProcess[str],
) -> None:
    """One tap, a fee paid in either platform, long polls, lost answers, refreshes, refusals."""
    assert tested.returncode == 0, tested.stdout[-20_000:] + tested.stderr[-5_000:]
    assert "✔ lists what is owed and takes the payment" in tested.stdout  # nothing was skipped


@pytest.mark.usefixtures("tested")
def test_what_is_built_asks_nothing_of_the_runtime_that_mini_programs_lack() -> None:
    """Types are checked against the language alone; this looks at what came out."""
    built = "\n".join(path.read_text("utf-8") for path in sorted((CLIENT / "dist").rglob("*.js")))

    for missing in ("new URL", "new EventSource", "crypto.", "PATCH", "Buffer.", " ?? ", "?."):
        assert missing not in built, missing


def test_its_lock_file_carries_hashes_and_no_registry() -> None:
    locked = json.loads((CLIENT / "package-lock.json").read_text("utf-8"))
    packages = {name: package for name, package in locked["packages"].items() if name}

    assert packages
    for name, package in packages.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
        addresses = json.dumps({**package, "funding": None})
        assert "://" not in addresses, name


def test_nothing_but_its_own_code_goes_to_the_phone() -> None:
    package = json.loads((CLIENT / "package.json").read_text("utf-8"))

    assert "dependencies" not in package
    assert package["private"] is True


def test_it_knows_of_every_401_whether_the_token_or_what_was_sent_was_refused() -> None:
    """A wrong code sent twice would count as two guesses of five (A13)."""
    source = (CLIENT / "src/problems.ts").read_text("utf-8")
    of_what_was_sent = set(re.findall(r'"(identity\.\w+)",', source))
    refused = {row.code for row in known_codes() if row.status == 401}

    assert refused == of_what_was_sent | OF_TOKENS | NOT_OF_THIS_CLIENT
    assert not of_what_was_sent & OF_TOKENS


def _npm(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(Path("clients") / "npm.py"), *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )


def _stage(running: Running) -> dict[str, object]:
    city = City()
    verifier = next(row for row in city.verifiers if row.username == "bus-3")
    people = [city.person(key) for key in RESIDENTS]
    return {
        "address": running.address,
        "sandbox": running.sandbox,
        "wechat_appid": city.wechat_appid,
        "alipay_app_id": city.merchants[0].alipay_app_id,
        "residents": [
            {"key": row.key, "name": row.name, "id_number": row.id_number} for row in people
        ],
        "verifier": {"username": verifier.username, "password": verifier.password},
    }
