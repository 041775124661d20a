"""What the demonstration prints, and what it found to differ. 演示记录"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.rule import Rule

Clock = Callable[[], float]


class StepFailed(Exception):
    """A step could not be played to its end; the journey stops here and the others go on."""


class Step:
    """One thing that an actor does. What it sees and what was checked is printed when it ends."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.sights: list[str] = []
        self.checks: list[tuple[str, bool]] = []
        self.differences: list[str] = []

    def sees(self, text: str) -> None:
        """What stands on the actor's screen, in their words."""
        self.sights.append(text)

    def check(self, claim: str, found: object, expected: object) -> None:
        """Hold what was found against what must be. A difference is kept and the step goes on."""
        same = found == expected
        self.checks.append((claim, same))
        if not same:
            self.differences.append(f"{claim}: 应为 {expected!r}，实为 {found!r}")


class Transcript:
    """Prints the journeys as they are played and remembers every difference."""

    def __init__(self, console: Console, *, clock: Clock = time.perf_counter) -> None:
        self._console = console
        self._clock = clock
        self._journey = ""
        self.steps = 0
        self.checks = 0
        self.differences: list[str] = []

    def journey(self, title: str) -> None:
        self._journey = title
        self._console.print()
        self._console.print(Rule(f"[bold]{escape(title)}[/bold]", align="left"))

    def say(self, text: str) -> None:
        self._console.print(escape(text), style="dim")

    @contextmanager
    def step(self, actor: str, action: str) -> Iterator[Step]:
        """Play one step. Whatever goes wrong in it is a difference and ends its journey."""
        step = Step(f"{self._journey} › {actor} › {action}")
        began = self._clock()
        try:
            yield step
        except Exception as error:
            step.differences.append(f"{type(error).__name__}: {error}")
            raise StepFailed(step.place) from error
        finally:
            self._print(step, actor, action, round((self._clock() - began) * 1000))
            self._remember(step)

    def conclude(self) -> int:
        """Print the sum of it; the exit code: 0 without a difference, otherwise 1."""
        self._console.print()
        self._console.print(Rule(align="left"))
        told = f"{self.steps} 步，{self.checks} 项核对"
        if not self.differences:
            self._console.print(f"[bold green]演示完成[/] {told}，与外部账本全部一致。")
            return 0
        self._console.print(f"[bold red]演示发现 {len(self.differences)} 处不一致[/]（{told}）：")
        for number, difference in enumerate(self.differences, start=1):
            self._console.print(f"  {number}. {escape(difference)}", style="red")
        return 1

    def _print(self, step: Step, actor: str, action: str, took_ms: int) -> None:
        mark = "[red]✗[/]" if step.differences else "[green]✓[/]"
        self._console.print(
            f"{mark} [bold]{escape(actor)}[/] {escape(action)} [cyan]{took_ms} ms[/]"
        )
        for sight in step.sights:
            self._console.print(f"    {escape(sight)}")
        for claim, same in step.checks:
            sign = "[green]＝[/]" if same else "[red]≠[/]"
            self._console.print(f"    {sign} [dim]{escape(claim)}[/]")
        for difference in step.differences:
            self._console.print(f"    {escape(difference)}", style="red")

    def _remember(self, step: Step) -> None:
        self.steps += 1
        self.checks += len(step.checks)
        self.differences += [f"{step.place}: {difference}" for difference in step.differences]
