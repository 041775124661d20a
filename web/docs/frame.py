"""What is around every page: the search, and the groups by whom they are for."""

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

from web.docs.operations import Operations

PARTS = {
    "/v1/": "居民端",
    "/operator/": "工作人员端",
    "/agency/": "机构与核验端",
}
REST = "平台回调与运行"

_FRAME = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}掌上办接口</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs.css"></head>
<body>
<nav><a class="home" href="/docs">掌上办接口</a>
<form action="/docs" method="get" role="search"><input name="q" type="search" value="{words}"
 placeholder="接口或错误码" aria-label="搜索"><button>搜索</button></form>
{groups}
<p><a href="/openapi.json">openapi.json</a></p></nav>
<main>{content}</main>
</body></html>
"""


def frame(operations: Operations, group: str, content: str, words: str = "") -> str:
    menu = "".join(
        f"<h2>{part}</h2><ul>{''.join(_link(name, name == group) for name in groups)}</ul>"
        for part, groups in groups_by_part(operations).items()
    )
    title = f"{escape(group)} · " if group else ""
    return _FRAME.format(title=title, words=escape(words), groups=menu, content=content)


def groups_by_part(operations: Operations) -> Mapping[str, Sequence[str]]:
    """The groups by whom they are for, in the order of the document."""
    found: dict[str, list[str]] = {part: [] for part in (*PARTS.values(), REST)}
    for group, listed in operations.groups.items():
        parts = (part for start, part in PARTS.items() if listed[0].path.startswith(start))
        found[next(parts, REST)].append(group)
    return {part: groups for part, groups in found.items() if groups}


def _link(group: str, here: bool) -> str:
    shown = " class=here" if here else ""
    return f"<li><a href='{group_address(group)}'{shown}>{escape(group)}</a></li>"


def group_address(group: str) -> str:
    return f"/docs?group={quote(group)}"
