"""Versions below which a known hole is open, and packages that stay out."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parent.parent
FLOORS = tomllib.loads((ROOT / "requirements" / "floors.toml").read_text("utf-8"))
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", re.MULTILINE)


def _locked(lock: Path) -> dict[str, Version]:
    found = _PINNED.findall(lock.read_text("utf-8"))
    return {_name(name): Version(version) for name, version in found}


def _asked() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    groups = [*project["dependency-groups"].values(), project["project"]["dependencies"]]
    return [Requirement(text) for group in groups for text in group]


def _name(text: str) -> str:
    return re.sub(r"[-_.]+", "-", text).lower()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_nothing_locked_is_below_its_floor(lock: Path) -> None:
    locked = _locked(lock)

    low = {
        name: str(locked[name])
        for name, floor in FLOORS["at_least"].items()
        if name in locked and locked[name] < Version(floor["version"])
    }

    assert locked
    assert low == {}


def test_what_runs_holds_everything_that_has_a_floor() -> None:
    assert FLOORS["at_least"].keys() <= _locked(ROOT / "requirements" / "run.txt").keys()


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_nothing_locked_is_what_stays_out(lock: Path) -> None:
    assert FLOORS["never"].keys() & _locked(lock).keys() == set()


def test_nothing_asked_for_may_be_resolved_below_its_floor() -> None:
    for asked in _asked():
        floor = FLOORS["at_least"].get(_name(asked.name))
        if floor is not None:
            before = [f"{Version(floor['version']).release[0]}.0.0", "0.0.1"]
            assert not any(asked.specifier.contains(version) for version in before), asked
        assert _name(asked.name) not in FLOORS["never"]
