"""What people read of the project: links lead somewhere, settings and targets are there."""

import re
from pathlib import Path

import pytest
from msgspec.structs import fields

from app.settings import OwnerSettings, Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FOLDERS = ("*.md", "docs/**/*.md", "changes/*.md", "clients/*/README.md")
PAGES = sorted(page for folder in FOLDERS for page in ROOT.glob(folder))
SETTINGS = {field.name.upper() for one in (Settings, OwnerSettings) for field in fields(one)}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def _named(page: Path) -> str:
    return str(page.relative_to(ROOT))


def _code(text: str) -> str:
    """What stands in fences and between backticks."""
    blocks = re.findall(r"```.*?```", text, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", text)])


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s#]+)[^)]*\)", page.read_text("utf-8"))

    gone = [one for one in links if "://" not in one and not (page.parent / one).exists()]

    assert gone == []


@pytest.mark.parametrize("page", PAGES, ids=_named)
def test_every_setting_and_target_that_is_named_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    settings = set(re.findall(r"\bZB_([A-Z0-9_]+[A-Z0-9])\b", text))
    targets = set(re.findall(r"(?:^|`)make ([a-z-]+)", _code(text), re.MULTILINE))

    assert {name.removesuffix("_FILE") for name in settings} - SETTINGS == set()
    assert targets - TARGETS == set()


@pytest.mark.parametrize("folder", [ROOT / "changes", DOCS / "decisions"], ids=_named)
def test_numbered_pages_have_each_number_once_and_leave_none_out(folder: Path) -> None:
    numbers = [page.name[:4] for page in sorted(folder.glob("[0-9]*.md"))]

    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_the_list_of_decisions_has_all_of_them_in_order() -> None:
    listed = re.findall(r"^\| \[(\d{4})\]\((\S+)\)", _decisions(), re.MULTILINE)

    there = sorted(page.name for page in (DOCS / "decisions").glob("[0-9]*.md"))
    assert [name for _, name in listed] == there
    assert [number for number, _ in listed] == [name[:4] for name in there]


def _decisions() -> str:
    return (DOCS / "decisions" / "README.md").read_text("utf-8")
