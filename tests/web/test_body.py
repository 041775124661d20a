"""Row G02: whatever is wrong with a body is a 400 that says what, and never a 500."""

import json
import time
from typing import Any

import httpx
import pytest
from msgspec import Struct

from web import body
from web.errors import Malformed

GOOD = {"name": "书", "count": 1}


def _json(**fields: Any) -> bytes:
    return json.dumps(GOOD | fields, ensure_ascii=False).encode()


BAD = {
    "depth 100,000 of lists": b"[" * 100_000,
    "depth 100,000 of objects": b'{"a":' * 100_000,
    "depth 100,000, well closed": b"[" * 100_000 + b"]" * 100_000,
    "33 levels": _json(parts=[])[:-2] + b"[" * 31 + b"]" * 31 + b"]}",
    "GBK": '{"name":"书","count":1}'.encode("gbk"),
    "UTF-16": '{"name":"书","count":1}'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + _json(),
    "overlong UTF-8": b'{"name":"\xc0\xaf","count":1}',
    "a surrogate in UTF-8": b'{"name":"\xed\xa0\x80","count":1}',
    "a key twice": b'{"name":"a","name":"b","count":1}',
    "a key twice by escape": b'{"name":"a","n\\u0061me":"b","count":1}',
    "a key twice, deep": b'{"name":"a","count":1,"parts":[{"name":"x","name":"y"}]}',
    "NaN": b'{"name":"a","count":1,"share":NaN}',
    "Infinity": b'{"name":"a","count":1,"share":-Infinity}',
    "1e400": b'{"name":"a","count":1,"share":1e400}',
    "an integer of 400 digits": b'{"name":"a","count":' + b"9" * 400 + b"}",
    "an integer of 5,000 digits": b'{"name":"a","count":' + b"9" * 5000 + b"}",
    "2^63": b'{"name":"a","count":9223372036854775808}',
    "a lone surrogate": b'{"name":"\\ud800","count":1}',
    "a lone surrogate as key": b'{"\\udc00":"a","name":"a","count":1}',
    "NUL by escape": b'{"name":"a\\u0000","count":1}',
    "NUL as byte": b'{"name":"a\x00","count":1}',
    "NUL between": b'{"name":"a",\x00"count":1}',
    "a line break in a text": b'{"name":"a\nb","count":1}',
    "a trailing newline in a code": _json(code="1234\n"),
    '"5" for an integer': _json(count="5"),
    "5.0 for an integer": b'{"name":"a","count":5.0}',
    "true for an integer": _json(count=True),
    "null for an integer": _json(count=None),
    "1 for a text": _json(name=1),
    "an unknown field": _json(admin=True),
    "an unknown field, deep": _json(parts=[{"name": "x", "admin": 1}]),
    "a missing field": b'{"name":"a"}',
    "too long a text": _json(name="长" * 21),
    "too short a text": _json(name=""),
    "a bad moment": _json(on="2026-13-45"),
    "trailing garbage": _json() + b"x",
    "two documents": _json() + _json(),
    "a trailing comma": b'{"name":"a","count":1,}',
    "a comment": b'{"name":"a","count":1} // x',
    "single quotes": b"{'name':'a','count':1}",
    "a bare word": b"hello",
    "an open text": b'{"name":"a',
    "a list": b"[]",
    "null": b"null",
    "nothing": b"",
    "spaces": b"   ",
    "only quotes": b'"' * 50_001,
    "escaped quotes, open": b'"' + b'\\"' * 200_000 + b"[" * 40,
}


@pytest.mark.parametrize("sent", [pytest.param(sent, id=name) for name, sent in BAD.items()])
async def test_a_bad_body_is_a_400_in_plain_chinese(client: httpx.AsyncClient, sent: bytes) -> None:
    reply = await client.post("/things", content=sent, headers=JSON)

    problem = reply.json()
    assert (reply.status_code, problem["status"]) == (400, 400)
    assert reply.headers["content-type"] == "application/problem+json"
    assert problem["code"].startswith("web.body_")
    assert problem["plain"].endswith("。")
    assert problem["title"] != problem["plain"]


