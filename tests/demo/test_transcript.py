"""The demonstration says what differs, and ends as it found things."""

import io

import pytest
from rich.console import Console

from app.demo.transcript import StepFailed, Transcript


def printing() -> tuple[Transcript, io.StringIO]:
    output, ticks = io.StringIO(), iter(range(100))
    console = Console(file=output, width=100, no_color=True)
    return Transcript(console, clock=lambda: next(ticks) / 10), output


class TestTranscript:
    def test_a_step_shows_who_did_what_how_long_it_took_and_what_they_saw(self) -> None:
        show, output = printing()

        show.journey("一键登录")
        with show.step("王桂兰", "点“微信一键登录”") as step:
            step.sees("欢迎您")
            step.check("登录码只用了一次", 1, 1)

        text = output.getvalue()
        for part in (
            "一键登录",
            "✓ 王桂兰 点“微信一键登录” 100 ms",
            "欢迎您",
            "＝ 登录码只用了一次",
        ):
            assert part in text

    def test_without_a_difference_it_ends_well(self) -> None:
        show, output = printing()
        with show.step("王桂兰", "缴费") as step:
            step.check("金额", 8000, 8000)

        assert show.conclude() == 0
        assert "1 步，1 项核对" in output.getvalue()

    def test_a_difference_is_told_where_it_was_and_what_was_found(self) -> None:
        show, output = printing()
        show.journey("缴费")
        with show.step("王桂兰", "付款") as step:
            step.check("账本金额", 8001, 8000)

        assert show.conclude() == 1
        assert "缴费 › 王桂兰 › 付款: 账本金额: 应为 8000，实为 8001" in output.getvalue()

    def test_a_step_that_breaks_is_a_difference_and_ends_its_journey(self) -> None:
        show, _ = printing()

        with pytest.raises(StepFailed), show.step("王桂兰", "付款"):
            raise ConnectionError("没有应答")

        assert show.conclude() == 1

    def test_square_brackets_in_an_answer_are_printed_as_they_are(self) -> None:
        show, output = printing()
        with show.step("核验员", "扫码") as step:
            step.sees("[red]王*兰[/red]")

        assert "[red]王*兰[/red]" in output.getvalue()
