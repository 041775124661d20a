import argparse
import asyncio
import os
import sys

from app.database import migrate_database
from app.roles import grant_application
from app.settings import load_owner_settings


def run(_: argparse.Namespace) -> int:
    """Migrate as the owner, then give the application's role what it may."""
    owner_url = load_owner_settings(os.environ).owner_database_url.reveal()
    granted = asyncio.run(_migrate(owner_url))
    told = "已授权应用角色" if granted else "没有应用角色，应用与属主使用同一账号"
    sys.stdout.write(f"数据库结构已是最新；{told}\n")
    return 0


async def _migrate(owner_url: str) -> bool:
    await migrate_database(owner_url)
    return await grant_application(owner_url)
