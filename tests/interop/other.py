"""The other implementation: `@sd-jwt/*` in a Node of its own, asked by JSON."""

import json
import subprocess
import sys
from typing import Any

from app.running import ROOT

FOLDER = ROOT / "tests" / "interop"


def ask(do: str, **given: Any) -> dict[str, Any]:
    """What it answers; installs what is locked when nobody did."""
    done = _npm(input=json.dumps({"do": do, **given}))
    assert done.returncode == 0, done.stdout[-5_000:] + done.stderr[-5_000:]
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _npm(*, input: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, str(ROOT / "clients" / "npm.py")),
            *("--in", str(FOLDER), "run", "--silent", "wallet"),
        ],
        cwd=ROOT,
        input=input,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=400,
        check=False,
    )
