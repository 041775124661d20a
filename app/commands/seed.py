import argparse
import asyncio
import os
import sys
from base64 import b64decode
from datetime import timedelta

from app.database import database
from app.settings import Settings, load_settings
from core.clock import now, set_offset
from core.files import FileStorage, open_store
from core.sealing import load_vault
from core.suites import SUITES
from seeds.files import City
from seeds.loader import load_city


def run(_: argparse.Namespace) -> int:
    """Load the invented city. Refused in production."""
    settings = load_settings(os.environ)
    if settings.environment == "production":
        sys.stderr.write("生产环境不装载虚构城市的数据\n")
        return 1
    set_offset(timedelta(seconds=settings.clock_offset_seconds))
    asyncio.run(_load(settings))
    return 0


async def _load(settings: Settings) -> None:
    async with database(settings.database_url.reveal()):
        vault = await load_vault(
            b64decode(settings.kek.reveal()), suite=SUITES[settings.crypto_suite]
        )
        files = FileStorage(open_store(settings.file_store_url), vault)
        await load_city(City(), vault=vault, at=now(), say=_say, files=files)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
