"""What the demonstration holds against the book, and how it meets refusals."""

import io

import httpx
import pytest
from rich.console import Console

from app.demo.outside import Book, Row
from app.demo.service import Refused, Service, refusal
from app.demo.transcript import Step, Transcript

ORDER = {"description": "不动产登记费", "amount_fen": 8000, "state": "SUCCESS"}


def book_of(*pages: list[Row]) -> Book:
    """A book that shows these pages, one after the other, and then the last."""
    left = list(pages)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=left.pop(0) if len(left) > 1 else left[0])

    transport = httpx.MockTransport(answer)
    http = httpx.AsyncClient(transport=transport, base_url="http://sandbox.test")
    return Book(http, settling_seconds=0.0)


async def held(book: Book) -> Step:
    step = Step("付款")
    wanted, expected = {"description": "不动产登记费"}, [{"amount_fen": 8000, "state": "SUCCESS"}]
    await book.holds(step, "恰有一单", "wechat_pay_orders", wanted, expected)
    return step


class TestBook:
    async def test_agrees_when_the_row_is_there_once(self) -> None:
        step = await held(book_of([ORDER, ORDER | {"description": "别的"}]))

        assert step.checks == [("恰有一单", True)]

    async def test_waits_for_a_book_that_is_about_to_be_written(self) -> None:
        step = await held(book_of([], [ORDER]))

        assert step.differences == []

    @pytest.mark.parametrize(
        "rows",
        [
            pytest.param([], id="never paid"),
            pytest.param([ORDER, ORDER], id="paid twice"),
            pytest.param([ORDER | {"amount_fen": 8001}], id="another amount"),
            pytest.param([ORDER | {"state": "NOTPAY"}], id="another state"),
        ],
    )
    async def test_anything_else_is_a_difference(self, rows: list[Row]) -> None:
        step = await held(book_of(rows))

        assert len(step.differences) == 1

    async def test_what_was_once_and_is_twice_at_the_end_is_a_difference(self) -> None:
        book = book_of([ORDER], [ORDER, ORDER])
        await held(book)

        step = Step("再对一遍")
        await book.all_still_hold(step)

        assert len(step.differences) == 1


class TestService:
    async def test_a_refusal_carries_its_code_and_what_a_citizen_reads(self) -> None:
        service = answering(409, {"code": "payments.order_not_open", "title": "该缴费单已支付"})

        with pytest.raises(Refused) as refused:
            await service.get("/v1/fee-orders/F1")

        assert (refused.value.status, refused.value.title) == (409, "该缴费单已支付")
        assert await refusal(service.get("/v1/x")) == "payments.order_not_open"

    async def test_what_was_not_refused_has_no_refusal(self) -> None:
        assert await refusal(answering(200, {}).get("/v1/x")) == ""

    async def test_a_page_that_is_no_problem_is_still_a_refusal(self) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(502, text="bad gateway")

        http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://zb.test")

        assert await refusal(Service(http).get("/v1/x")) == "?"


def answering(status: int, problem: Row) -> Service:
    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=problem)

    http = httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://zb.test")
    return Service(http)


def test_a_difference_ends_the_demonstration_with_another_code() -> None:
    show = Transcript(Console(file=io.StringIO()))
    with show.step("王桂兰", "付款") as step:
        step.check("账本", [ORDER, ORDER], [ORDER])

    assert show.conclude() == 1
