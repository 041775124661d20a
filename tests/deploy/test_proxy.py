import json
from typing import Any

from litestar import Litestar

from tests.deploy.reading import COMPOSE, SERVICES, proxy, variables_of
from web.body import BODY_LIMIT, CALLBACK_BODY_LIMIT
from web.edge import MAX_HEADER_BYTES
from web.errors import HTTP_TITLES
from web.requests import BODY_SECONDS
from web.uploads import UPLOAD_LIMIT
from web.waiting import MAX_WAIT_SECONDS

HTTP = proxy()["http"][0]
PLAIN, TLS = HTTP["server"]
UNITS = {"k": 1024, "m": 1024 * 1024}


def _value(block: dict[str, Any], name: str) -> str:
    ((value, *_),) = block[name]
    return str(value)


def _bytes(text: str) -> int:
    return int(text[:-1]) * UNITS[text[-1]]


def _headers() -> dict[str, str]:
    return dict(TLS["proxy_set_header"])


def test_what_is_not_encrypted_is_sent_to_what_is() -> None:
    assert _value(PLAIN, "return") == "308"
    assert ["443", "ssl", "default_server"] in TLS["listen"]
    assert TLS["ssl_protocols"] == [["TLSv1.2", "TLSv1.3"]]
    for name in ("ssl_certificate", "ssl_certificate_key"):
        secret = _value(TLS, name).removeprefix("/run/secrets/")
        assert secret in SERVICES["proxy"]["secrets"]
        assert secret in COMPOSE["secrets"]


def test_it_passes_on_to_the_port_that_is_served() -> None:
    (upstream,) = HTTP["upstream api"]

    assert _value(upstream, "server") == f"api:{variables_of('api')['ZB_PORT']}"
    passing = [use for block in TLS.values() for use in block if isinstance(use, dict)]
    assert {_value(use, "proxy_pass") for use in passing if "proxy_pass" in use} == {"http://api"}


def test_its_sizes_are_the_application_s() -> None:
    assert _bytes(_value(TLS, "client_max_body_size")) == BODY_LIMIT
    assert _bytes(_value(TLS["location = /v1/files"][0], "client_max_body_size")) == UPLOAD_LIMIT
    callbacks = TLS["location /callbacks/"][0]
    assert _bytes(_value(callbacks, "client_max_body_size")) == CALLBACK_BODY_LIMIT
    ((number, size),) = TLS["large_client_header_buffers"]
    assert int(number) * _bytes(size) <= MAX_HEADER_BYTES


def test_it_has_patience_for_a_long_poll_and_none_for_a_slow_body() -> None:
    assert int(_value(TLS, "proxy_read_timeout").removesuffix("s")) > MAX_WAIT_SECONDS + 10
    assert int(_value(TLS, "client_body_timeout").removesuffix("s")) <= BODY_SECONDS


def test_it_says_itself_who_the_client_is() -> None:
    """G08: what the client says in this header is not added to, but replaced."""
    headers = _headers()

    assert headers["X-Forwarded-For"] == "$remote_addr"
    assert headers["Forwarded"] == '""'
    assert headers["X-Request-ID"] == "$request_id"


def test_nothing_is_sent_twice() -> None:
    assert _value(TLS, "proxy_next_upstream") == "off"


def test_metrics_are_not_public() -> None:
    assert TLS["location /metrics"] == [{"return": [["404"]]}]


def test_the_places_it_knows_are_routes(app: Litestar) -> None:
    paths = {route.path for route in app.routes}

    assert "/v1/files" in paths
    assert any(path.startswith("/callbacks/") for path in paths)
    assert any(path.startswith("/metrics") for path in paths)


def test_its_own_refusals_are_problems_in_our_words() -> None:
    for location, status in (("location @too_large", 413), ("location @unavailable", 503)):
        block = TLS[location][0]
        ((code, body),) = block["return"]
        problem = json.loads(body)
        assert int(code) == problem["status"] == status
        assert (problem["code"], problem["title"]) == HTTP_TITLES[status]
        assert _value(block, "default_type") == "application/problem+json"


def test_no_query_is_logged() -> None:
    ((_, pattern),) = HTTP["log_format"]

    assert "$uri" in pattern
    assert "$request " not in pattern
    assert "args" not in pattern
