import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
import structlog
from litestar import Litestar, get
from litestar.params import FromPath
from litestar.testing import AsyncTestClient

from app.logging import AccessLog, configure_logging

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What was logged, decoded. The test run's own logging comes back afterwards."""
    root, written = logging.getLogger(), StringIO()
    handlers, level = root.handlers[:], root.level
    configure_logging(stream=written)
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def test_a_line_is_json_with_its_context(lines: Lines) -> None:
    structlog.contextvars.bind_contextvars(trace_id="t" * 32)

    logging.getLogger("payments.orders").info("settled", extra={"order_no": "F20261122ABC"})

    (line,) = lines()
    assert line["event"] == "settled"
    assert (line["logger"], line["level"]) == ("payments.orders", "info")
    assert (line["order_no"], line["trace_id"]) == ("F20261122ABC", "t" * 32)
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    "personal",
    [
        "330106195006011234",
        "33010619500601123X",
        "13800138000",
        "+8613800138000",
        "6222020200112233445",
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    ],
)
def test_personal_data_is_blotted_wherever_it_slips_in(lines: Lines, personal: str) -> None:
    """G11, A02"""
    log = logging.getLogger("test")

    log.warning("about %s", personal, extra={"where": {"deep": [f"at {personal}"]}})
    try:
        raise ValueError(f"bad {personal}")
    except ValueError:
        log.exception("failed")
    structlog.get_logger("test").info("native", text=personal)

    found = lines()
    assert len(found) == 3
    assert personal not in json.dumps(found)


def test_secrets_are_blotted_by_name_and_codes_of_refusals_are_kept(lines: Lines) -> None:
    extra = {"session_key": "canary", "openid": "canary", "context": {"phone": "canary"}}

    logging.getLogger("test").info("x", extra=extra | {"code": "identity.code_used"})
    logging.getLogger("test").info("x", extra={"code": "0a1B2c3D"})

    first, second = lines()
    assert "canary" not in json.dumps(first)
    assert (first["code"], second["code"]) == ("identity.code_used", "…")


def test_the_values_of_a_unique_key_are_blotted(lines: Lines) -> None:
    logging.getLogger("test").info("Key (phone, appid)=(张三, wx1) already exists.")

    (line,) = lines()
    assert line["event"] == "Key (phone, appid)=(…) already exists."


def test_ids_and_numbers_of_ours_are_kept(lines: Lines) -> None:
    kept = "019aab12-1380-7138-8001-380013800013 F20261122QWERTY123456 8000 2026-11-22"

    logging.getLogger("test").info(kept)

    assert lines()[0]["event"] == kept


async def test_a_request_is_logged_by_its_route_and_not_its_path(lines: Lines) -> None:
    @get("/fees/{number:str}")
    async def fee(number: FromPath[str]) -> str:
        return number

    app = Litestar([fee], logging_config=None)
    async with AsyncTestClient(AccessLog(app)) as client:
        await client.get("/fees/F1380?name=canary", headers={"x-request-id": "request-0001"})

    line = next(line for line in lines() if line["event"] == "request")
    assert (line["method"], line["route"], line["status"]) == ("GET", "/fees/{number}", 200)
    assert line["trace_id"] == "request-0001"
    assert "canary" not in json.dumps(line)
