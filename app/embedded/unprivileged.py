"""Servers refuse to run as root, and should not. When we are root they run as nobody.

Then nobody must be able to reach their program and their data: a folder below a home that only
its owner may enter is replaced by one in /var/tmp, and `Place.notice` says so.
"""

import hashlib
import os
import pwd
import shutil
import stat
from pathlib import Path
from typing import NamedTuple

from app.processes import Account

# What we make there is a folder of our own.
_SHARED = Path("/var/tmp")  # nosec B108


class Place(NamedTuple):
    """A folder that the account can enter, and what to say if it is not the one asked for."""

    folder: Path
    notice: str | None = None


def server_account() -> Account | None:
    """Whom the embedded servers run as: None (ourselves), or nobody when we are root."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Account(65534, 65534)
    return Account(entry.pw_uid, entry.pw_gid)


def server_place(folder: Path, account: Account | None) -> Place:
    """Make `folder` ready for a server, or one in its stead that the account can enter."""
    folder = folder.resolve()
    if account is None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return Place(folder)
    if can_enter(_nearest(folder.parent), account):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o711)
        return Place(folder)
    instead = _own_folder(f"zhangban-{folder.name}-{_short_hash(str(folder))}")
    return Place(instead, f"{folder} 所在目录不允许服务账号进入，数据改放在 {instead}")


def reachable_program(program: Path, root: Path, account: Account | None) -> Path:
    """`program`, which lies below `root`; or a copy of it if the account cannot reach it."""
    if account is None or can_enter(program.parent, account):
        return program
    copy = _SHARED / f"zhangban-programs-{_short_hash(f'{root} {root.stat().st_mtime_ns}')}"
    if not copy.exists():
        fresh = _own_folder(f"{copy.name}.{os.getpid()}")
        for part in (root, root.parent.with_name(f"{root.parent.name}.libs")):
            if part.is_dir():
                shutil.copytree(part, fresh / part.relative_to(root.parent.parent), symlinks=True)
        fresh.rename(copy)
    _refuse_others(copy)
    return copy / program.relative_to(root.parent.parent)


def can_enter(folder: Path, account: Account) -> bool:
    """Whether the account may pass every folder down to this one."""
    resolved = folder.resolve()
    return all(_may_pass(part.stat(), account) for part in (resolved, *resolved.parents))


def _may_pass(status: os.stat_result, account: Account) -> bool:
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def _nearest(folder: Path) -> Path:
    return next(part for part in (folder, *folder.parents) if part.exists())


def _own_folder(name: str) -> Path:
    folder = _SHARED / name
    folder.mkdir(exist_ok=True)
    _refuse_others(folder)
    folder.chmod(0o711)
    return folder


def _refuse_others(folder: Path) -> None:
    """Anybody may write in /var/tmp: what is not ours there is not trusted."""
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
        raise PermissionError(f"{folder} 不属于当前账号，请删除后再试")


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
