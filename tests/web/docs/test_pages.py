"""The pages that describe the interface, over the small application and over the whole one."""

from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

from app.commands.openapi import current_document
from web.docs.operations import Operations
from web.docs.pages import found_page, group_page, overview
from web.docs.snippets import curl, with_client, wx_request

PAY = "/v1/fee-orders/{order_no}/payments/{client_id}"
VOID = {"meta", "link", "input"}


@pytest.fixture(scope="module")
def operations() -> Operations:
    return Operations(current_document())


class Nesting(HTMLParser):
    """Every tag is closed in its turn, and everything that a link within a page names is there."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids |= {value for name, value in attrs if name == "id" and value}
        assert not [name for name, _ in attrs if name == "style" or name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_operation_stands_on_its_groups_page(operations: Operations) -> None:
    for group, listed in operations.groups.items():
        page = Nesting(group_page(operations, group))

        assert page.open == []
        assert {each.anchor for each in listed} <= page.ids


def test_the_overview_leads_to_every_operation_and_tells_what_all_answer(
    operations: Operations,
) -> None:
    page = overview(operations)

    assert Nesting(page).open == []
    for each in operations.all:
        assert f"#{each.anchor}'" in page
    assert "web.too_many_requests" in page


def test_pages_need_no_scripts_and_nothing_from_elsewhere(operations: Operations) -> None:
    for group in operations.groups:
        page = group_page(operations, group)

        assert "<script" not in page
        assert "://" not in page.replace("file://", "")


def test_an_operation_says_what_it_takes_gives_and_refuses(operations: Operations) -> None:
    page = group_page(operations, "缴费")

    for said in ("client_id", "channel", "待付款", "payments.order_overdue", "居民令牌"):
        assert said in page


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("缴费 发起", PAY),
        ("ORDER_OVERDUE", PAY),
        ("fallback_no", "/v1/licences/{licence_id}/presentations"),
        ("put payments", PAY),
    ],
)
def test_a_search_finds_by_every_word_of_it(operations: Operations, words: str, found: str) -> None:
    assert found in {each.path for each in operations.search(words)[0]}


def test_a_search_for_a_code_tells_what_it_means(operations: Operations) -> None:
    page = found_page(operations, "payments.order_not_open")

    assert "这张缴费单已经付过了" in page


def test_what_is_searched_for_is_only_text(operations: Operations) -> None:
    page = found_page(operations, "'\"><script>alert(1)</script>")

    assert "<script>" not in page
    assert Nesting(page).open == []
    assert "没有找到" in page


class TestSnippets:
    @pytest.fixture
    def pay(self, operations: Operations) -> Any:
        return next(each for each in operations.all if each.path == PAY)

    def test_for_a_shell(self, operations: Operations, pay: Any) -> None:
        code = curl(pay, operations.schemas)

        assert code.startswith('curl -X PUT "$ADDRESS/v1/fee-orders/')
        assert """-d '{"channel":"wechat"}'""" in code
        assert "{order_no}" not in code

    def test_for_a_mini_program(self, operations: Operations, pay: Any) -> None:
        code = wx_request(pay, operations.schemas)

        assert 'method: "PUT"' in code
        assert 'Authorization: "Bearer " + token' in code

    def test_with_the_client(self, operations: Operations, pay: Any) -> None:
        code = with_client(pay, operations.schemas)

        assert code is not None
        assert code.startswith(f'await client.put("{PAY}", {{')

    def test_operators_have_no_client(self, operations: Operations) -> None:
        desk = next(each for each in operations.all if each.audience == "operator")

        assert with_client(desk, operations.schemas) is None


async def test_a_search_and_a_group_are_asked_for_in_the_address(client: httpx.AsyncClient) -> None:
    overview_page = (await client.get("/docs")).text
    searched = await client.get("/docs", params={"q": "web.test_thing_taken"})
    group = await client.get("/docs", params={"group": "物品"})
    nothing = await client.get("/docs", params={"group": "没有这一组"})

    assert "已被占用" in searched.text
    assert "新建一件物品" in group.text
    assert nothing.text == overview_page
    assert "form-action 'self'" in searched.headers["content-security-policy"]
