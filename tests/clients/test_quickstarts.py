"""What the quick starts show is what the client takes: their code is compiled against it."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.running import ROOT

PAGES = sorted((ROOT / "docs" / "zh").glob("quickstart-*.md"))
CLIENT = ROOT / "clients" / "typescript"
FOLDER = CLIENT / "build-quickstarts"
GIVEN = "declare const wx: any;\ndeclare const my: any;\ndeclare const console: any;\n"
OPTIONS = {
    "extends": "../tsconfig.json",
    "compilerOptions": {
        "target": "ES2022",
        "module": "ES2022",
        "moduleResolution": "Bundler",
        "rootDir": "..",
        "noEmit": True,
        "noUnusedLocals": False,
        "paths": {"@zhangban/client": ["../src/index.ts"]},
    },
    "include": ["*.ts"],
}


def test_the_code_of_every_quick_start_compiles() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    (FOLDER / "tsconfig.json").write_text(json.dumps(OPTIONS))
    for page in (*PAGES, CLIENT / "README.md"):
        blocks = re.findall(r"```ts\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        (FOLDER / f"{page.stem}.ts").write_text(GIVEN + "\n".join(blocks))

    built = _npm("run", "build")
    compiled = _npm("exec", "--", "tsc", "--project", FOLDER.name)

    assert len(PAGES) == 5
    assert built.returncode == 0, built.stdout
    assert compiled.returncode == 0, compiled.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_code_and_path_that_a_quick_start_names_exists(page: Path) -> None:
    released = json.loads((ROOT / "docs/openapi/v1.json").read_bytes())
    codes = (ROOT / "docs/zh/error-codes.md").read_text("utf-8")
    text = page.read_text("utf-8")

    for code in re.findall(r"\b(?:payments|licences|identity|proactive|web)\.[a-z_]+\b", text):
        assert f"`{code}`" in codes, code
    for path in re.findall(r"(?:GET|POST|PUT|DELETE) (/[\w/{}-]+)", text):
        assert path in released["paths"] or path.startswith("/phone"), path


def _npm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(Path("clients") / "npm.py"), *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
