import argparse
import asyncio
import os
import sys
from base64 import b64decode
from datetime import timedelta
from getpass import getpass
from pathlib import Path

import segno
from msgspec import Struct

from app.database import database
from app.settings import Settings, load_settings
from core.clock import set_offset
from core.errors import DomainError
from core.sealing import load_vault
from core.suites import SUITES
from identity.operators import create_first_admin, new_totp_secret, totp_uri
from identity.persons import register_person

ACTOR = "system:operators.create-admin"


class _Admin(Struct, frozen=True):
    """What is asked of whoever sits there; no secret and no card number stands in an argument."""

    login_name: str
    name: str
    id_number: str
    password: str
    department: str
    division: str


def run(given: argparse.Namespace) -> int:
    """Make the first security administrator, and show the secret of the one-time codes once."""
    settings = load_settings(os.environ)
    set_offset(timedelta(seconds=settings.clock_offset_seconds))
    admin = _Admin(
        login_name=given.login,
        name=given.name,
        id_number=_secret(given.id_number_file, "身份证号码："),
        password=_secret(given.password_file, "口令（12 至 128 个字符）："),
        department=given.department,
        division=given.division,
    )
    secret = new_totp_secret()
    try:
        asyncio.run(_create(admin, secret, settings))
    except DomainError as refused:
        sys.stderr.write(f"{refused.message}\n")
        return 1
    _show(totp_uri(secret, admin.login_name))
    return 0


def _secret(file: Path | None, question: str) -> str:
    return getpass(question) if file is None else file.read_text("utf-8").strip()


async def _create(admin: _Admin, secret: str, settings: Settings) -> None:
    async with database(settings.database_url.reveal()):
        vault = await load_vault(
            b64decode(settings.kek.reveal()), suite=SUITES[settings.crypto_suite]
        )
        person = await register_person(name=admin.name, id_number=admin.id_number, vault=vault)
        await create_first_admin(
            person_id=person.id,
            login_name=admin.login_name,
            password=admin.password,
            totp_secret=secret,
            department=admin.department,
            division=admin.division,
            vault=vault,
            actor=ACTOR,
        )


def _show(uri: str) -> None:
    sys.stdout.write("安全管理员已建立。请用验证器扫描（只显示这一次）：\n")
    segno.make_qr(uri).terminal(out=sys.stdout, compact=True)
    sys.stdout.write(f"{uri}\n")
