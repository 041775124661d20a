import json
import os
import secrets
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pyotp
import pytest

from app.development import throwaway_variables
from app.embedded.postgres import EmbeddedPostgres
from app.running import ROOT
from core import audit
from core.clock import now
from core.models import AuditEntry
from core.sealing import load_vault
from core.signature_keys import new_ed25519_key
from identity.operator_sessions import sign_in_operator

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


def test_a_database_that_is_not_there_or_not_ours_is_said_in_a_line(
    postgres: EmbeddedPostgres,
) -> None:
    nobody = "asyncpg://nobody:topsecret@127.0.0.1:1/x"
    gone = _run("migrate", ZB_OWNER_DATABASE_URL=nobody)
    missing = _run("migrate", ZB_OWNER_DATABASE_URL=postgres.url("nowhere"))
    wrong = _run("migrate", ZB_OWNER_DATABASE_URL=postgres.url(user="postgres", password="bad"))

    for refused, said in ((gone, "连不上"), (missing, "没有"), (wrong, "口令")):
        assert refused.returncode == 1
        assert said in refused.stderr
        assert refused.stderr.count("\n") == 1
        assert "topsecret" not in refused.stderr


async def test_data_of_another_key_is_said_in_a_line(db: None, postgres: EmbeddedPostgres) -> None:
    await load_vault(secrets.token_bytes(32))

    refused = _run("seed", **throwaway_variables() | {"ZB_DATABASE_URL": postgres.url()})

    assert refused.returncode == 1
    assert "另一个 ZB_KEK" in refused.stderr


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


@pytest.mark.usefixtures("db")
async def test_the_first_security_admin_is_made_once_by_command_and_can_sign_in(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    kek = secrets.token_bytes(32)
    settings = {**throwaway_variables(), "ZB_DATABASE_URL": postgres.url()}
    settings["ZB_KEK"] = b64encode(kek).decode()
    password, id_number = tmp_path / "password", tmp_path / "id-number"
    password.write_text("临溪-管理-2719-cedar\n")
    id_number.write_text("330100195103089023\n")
    given = ["--login", "shenlan", "--name", "沈岚", "--department", "platform"]
    given += ["--division", "330199", "--password-file", str(password)]
    given += ["--id-number-file", str(id_number)]

    made = _run("operators", "create-admin", *given, **settings)
    again = _run("operators", "create-admin", *given, **settings)

    assert (made.returncode, again.returncode) == (0, 1), made.stderr
    assert again.stderr == "已有安全管理员，请由其添加工作人员\n"
    assert "Traceback" not in made.stderr
    uri = made.stdout.splitlines()[-1]
    signed_in = await sign_in_operator(
        "shenlan",
        password.read_text().strip(),
        pyotp.parse_uri(uri).now(),
        vault=await load_vault(kek),
        at=datetime.now(UTC),
    )
    assert signed_in.operator.roles == ["security_admin"]
    assert await AuditEntry.filter(action="operator.register").count() == 1
    for secret in (password, id_number):
        assert secret.read_text().strip() not in made.stdout + made.stderr


async def _tamper(url: str) -> None:
    """As somebody with the server's own rights could, around the trigger."""
    connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1))
    await connection.execute(
        "SET session_replication_role = replica;"
        "UPDATE core_audit_entry SET actor = 'person:other' WHERE id ="
        " (SELECT entry_id FROM core_audit_seal WHERE seq = 2)"
    )
    await connection.close()
