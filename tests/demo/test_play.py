"""The demonstration itself, from an empty folder, through real processes, twice."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.demo.play import play
from app.demo.stage import served_product
from app.running import find_running


def seconds_to_ten_in_the_morning() -> int:
    """From now to the next ten o'clock in China: by day all notices go out."""
    now = datetime.now(UTC)
    ten = now.replace(hour=2, minute=0, second=0, microsecond=0)
    return int(((ten if now < ten else ten + timedelta(days=1)) - now).total_seconds())


def test_every_step_agrees_with_the_books_outside_and_what_was_started_is_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    offset = seconds_to_ten_in_the_morning()
    with served_product(tmp_path, print, clock_offset_seconds=offset) as running:
        codes = [play(tmp_path), play(tmp_path)]

        assert find_running(tmp_path) == running

    assert find_running(tmp_path) is None
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{running.address}/health/live")
    transcript = capsys.readouterr().out
    assert codes == [0, 0], transcript
    assert "手机收到微信订阅消息" in transcript
    assert "≠" not in transcript
