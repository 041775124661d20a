"""The pages' own code: run in Node against a scripted phone, and held to what it may rely on."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from clients.npm import find_node
from sandbox.phone_page import PAGES

TESTS = Path(__file__).with_name("pages") / "shim.test.mjs"
OPENAPI = Path(__file__).parents[2] / "docs" / "openapi" / "v1.json"
MINI = sorted(PAGES.glob("mini*.js"))


def test_the_shim_does_what_the_platforms_do() -> None:
    ran = subprocess.run(
        [find_node(), "--test", "--test-reporter=spec", str(TESTS)],
        env={**os.environ, "PAGES": str(PAGES)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ran.returncode == 0, ran.stdout[-10_000:] + ran.stderr[-2_000:]
    assert "✔ wx.requestPayment shows the amount" in ran.stdout


@pytest.mark.parametrize("script", sorted(PAGES.glob("*.js")), ids=lambda path: path.name)
def test_every_script_can_be_read(script: Path) -> None:
    kind = "commonjs" if script.name == "shim.js" else "module"
    ran = subprocess.run(
        [find_node(), f"--input-type={kind}", "--check"],
        input=script.read_text("utf-8"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("script", MINI, ids=lambda path: path.name)
def test_the_example_page_knows_nothing_but_wx_and_my(script: Path) -> None:
    written = script.read_text("utf-8")

    for other in ("fetch(", "XMLHttpRequest", "localStorage", "/phone/", "/mini/", "ZhangbanPhone"):
        assert other not in written, other


def test_the_example_page_calls_what_the_interface_has() -> None:
    paths = json.loads(OPENAPI.read_text("utf-8"))["paths"]
    known = {re.sub(r"\{.*?\}", "{}", path) for path in paths}
    written = "\n".join(script.read_text("utf-8") for script in MINI)
    called = set(re.findall(r"[\"`](/v1/[^\"`]*)[\"`]", written))
    # `/v1/entitlements/${id}/${path}` is one of its two steps
    asked = {re.sub(r"\$\{.*?\}", "{}", path.partition("?")[0]) for path in called}
    steps = {"/v1/entitlements/{}/confirmation", "/v1/entitlements/{}/refusal"}

    assert len(asked) > 10
    assert asked - {"/v1/entitlements/{}/{}"} | steps <= known


def test_pages_name_only_files_that_are_there_and_nobody_elses() -> None:
    for page in sorted(PAGES.iterdir()):
        written = page.read_text("utf-8")
        for name in re.findall(r"/pages/([\w.-]+)", written) + re.findall(
            r"from \"\./(.+?)\"", written
        ):
            assert (PAGES / name).is_file(), (page.name, name)
        addresses = re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"']*", written)
        assert [found for found in addresses if "127.0.0.1" not in found] == [], page.name
