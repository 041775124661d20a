"""An operation as something to copy: for a shell, for a mini-program, with our client."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import msgspec

from web.docs.fields import Schemas
from web.docs.operations import Operation

WITH_CLIENT = ("resident", "verifier")


def path_values(operation: Operation, schemas: Schemas) -> Mapping[str, Any]:
    return {
        str(each["name"]): schemas.sample(each.get("schema", {}), str(each["name"]))
        for each in operation.parameters
        if each["in"] == "path"
    }


def body_value(operation: Operation, schemas: Schemas) -> Any:
    """The route's own example, or one made from the shape; None where it takes no JSON."""
    body = operation.body
    if body is None:
        return None
    for example in body.get("examples", {}).values():
        return example["value"]
    return schemas.sample(body.get("schema", {}))


def curl(operation: Operation, schemas: Schemas) -> str:
    lines = [f'curl -X {operation.method} "$ADDRESS{_filled(operation, schemas)}"']
    if operation.audience:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    body = body_value(operation, schemas)
    if body is not None:
        text = msgspec.json.encode(body).decode().replace("'", "'\\''")
        lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    for kind in operation.uploads[:1]:
        lines += [f'-H "Content-Type: {kind}"', "--data-binary @文件"]
    return " \\\n  ".join(lines)


def wx_request(operation: Operation, schemas: Schemas) -> str:
    """For Alipay it is `my.request`, with `headers` for `header` and `status` for `statusCode`."""
    lines = [
        f'  url: ADDRESS + "{_filled(operation, schemas)}",',
        f'  method: "{operation.method}",',
    ]
    if operation.audience:
        lines.append('  header: { Authorization: "Bearer " + token },')
    body = body_value(operation, schemas)
    if body is not None:
        lines.append(f"  data: {_indented(body)},")
    lines.append(
        "  success: ({ statusCode, data }) => { /* statusCode ≥ 400 时 data.code 为错误码 */ },"
    )
    return "\n".join(["wx.request({", *lines, "});"])


def with_client(operation: Operation, schemas: Schemas) -> str | None:
    """None for operations that are no client's business."""
    if operation.audience not in WITH_CLIENT or operation.uploads:
        return None
    parts = {"path": dict(path_values(operation, schemas)), "body": body_value(operation, schemas)}
    given = [f"  {name}: {_indented(value)}," for name, value in parts.items() if value]
    call = f'await client.{operation.method.lower()}("{operation.path}"'
    return "\n".join([f"{call}, {{", *given, "});"]) if given else f"{call});"


def _filled(operation: Operation, schemas: Schemas) -> str:
    values = path_values(operation, schemas)
    return re.sub(
        r"\{(\w+)\}", lambda name: quote(str(values.get(name[1], name[1])), safe=""), operation.path
    )


def _indented(value: Any) -> str:
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    return text.replace("\n", "\n  ")
