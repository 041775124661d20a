import logging
from uuid import uuid4

import httpx
import pytest

from core.texts import missing_texts
from web.errors import CRASH, HTTP_TITLES


async def test_a_refusal_is_a_problem_with_the_words_of_its_class(
    client: httpx.AsyncClient,
) -> None:
    thing_id = str(uuid4())

    reply = await client.put(f"/things/{thing_id}")

    assert reply.status_code == 409
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.json() == {
        "status": 409,
        "code": "web.test_thing_taken",
        "title": "已被占用",
        "details": {"thing_id": thing_id},
        "trace_id": reply.headers["x-request-id"],
    }


async def test_a_failed_provider_is_a_503_that_says_when_to_try_again(
    client: httpx.AsyncClient,
) -> None:
    reply = await client.delete(f"/things/{uuid4()}")

    assert (reply.status_code, reply.headers["retry-after"]) == (503, "5")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "web.not_found"),
        ("GET", "/things/not-an-id", 404, "web.not_found"),
        ("PATCH", "/things", 405, "web.method_not_allowed"),
        ("GET", "/things?limit=0", 400, "web.parameters_invalid"),
        ("GET", "/things?limit=101", 400, "web.parameters_invalid"),
        ("GET", "/things?limit=" + "9" * 400, 400, "web.parameters_invalid"),
        ("GET", "/things?limit=x", 400, "web.parameters_invalid"),
        ("GET", "/things?word=%00", 400, "web.address_invalid"),
        ("GET", "/things?word=%ff", 400, "web.address_invalid"),
        ("GET", "/things/%00", 404, "web.not_found"),
        ("GET", "/broken", 500, "web.internal"),
    ],
)
async def test_every_refusal_has_a_stable_code_and_chinese_words(
    client: httpx.AsyncClient, method: str, path: str, status: int, code: str
) -> None:
    reply = await client.request(method, path)

    problem = reply.json()
    assert (reply.status_code, problem["code"]) == (status, code)
    assert problem["trace_id"] == reply.headers["x-request-id"]
    assert not problem["title"].isascii()
    assert not problem["plain"].isascii()


async def test_a_bad_parameter_is_named_but_not_repeated(client: httpx.AsyncClient) -> None:
    reply = await client.get("/things?limit=330102195006011234x")

    assert reply.json()["details"] == {"fields": ["limit"]}
    assert "330102195006011234x" not in reply.text


async def test_a_wrong_method_is_told_the_right_ones(client: httpx.AsyncClient) -> None:
    reply = await client.patch("/things")

    assert set(reply.headers["allow"].split(", ")) == {"GET", "POST", "OPTIONS"}


async def test_a_bug_tells_the_caller_nothing_and_the_log_its_trace(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        reply = await client.get("/broken")

    assert "330102195006011234" not in reply.text
    assert [record.trace_id for record in caplog.records if record.message == "crashed"] == [
        reply.json()["trace_id"]
    ]


def test_every_code_of_http_itself_has_its_texts() -> None:
    codes = {code for code, _ in (*HTTP_TITLES.values(), CRASH)}

    assert missing_texts(codes | {"web.parameters_invalid", "web.body_missing"}) == []
