"""`python -m benchmarks`: measure the product on this machine and print one table."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from app.embedded.server import ServerNotStarted
from benchmarks.bed import Bed, NotReady
from benchmarks.cases import CASES
from benchmarks.comparing import COMPARED, FEW, compared, compared_markdown, show_compared
from benchmarks.machine import describe, load_average
from benchmarks.measuring import Shape
from benchmarks.running import Result, profile_cases, run
from benchmarks.table import markdown, show

QUIET = 0.7


def main() -> int:
    given = _parser().parse_args()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 180)
    _wait_until_quiet(given.wait, console)
    try:
        with tempfile.TemporaryDirectory(prefix="zhangban-bench-") as fresh:
            folder = given.folder or Path(fresh)
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o755)
            return _measure(given, folder.resolve(), console)
    except (NotReady, ServerNotStarted) as error:
        console.print(f"[red]{error}[/red]")
        return 1


def _measure(given: argparse.Namespace, folder: Path, console: Console) -> int:
    with Bed(folder, workers=given.workers) as bed:
        if given.profile:
            return _profile(given, bed, console)
        about = describe(*bed.versions())
        if given.compare:
            return _compare(given, bed, about, console)
        about += _load(bed, given.persons, console)
        result = _run(given, bed, given.persons, given.case or (), console)
    about.append(_shape(given))
    show(console, result.lines, result.memory, "\n".join(about))
    if given.markdown:
        given.markdown.write_text("\n".join([*about, "", markdown(result.lines, result.memory)]))
    return _verdict(result)


def _compare(given: argparse.Namespace, bed: Bed, about: list[str], console: Console) -> int:
    """Few people, then so many, in the same database."""
    names = given.case or COMPARED
    loaded = _load(bed, min(FEW, given.persons), console)
    few = _run(given, bed, min(FEW, given.persons), names, console)
    loaded += _load(bed, given.persons, console)
    many = _run(given, bed, given.persons, names, console)
    about += [*loaded, _shape(given)]
    rows = compared(few.lines, many.lines)
    show_compared(console, rows, "\n".join(about))
    for result in (few, many):
        show(console, result.lines, result.memory, "")
    if given.markdown:
        tables = [markdown(result.lines, result.memory) for result in (few, many)]
        given.markdown.write_text("\n".join([*about, "", compared_markdown(rows), *tables]))
    return max(_verdict(few), _verdict(many))


def _run(
    given: argparse.Namespace, bed: Bed, people: int, names: Sequence[str], console: Console
) -> Result:
    shape = Shape(
        port=bed.port,
        connections=given.connections,
        seconds=given.seconds,
        open_seconds=given.open_seconds,
    )
    return asyncio.run(run(bed, shape, people=people, names=names, say=console.print))


def _load(bed: Bed, people: int, console: Console) -> list[str]:
    """What was loaded, in words; nothing when all were there."""
    loaded = bed.load(people)
    if loaded is None:
        return []
    told = loaded.told()
    console.print(told)
    return [told]


def _shape(given: argparse.Namespace) -> str:
    return (
        f"{given.persons:,} persons; {given.workers} API workers; closed loop of"
        f" {given.connections} connections, {given.seconds:.0f} s each; everything on this machine"
    )


def _profile(given: argparse.Namespace, bed: Bed, console: Console) -> int:
    bed.load(given.persons)
    names = given.case or ()
    found = asyncio.run(
        profile_cases(bed, people=given.persons, names=names, count=given.visits, say=console.print)
    )
    for name, product, plain, signed in found:
        console.print(
            f"{name}: {product.milliseconds:.2f} ms of processor time, bare"
            f" {plain.milliseconds:.2f}, with token and limit {signed.milliseconds:.2f}:"
            f" {signed.milliseconds / product.milliseconds:.2f}"
        )
        beside = dict(signed.layers)
        for layer, share in product.layers:
            own, theirs = share * product.milliseconds, beside.get(layer, 0) * signed.milliseconds
            console.print(f"  {own:6.3f} ms  {layer} ({theirs:.3f})")
        for function, share in product.functions[: given.functions]:
            console.print(f"    {share * product.milliseconds:6.3f} ms  {function}")
    return 0


def _verdict(result: Result) -> int:
    """1 when something was refused that should not have been, or a code did not count once."""
    wrong = (
        line.product.bad or (line.counted is not None and not line.counted.exact)
        for line in result.lines
    )
    return 1 if any(wrong) else 0


def _wait_until_quiet(minutes: float, console: Console) -> None:
    until = time.monotonic() + minutes * 60
    while time.monotonic() < until and load_average() >= QUIET:
        console.print(f"load average {load_average():.2f}, waiting for less than {QUIET}")
        time.sleep(15)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--persons", type=int, default=1_000, help="how many people are loaded")
    parser.add_argument(
        "--compare", action="store_true", help=f"with {FEW:,} people, then with --persons"
    )
    parser.add_argument("--workers", type=int, default=2, help="API processes")
    parser.add_argument("--connections", type=int, default=32, help="of the closed loop")
    parser.add_argument("--seconds", type=float, default=6.0, help="closed loop of one route")
    parser.add_argument("--open-seconds", type=float, default=4.0, help="each open loop; 0 is none")
    parser.add_argument(
        "--case", action="append", choices=[case.name for case in CASES], help="only this route"
    )
    parser.add_argument("--folder", type=Path, help="keep servers' data here between runs")
    parser.add_argument("--wait", type=float, default=0.0, help="minutes for the machine to quiet")
    parser.add_argument("--profile", action="store_true", help="where processor time goes instead")
    parser.add_argument("--visits", type=int, default=400, help="of a profile")
    parser.add_argument("--functions", type=int, default=0, help="of a profile, by time inside")
    parser.add_argument("--markdown", type=Path, help="write the table there too")
    return parser


if __name__ == "__main__":
    sys.exit(main())
