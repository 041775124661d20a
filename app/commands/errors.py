import argparse
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import walk_packages

from msgspec import Struct

from app import levels_page
from app.database import PACKAGES
from app.running import ROOT
from core.errors import DomainError
from core.texts import find_texts
from web.errors import CRASH, HTTP_TITLES, STATUS

TABLE = ROOT / "docs" / "zh" / "error-codes.md"
SOURCES = (*PACKAGES, "web", "miniprogram_api", "operator_api", "agency_api")
AGAIN = {
    401: "登录已失效：刷新令牌后重试一次，仍不行则重新登录；是验证码、授权码不对的，重新获取",
    403: "不要重试；按 `details` 或提示引导用户",
    404: "不要重试",
    408: "检查网络后重试",
    409: "重新读取最新状态再决定",
    422: "请用户修改后再提交",
    429: "按 `Retry-After` 等待后重试",
    500: "不要自动重试；请用户稍后再试，凭 `trace_id` 报障",
    503: "按 `Retry-After` 等待后重试（GET，或带客户端编号的 PUT）",
}
NAMES = {
    "core": "公共",
    "identity": "登录与身份",
    "facts": "数据共享",
    "licences": "证照",
    "payments": "缴费与拨付",
    "notifications": "消息",
    "proactive": "免申即享",
    "web": "接口层",
}
HEAD = """# 错误码

本页由 `make documents` 从代码生成，请勿手工修改。

出错时返回 `application/problem+json`：程序按 `code` 判断，不要按 `title` 判断，文字会改；
`title` 给用户看，`plain` 是长辈版短句，`trace_id` 报障时提供，`details` 因错误码而异。
同一状态码的处理方式相同：

"""


class Code(Struct, frozen=True, order=True):
    package: str
    code: str
    status: int
    title: str
    shown: tuple[str, ...] = ()


def run(given: argparse.Namespace) -> int:
    """Print the table of error codes, or write it and the page of levels where people read them."""
    text = table(known_codes())
    if given.write:
        TABLE.parent.mkdir(parents=True, exist_ok=True)
        TABLE.write_text(text, "utf-8")
        levels_page.PAGE.write_text(levels_page.page(), "utf-8")
    else:
        sys.stdout.write(text)
    return 0


def known_codes() -> list[Code]:
    """Every code that an answer of ours may carry."""
    for package in SOURCES:
        for module in walk_packages([str(ROOT / package)], prefix=f"{package}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    found = {code: Code("web", code, status, title) for status, (code, title) in _edge()}
    for error in _leaves(DomainError):
        status = next((STATUS[kind] for kind in STATUS if issubclass(error, kind)), 500)
        package = error.code.partition(".")[0]
        found[error.code] = Code(package, error.code, status, error.message, error.shown)
    return sorted(found.values())


def table(codes: Iterable[Code]) -> str:
    """The page, in Markdown."""
    codes = list(codes)
    parts = [HEAD, "| 状态码 | 怎么办 |\n|---|---|\n"]
    parts += [
        f"| {status} | {AGAIN.get(status, '请求有误：不要重试，检查客户端')} |\n"
        for status in sorted({code.status for code in codes})
    ]
    for package in sorted({code.package for code in codes}):
        parts.append(f"\n## {NAMES.get(package, '')} `{package}`\n\n")
        parts.append("| code | 状态码 | title | plain | English | details |\n")
        parts.append("|---|---|---|---|---|---|\n")
        parts += [_row(code) for code in codes if code.package == package]
    return "".join(parts)


def _row(code: Code) -> str:
    texts = find_texts(code.code)
    plain, english = (texts.plain, texts.en) if texts else ("", "")
    shown = "、".join(f"`{name}`" for name in code.shown)
    cells = (f"`{code.code}`", code.status, code.title, plain, english, shown)
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |\n"


def _edge() -> Iterator[tuple[int, tuple[str, str]]]:
    yield from HTTP_TITLES.items()
    yield 500, CRASH


def _leaves(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        if child.__module__.partition(".")[0] not in SOURCES:
            continue
        yield from _leaves(child)
        if "code" in vars(child):
            yield child
