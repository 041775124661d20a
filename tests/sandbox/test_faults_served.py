"""A line that breaks, over a real socket."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.sandbox.test_process import served


@pytest.mark.parametrize("fault", ["drop", "half_open"])
def test_a_served_line_stays_open_and_says_nothing(
    state: Path, console: dict[str, Any], fault: str
) -> None:
    with served(state) as (_, url), httpx.Client(base_url=url, timeout=0.5) as client:
        asked = {"seed": 1, "rules": [{"path": "/api.*", "fault": fault, "times": 1}]}
        client.post("/control/faults", json=asked).raise_for_status()

        with pytest.raises(httpx.ReadTimeout):
            client.get("/api.weixin.qq.com/sns/jscode2session")

        assert client.get("/api.weixin.qq.com/sns/jscode2session").status_code == 200
        [row] = client.get("/control/faults").json()["happened"]
        assert (row["fault"], row["occurrence"]) == (fault, 1)
