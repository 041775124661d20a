"""`sync` with a network now and then; `check` and `check-credential` without one.

Ends with 0 when valid, 1 when not, 2 when it cannot be told here.
"""

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from verifier.offline_code import MAX_BYTES, OfflineLicence, read_code
from verifier.refusals import Refused, Undecided
from verifier.saying import (
    CHINA,
    GREEN,
    NO_PORTRAIT,
    OFFLINE,
    REASONS,
    RED,
    YELLOW,
    Printer,
    moment,
    say_freshness,
)
from verifier.sd_jwt import Credential, read_presentation
from verifier.shelf import Shelf, SyncFailed, load, sync
from verifier.status_list import check_status

VALID, INVALID, UNDECIDED = 0, 1, 2
_MAX_INPUT = 128 * 1024


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    at = time.time() + options.clock
    printer = Printer(colour=sys.stdout.isatty() or options.colour)
    code = _answered(options, printer, at)
    sys.stdout.write("\n".join(printer.lines) + "\n")
    return code


def _answered(options: argparse.Namespace, printer: Printer, at: float) -> int:
    commands: dict[str, Callable[..., None]] = {
        "sync": _sync,
        "check": _check,
        "check-credential": _check_credential,
    }
    try:
        commands[options.command](options, printer, at)
    except SyncFailed as failed:
        printer.verdict(f"同步失败：{failed}；原有内容未变", YELLOW)
        return UNDECIDED
    except Undecided as undecided:
        printer.verdict(f"无法判断：{REASONS[undecided.reason]}", YELLOW)
        return UNDECIDED
    except Refused as refused:
        printer.verdict(f"无效：{REASONS[refused.reason]}", RED)
        return INVALID
    return VALID


def _sync(options: argparse.Namespace, printer: Printer, at: float) -> None:
    shelf = sync(options.issuer.rstrip("/"), options.folder, at=at)
    printer.verdict("已同步", GREEN)
    printer.say(f"公钥 {len(shelf.keys)} 把，状态名单 {len(shelf.lists)} 份，{moment(at)}")


def _check(options: argparse.Namespace, printer: Printer, at: float) -> None:
    shelf = load(options.folder)
    shown = read_code(_given(options.code, MAX_BYTES * 2), shelf.keys, issuer=shelf.issuer, at=at)
    listed = shelf.find_list(shelf.list_uri(shown.list_no), at=at)
    check_status(listed.status(shown.index))
    if _is_over(shown.until, at):
        raise Refused("licence_expired")
    _say_licence(printer, shown)
    say_freshness(printer, listed, at=at)


def _say_licence(printer: Printer, shown: OfflineLicence) -> None:
    printer.verdict(f"有效　{shown.name}", GREEN)
    printer.show(shown.fields)
    printer.say(OFFLINE)
    printer.say(NO_PORTRAIT)
    printer.say(f"证照有效期至：{shown.until}")
    printer.say(f"登记信息：{moment(shown.as_of)} 的；离线码：{moment(shown.issued)} 生成")


def _check_credential(options: argparse.Namespace, printer: Printer, at: float) -> None:
    shelf = load(options.folder)
    shown = read_presentation(
        _given(options.presentation, _MAX_INPUT),
        shelf.keys,
        issuer=shelf.issuer,
        audience=options.audience,
        nonce=options.nonce,
        at=at,
    )
    listed = shelf.find_list(shown.status_uri, at=at)
    check_status(listed.status(shown.status_index))
    _say_credential(printer, shown, shelf)
    say_freshness(printer, listed, at=at)


def _say_credential(printer: Printer, shown: Credential, shelf: Shelf) -> None:
    registered = {"iss", "iat", "nbf", "exp", "cnf", "vct", "status"}
    printer.verdict(f"有效　{shown.vct.rpartition('/')[2]}", GREEN)
    printer.show([(k, str(v)) for k, v in shown.claims.items() if k not in registered])
    printer.say(f"签发方：{shelf.issuer}；持证人已签名，仅对本次核验有效")
    printer.say(NO_PORTRAIT)


def _is_over(until: str, at: float) -> bool:
    """The last day counts, until midnight in China."""
    try:
        return datetime.fromtimestamp(at, CHINA).date() > date.fromisoformat(until)
    except ValueError:
        return False


def _given(text: str, most: int) -> str:
    """The text itself, of a file, or of what comes in when it is -."""
    if text == "-":
        return sys.stdin.buffer.read(most).decode("utf-8", "replace").strip("\r\n")
    path = Path(text)
    if len(os.fsencode(text)) < 256 and path.is_file():
        if path.stat().st_size > most:
            raise Refused("not_genuine")
        return path.read_text("utf-8", "replace").strip("\r\n")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m verifier", description="掌上办离线核验")
    parser.add_argument("--folder", type=Path, default=Path("verifier-data"), help="存放公钥和名单")
    parser.add_argument("--clock", type=int, default=0, help="试用：把本机时钟拨动若干秒")
    parser.add_argument("--colour", action="store_true", help="不在终端里也用颜色")
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("sync", help="联网：取公钥和状态名单")
    one.add_argument("issuer", help="签发方地址，如 https://example.gov.cn")
    one = commands.add_parser("check", help="不联网：核验离线码")
    one.add_argument("code", help="扫码所得文字、存有它的文件，或 - 从标准输入读")
    one = commands.add_parser("check-credential", help="不联网：核验 SD-JWT VC 出示")
    one.add_argument("presentation", help="出示的文字、文件，或 -")
    one.add_argument("--audience", required=True, help="本核验方的标识")
    one.add_argument("--nonce", required=True, help="这一次给出的随机数")
    return parser


if __name__ == "__main__":
    sys.exit(main())
