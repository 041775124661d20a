from typing import Any

import httpx
import pytest
from litestar import Litestar

from tests.web import sample
from web.doors import CONSOLE_HEADER, OPERATOR_COOKIE
from web.matrix import Matrix
from web.openapi import describe


@pytest.fixture
def document(app: Litestar) -> dict[str, Any]:
    return describe(app, Matrix(sample.LINES))


def test_an_operation_says_who_may_call_it(document: dict[str, Any]) -> None:
    assert document["paths"]["/mine"]["get"]["security"] == [{"resident": []}]
    assert document["paths"]["/desk"]["get"]["x-roles"] == ["auditor", "editor"]
    assert "security" not in document["paths"]["/things"]["get"]


def test_an_operator_comes_with_a_token_or_with_a_cookie_from_our_own_page(
    document: dict[str, Any],
) -> None:
    schemes = document["components"]["securitySchemes"]

    read = document["paths"]["/desk"]["get"]["security"]
    write = document["paths"]["/policies"]["post"]["security"]

    assert read == [{"operator": []}, {"operator_cookie": []}]
    assert write == [{"operator": []}, {"operator_cookie": [], "operator_console": []}]
    cookie, header = schemes["operator_cookie"], schemes["operator_console"]
    assert (cookie["in"], cookie["name"]) == ("cookie", OPERATOR_COOKIE)
    assert (header["in"], header["name"].lower()) == ("header", CONSOLE_HEADER)
    assert "bearerFormat" not in schemes["operator"]


def test_an_operation_names_every_way_it_refuses(document: dict[str, Any]) -> None:
    responses = document["paths"]["/things"]["post"]["responses"]

    assert set(responses) == {"201", "400", "408", "409", "413", "415", "429", "503"}
    taken = responses["409"]["content"]["application/problem+json"]
    assert taken["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert taken["examples"]["web.test_thing_taken"]["value"]["title"] == "已被占用"
    assert "Retry-After" in responses["429"]["headers"]
    assert "Problem" in document["components"]["schemas"]


@pytest.mark.parametrize(
    ("path", "status", "codes"),
    [
        ("/mine", "401", {"web.not_signed_in", "identity.token_refused", "identity.session_ended"}),
        ("/desk", "401", {"web.not_signed_in", "identity.operator_session_ended"}),
        ("/desk", "403", {"web.role_required", "web.cross_site_refused"}),
        ("/things", "400", {"web.address_invalid", "web.bad_cursor", "web.parameters_invalid"}),
        ("/files/{file_id}", "404", {"web.not_found"}),
        ("/mine", "503", {"core.database_gone"}),
    ],
)
def test_a_refusal_is_named_by_the_code_that_comes(
    document: dict[str, Any], path: str, status: str, codes: set[str]
) -> None:
    response = document["paths"][path]["get"]["responses"][status]

    assert set(response["content"]["application/problem+json"]["examples"]) == codes


def test_a_route_that_closes_without_the_cache_says_so(document: dict[str, Any]) -> None:
    response = document["paths"]["/sessions"]["post"]["responses"]["503"]

    assert "web.limiter_unavailable" in response["content"]["application/problem+json"]["examples"]


def test_an_operation_shows_an_example_of_its_body(document: dict[str, Any]) -> None:
    (body,) = document["paths"]["/things"]["post"]["requestBody"]["content"].values()

    assert body["examples"]["示例"]["value"] == {"name": "书", "count": 1}


def test_an_upload_says_what_it_takes(document: dict[str, Any]) -> None:
    taken = set(document["paths"]["/files"]["post"]["requestBody"]["content"])

    assert taken == {"application/pdf", "image/jpeg", "image/png"}


def test_a_download_says_what_comes(document: dict[str, Any]) -> None:
    answer = document["paths"]["/files/{file_id}"]["get"]["responses"]["200"]

    binary = {"schema": {"type": "string", "format": "binary"}}
    assert answer["content"] == dict.fromkeys(
        ("application/pdf", "image/jpeg", "image/png"), binary
    )


def test_patterns_are_written_as_clients_read_them(document: dict[str, Any]) -> None:
    code = document["components"]["schemas"]["ThingRequest"]["properties"]["code"]

    assert code["pattern"] == "^[0-9]{4}$"


async def test_the_document_is_served_whole(client: httpx.AsyncClient) -> None:
    served = await client.get("/openapi.json")

    assert served.json()["info"]["title"] == "掌上办接口"
    assert served.json()["paths"]["/things"]["post"]["responses"]["409"]
    assert (await client.get("/docs/openapi.json")).json() == served.json()


async def test_the_page_needs_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    group = await client.get("/docs", params={"group": "物品"})

    assert page.headers["content-type"].startswith("text/html")
    assert "/things" in page.text
    assert "新建一件物品" in group.text
    assert "://" not in page.text
    assert "<script" not in page.text
    assert "style-src 'self'" in page.headers["content-security-policy"]
    assert (await client.get("/docs.css")).headers["content-type"].startswith("text/css")