JSON = {"content-type": "application/json"}


async def test_a_good_body_arrives_as_it_was_sent(client: httpx.AsyncClient) -> None:
    sent = GOOD | {"name": "😀" * 20, "parts": [{"name": 'a"[{', "count": -(2**63)}]}

    reply = await client.post("/things", json=sent)

    assert reply.status_code == 201
    assert reply.json() | sent == reply.json()


async def test_a_body_of_plain_values_is_strict_too(client: httpx.AsyncClient) -> None:
    assert (await client.post("/lists", json=[1, 2])).json() == [1, 2]
    assert (await client.post("/lists", json=[1, "2"])).status_code == 400


@pytest.mark.parametrize(
    ("sent", "code", "details"),
    [
        (_json(count="5"), "web.body_invalid", {"field": "count", "reason": "应为整数"}),
        (_json(extra=1), "web.body_invalid", {"field": "extra", "reason": "没有这个字段"}),
        (b'{"name":"a"}', "web.body_invalid", {"field": "count", "reason": "缺少必填项"}),
        (
            _json(parts=[{"name": "x"}, {"name": 3}]),
            "web.body_invalid",
            {"field": "parts[1].name", "reason": "应为文字"},
        ),
        (_json(code="12\n"), "web.body_invalid", {"field": "code", "reason": "格式不正确"}),
        (_json(name=""), "web.body_invalid", {"field": "name", "reason": "长度不符合要求"}),
        (_json(on="x"), "web.body_invalid", {"field": "on", "reason": "内容不正确"}),
        (b'{"a":1,"a":2}', "web.body_key_repeated", {"field": "a"}),
        (
            b'{"name":"a","count":1,"parts":[{"name":"\\u0000"}]}',
            "web.body_text_not_allowed",
            {"field": "parts[0].name"},
        ),
        (b"[" * 33, "web.body_too_deep", None),
        (b"\xff", "web.body_not_utf8", None),
        (b"NaN", "web.body_not_json", None),
        (b"1" * 30, "web.body_number_out_of_range", None),
        (b"", "web.body_missing", None),
    ],
)
async def test_the_answer_names_the_field_and_the_reason(
    client: httpx.AsyncClient, sent: bytes, code: str, details: dict[str, str] | None
) -> None:
    reply = await client.post("/things", content=sent, headers=JSON)

    assert (reply.json()["code"], reply.json().get("details")) == (code, details)


async def test_what_was_sent_is_not_repeated_in_the_answer(client: httpx.AsyncClient) -> None:
    reply = await client.post("/things", json=GOOD | {"count": "330102195006011234"})

    assert "330102195006011234" not in reply.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"content-type": "application/json", "content-encoding": "gzip"}, 415),
        ({"content-type": "application/json; charset=GBK"}, 400),
        ({"content-type": "application/json; charset=utf-8"}, 201),
        ({"content-type": "application/json", "content-length": "x"}, 400),
    ],
)
async def test_only_plain_utf8_json_is_read(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    reply = await client.post("/things", content=_json(), headers=headers)

    assert reply.status_code == status


class Anything(Struct, forbid_unknown_fields=True):
    names: list[str] = []


def test_a_full_megabyte_is_judged_quickly() -> None:
    """No body makes the decoder take more than linear time."""
    quotes = b'"' + b'\\"' * 500_000
    many_keys = b"{" + b",".join(b'"k%d":0' % n for n in range(90_000)) + b',"k1":0}'
    brackets = b"[" + b'"[",' * 240_000 + b"]"

    started = time.perf_counter()
    for hostile in (quotes, b'"' * 1_000_000, many_keys, brackets, b"[" * 32 + b"]" * 1_000_000):
        with pytest.raises(Malformed):
            body.decode(hostile, Anything)

    assert time.perf_counter() - started < 5
