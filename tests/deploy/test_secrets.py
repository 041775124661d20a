"""What the first start makes is what the processes take."""

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import asyncpg
import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.database import migrate_database
from app.embedded.postgres import EmbeddedPostgres
from app.roles import APPLICATION, DATABASE, OWNER, grant_application
from app.settings import Settings, SettingsInvalid, load_settings
from app.settings_reading import Secret
from sandbox.alipay.certificates import certify_alipay, certify_app, new_authority
from tests.deploy.reading import COMPOSE, DEPLOY, SECRETS_FOLDER, variables_of
from tests.deployment import RSA_KEY

needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the keys")


@pytest.fixture
def made(tmp_path: Path) -> Path:
    _make(tmp_path)
    return tmp_path


def _make(folder: Path) -> None:
    subprocess.run(["sh", DEPLOY / "secrets.sh", folder], check=True, capture_output=True)


def _variables(service: str, folder: Path) -> Mapping[str, str]:
    given = variables_of(service)
    return {name: value.replace(SECRETS_FOLDER, str(folder)) for name, value in given.items()}


@needs_openssl
class TestFirstSecrets:
    def test_all_that_compose_asks_for_is_made_but_the_certificate(self, made: Path) -> None:
        wanted = set(COMPOSE["secrets"]) - {"tls_certificate.pem", "tls_key.pem"}

        assert {file.name for file in made.iterdir()} == wanted | {"valkey_password"}
        assert made.stat().st_mode & 0o777 == 0o700

    def test_a_second_run_changes_nothing(self, made: Path) -> None:
        before = {file.name: file.read_bytes() for file in made.iterdir()}

        _make(made)

        assert {file.name: file.read_bytes() for file in made.iterdir()} == before

    def test_with_the_samples_the_start_is_refused_by_the_name_of_each(self, made: Path) -> None:
        with pytest.raises(SettingsInvalid) as refused:
            load_settings(_variables("api", made))

        told = "\n".join(refused.value.problems)
        assert "ZB_WECHAT_PAY" in told
        assert "ZB_WECHAT_PUSH" in told
        assert "ZB_ALIPAY" in told
        assert "ZB_KEK" not in told

    @pytest.mark.parametrize("service", ["api", "worker"])
    def test_with_the_platforms_filled_in_a_production_starts(
        self, made: Path, service: str
    ) -> None:
        _fill_in(made)

        settings = load_settings(_variables(service, made))

        assert settings.environment == "production"
        assert settings.database_url.reveal().startswith(f"asyncpg://{APPLICATION}:")
        assert (
            settings.valkey_url.reveal()
            .split(":")[2]
            .startswith((made / "valkey_password").read_text().strip())
        )


def _fill_in(folder: Path) -> None:
    push = folder / "wechat_push.json"
    push.chmod(0o644)
    push.write_text(json.dumps(json.loads(push.read_text()) | {"encoding_aes_key": "k" * 43}))
    made = RSA_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key = RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private, public = made.decode(), key.decode()
    for name, parts, more in (
        ("wechat_pay.json", "merchants", {"apiv3_key": "k" * 32, "public_key_pem": public}),
        ("alipay.json", "apps", {"aes_key": "c2l4dGVlbiBieXRlcyEhIQ=="} | _certificates()),
    ):
        file = folder / name
        given = json.loads(file.read_text())
        mine = "private_key_pem" if parts == "merchants" else "app_private_key_pem"
        given[parts][0] |= {mine: private, **more}
        file.unlink()
        file.write_text(json.dumps(given))


def _certificates() -> dict[str, str]:
    """The sample is in certificate mode: in the other one nothing is paid out."""
    authority = new_authority()
    return {
        "app_cert_pem": certify_app(authority, "1", RSA_KEY.public_key()),
        "alipay_cert_pem": certify_alipay(authority, "2088990199000001").certificate_pem,
        "root_bundle_pem": authority.root_bundle_pem,
    }


@pytest.mark.parametrize(
    "sample", sorted(DEPLOY.glob("platforms.example/*.json")), ids=lambda p: p.stem
)
def test_each_sample_has_the_fields_of_its_setting(sample: Path) -> None:
    kind = next(f for f in msgspec.structs.fields(Settings) if f.name == sample.stem).type

    msgspec.json.decode(sample.read_bytes(), type=kind, dec_hook=lambda _, text: Secret(text))


async def test_the_roles_made_are_those_the_application_grants_to(tmp_path: Path) -> None:
    """The file as PostgreSQL's own image runs it, by psql, on a server of its own."""
    for name in ("owner_password", "application_password"):
        (tmp_path / name).write_text(f"{name}'s\n")

    with EmbeddedPostgres(fsync=False) as server:
        _run_sql(server, tmp_path)
        owner = server.url(DATABASE, user=OWNER, password="owner_password's")
        await migrate_database(owner)
        assert await grant_application(owner)
        url = server.url(DATABASE, user=APPLICATION, password="application_password's")
        connection = await asyncpg.connect(url.replace("asyncpg", "postgresql", 1))
        assert await connection.fetchval("SELECT count(*) FROM core_audit_entry") == 0
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM core_audit_entry")
        await connection.close()


def _run_sql(server: EmbeddedPostgres, secrets: Path) -> None:
    url = server.url().replace("asyncpg", "postgresql", 1)
    script = DEPLOY / "postgres" / "roles.sql"
    subprocess.run(
        [server._program("psql"), "-v", "ON_ERROR_STOP=1", "--no-psqlrc", "-f", script, url],
        check=True,
        capture_output=True,
        env=os.environ | {"SECRETS": str(secrets)},
    )
