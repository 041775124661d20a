import argparse
import asyncio
import os
import sys

from app.database import database
from app.settings import load_database_settings
from core.audit import AuditReport, verify_audit


def run(_: argparse.Namespace) -> int:
    """Walk the audit chain; 1 when it is broken. Says the unsealed tail."""
    report = asyncio.run(_verify(load_database_settings(os.environ).database_url.reveal()))
    sys.stdout.write(
        f"已封存 {report.sealed} 条，未封存 {report.unsealed} 条，链头 {report.head}\n"
    )
    if report.broken_at is not None:
        sys.stdout.write(f"审计链在第 {report.broken_at} 条处断裂\n")
        return 1
    sys.stdout.write("审计链完整\n")
    return 0


async def _verify(url: str) -> AuditReport:
    async with database(url):
        return await verify_audit()
