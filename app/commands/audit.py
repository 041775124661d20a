import argparse
import asyncio
import os
import sys

from app.database import database
from app.settings import AuditSettings, load_audit_settings
from core.anchors import AnchorReport, check_anchors
from core.audit import AuditReport, verify_audit
from core.files import open_store
from core.signature_keys import read_signature_key


def run(_: argparse.Namespace) -> int:
    """Walk the audit chain and its marks outside; 1 when either is broken."""
    chain, anchors = asyncio.run(_verify(load_audit_settings(os.environ)))
    sys.stdout.write(f"已封存 {chain.sealed} 条，未封存 {chain.unsealed} 条，链头 {chain.head}\n")
    sys.stdout.write(f"库外锚点 {anchors.anchors} 个\n")
    if chain.broken_at is not None:
        sys.stdout.write(f"审计链在第 {chain.broken_at} 条处断裂\n")
    for seq in anchors.broken:
        sys.stdout.write(f"审计链与第 {seq} 条处的锚点不符：链被改写或截断\n")
    if chain.broken_at is not None or anchors.broken:
        return 1
    sys.stdout.write("审计链完整\n")
    return 0


async def _verify(settings: AuditSettings) -> tuple[AuditReport, AnchorReport]:
    key = read_signature_key(settings.audit_anchor_key.reveal())
    store = open_store(settings.file_store_url)
    async with database(settings.database_url.reveal()):
        return await verify_audit(), await check_anchors(store, key)
