"""The pages: an overview, one page for each group, and what a search finds."""

import re
from collections.abc import Iterable, Sequence
from html import escape

import msgspec

from web.docs.fields import Field
from web.docs.frame import frame, group_address, groups_by_part
from web.docs.operations import Operation, Operations, Refusal
from web.docs.snippets import body_value, curl, with_client, wx_request

AUDIENCES = {"resident": "居民令牌", "verifier": "核验员令牌", "operator": "工作人员令牌"}
PLACES = {"path": "路径", "query": "查询", "header": "请求头"}


def overview(operations: Operations) -> str:
    info = operations.document["info"]
    parts = [
        f"<h1>{escape(str(info['title']))}</h1>",
        f"<p class='version'>版本 {escape(str(info['version']))}</p>",
        _prose(str(info.get("description", ""))),
        *(_part(part, groups, operations) for part, groups in groups_by_part(operations).items()),
        "<h2 id='shared'>通用错误</h2><p>多数接口都可能返回，各接口下不再重复。</p>",
        _refusals(operations.shared),
    ]
    return frame(operations, "", "".join(parts))


def group_page(operations: Operations, group: str) -> str:
    listed = operations.groups[group]
    parts = [f"<h1>{escape(group)}</h1>", _lines(listed)]
    parts += [_whole(operation, operations) for operation in listed]
    return frame(operations, group, "".join(parts))


def found_page(operations: Operations, words: str) -> str:
    found, refusals = operations.search(words)
    parts = [f"<h1>搜索“{escape(words)}”</h1>"]
    if refusals:
        parts += ["<h2>错误码</h2>", _refusals(refusals)]
    if found:
        parts += [f"<h2>接口（{len(found)}）</h2>", _lines(found)]
    if not found and not refusals:
        parts.append("<p>没有找到。可以换个词，或按左侧分组查看。</p>")
    return frame(operations, "", "".join(parts), words)


def _part(part: str, groups: Iterable[str], operations: Operations) -> str:
    listed = (
        f"<h3><a href='{group_address(group)}'>{escape(group)}</a></h3>"
        f"{_lines(operations.groups[group])}"
        for group in groups
    )
    return f"<h2>{part}</h2>{''.join(listed)}"


def _lines(operations: Iterable[Operation]) -> str:
    rows = (
        f"<li><a href='{group_address(each.group)}#{escape(each.anchor)}'>{_signature(each)}"
        f" <span>{escape(each.summary)}</span></a></li>"
        for each in operations
    )
    return f"<ul class='lines'>{''.join(rows)}</ul>"


def _whole(operation: Operation, operations: Operations) -> str:
    parts = [
        f"<section id='{escape(operation.anchor)}'><h2>{escape(operation.summary)}</h2>",
        f"<p class='signature'>{_signature(operation)}{_who(operation)}</p>",
        _prose(operation.description),
        _parameters(operation, operations),
        _body(operation, operations),
        *(_answer(status, schema, operations) for status, schema in operation.answers),
        _own_refusals(operation, operations),
        _snippets(operation, operations),
        "</section>",
    ]
    return "".join(parts)


def _signature(operation: Operation) -> str:
    method = operation.method
    return f"<b class='{method.lower()}'>{method}</b> <code>{escape(operation.path)}</code>"


def _who(operation: Operation) -> str:
    audience = AUDIENCES.get(operation.audience, "不需要登录")
    roles = f"：{'、'.join(operation.roles)}" if operation.roles else ""
    return f" <span class='who'>{escape(audience + roles)}</span>"


def _parameters(operation: Operation, operations: Operations) -> str:
    rows = []
    for each in operation.parameters:
        schema, name = each.get("schema", {}), str(each["name"])
        said = f"{PLACES.get(each['in'], each['in'])} · {operations.schemas.kind(schema)}"
        note = operations.schemas.note(schema, name)
        rows.append(Field(name, said, bool(each.get("required")), note))
    return f"<h3>参数</h3>{_fields(rows)}" if rows else ""


def _body(operation: Operation, operations: Operations) -> str:
    if operation.uploads:
        return f"<h3>请求</h3><p>文件内容，{escape('、'.join(operation.uploads))}</p>"
    if operation.body is None:
        return ""
    fields = operations.schemas.fields(operation.body.get("schema", {}))
    return f"<h3>请求</h3>{_fields(fields)}{_json(body_value(operation, operations.schemas))}"


def _answer(status: int, schema: object, operations: Operations) -> str:
    if not isinstance(schema, dict):
        return f"<h3>成功 {status}</h3><p>没有内容，或是文件。</p>"
    fields = _fields(operations.schemas.fields(schema))
    sample = _json(operations.schemas.sample(schema))
    return f"<h3>成功 {status}</h3>{fields}<details><summary>答复示意</summary>{sample}</details>"


def _own_refusals(operation: Operation, operations: Operations) -> str:
    own = sorted({*operation.refusals} - {*operations.shared})
    table = _refusals(own) if own else ""
    return f"<h3>错误</h3>{table}<p>另见<a href='/docs#shared'>通用错误</a>。</p>"


def _snippets(operation: Operation, operations: Operations) -> str:
    schemas = operations.schemas
    shown = {
        "客户端": with_client(operation, schemas),
        "wx.request": wx_request(operation, schemas),
        "curl": curl(operation, schemas),
    }
    if not operation.path.startswith(("/v1/", "/agency/")):
        shown = {"curl": shown["curl"]}
    parts = (
        f"<details><summary>{name}</summary><pre>{escape(code)}</pre></details>"
        for name, code in shown.items()
        if code is not None
    )
    return f"<h3>代码</h3>{''.join(parts)}"


def _fields(fields: Iterable[Field]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(field.name)}</code></td><td>{escape(field.kind)}</td>"
        f"<td>{'必有' if field.required else '可无'}</td><td>{_inline(field.note)}</td></tr>"
        for field in fields
    )
    if not rows:
        return ""
    head = "<tr><th>名称</th><th>类型</th><th></th><th>说明</th></tr>"
    return f"<div class='wide'><table>{head}{rows}</table></div>"


def _refusals(refusals: Sequence[Refusal]) -> str:
    rows = "".join(
        f"<tr><td>{each.status}</td><td><code>{escape(each.code)}</code></td>"
        f"<td>{escape(each.title)}</td><td>{escape(each.plain)}</td></tr>"
        for each in refusals
    )
    head = "<tr><th>状态</th><th>code</th><th>title</th><th>plain（长辈版）</th></tr>"
    return f"<div class='wide'><table class='refusals'>{head}{rows}</table></div>"


def _json(value: object) -> str:
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return f"<pre>{escape(text)}</pre>"


def _prose(text: str) -> str:
    """Paragraphs, and lines that begin with a dash as a list; words in backticks as code."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    items = "".join(f"<li>{_inline(line[2:])}</li>" for line in lines if line.startswith("- "))
    said = "".join(f"<p>{_inline(line)}</p>" for line in lines if not line.startswith("- "))
    return f"{said}<ul>{items}</ul>" if items else said


def _inline(text: str) -> str:
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
