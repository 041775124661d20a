import json
import os
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from app.development import throwaway_variables
from app.embedded.postgres import EmbeddedPostgres
from app.running import ROOT
from core import audit
from core.clock import now
from core.signature_keys import new_ed25519_key

BARE = {name: value for name, value in os.environ.items() if not name.startswith("ZB_")}


def _run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env=BARE | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_openapi_prints_the_document_without_any_settings() -> None:
    printed = _run("openapi")

    document = json.loads(printed.stdout)
    assert document["info"]["title"] == "掌上办接口"
    assert any(path.startswith("/v1/") for path in document["paths"])
    assert "/metrics" not in document["paths"]


@pytest.mark.parametrize("command", ["serve", "work", "seed"])
def test_a_start_without_settings_says_all_that_is_missing(command: str) -> None:
    refused = _run(command)

    assert refused.returncode == 2
    assert "ZB_DATABASE_URL：没有给出" in refused.stderr
    assert "ZB_KEK：没有给出" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_the_invented_city_is_refused_in_production() -> None:
    machine = {"base_url": "https://bureau.example", "app_key": "k", "secret": "s"}
    real = {
        "ZB_ENVIRONMENT": "production",
        "ZB_PUBLIC_URL": "https://zhangban.example",
        "ZB_WECHAT": json.dumps({"appid": "wx1", "secret": "s"}),
        "ZB_WECHAT_PAY": json.dumps({"merchants": []}),
        "ZB_ALIPAY": json.dumps({"apps": []}),
        "ZB_POPULATION_REGISTER": json.dumps(machine),
        "ZB_BUSINESS_REGISTER": json.dumps(machine),
        "ZB_BANK": json.dumps(machine | {"debit_account": "1"}),
    }

    refused = _run("seed", **throwaway_variables() | real)

    assert refused.returncode != 0
    assert "生产环境" in refused.stderr


@pytest.mark.usefixtures("db")
async def test_audit_verify_finds_the_chain_whole_or_says_where_it_is_not(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """G12, and what is not sealed yet is stated."""
    for _ in range(3):
        await audit.record("system:test", "test.done", "test:1")
    await audit.seal_audit(at=now())
    await audit.record("system:test", "test.done", "test:1")

    given = {
        "ZB_DATABASE_URL": postgres.url(),
        "ZB_FILE_STORE_URL": tmp_path.as_uri(),
        "ZB_AUDIT_ANCHOR_KEY": new_ed25519_key(),
    }

    whole = _run("audit", "verify", **given)
    await _tamper(postgres.url())
    broken = _run("audit", "verify", **given)

    assert (whole.returncode, broken.returncode) == (0, 1)
    assert "已封存 3 条，未封存 1 条" in whole.stdout
    assert "断裂" in broken.stdout


async def _tamper(url: str) -> None:
    """As somebody with the server's own rights could, around the trigger."""
    connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1))
    await connection.execute(
        "SET session_replication_role = replica;"
        "UPDATE core_audit_entry SET actor = 'person:other' WHERE id ="
        " (SELECT entry_id FROM core_audit_seal WHERE seq = 2)"
    )
    await connection.close()
