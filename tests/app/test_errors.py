"""The table of error codes is what the code says."""

from app.commands.errors import TABLE, Code, known_codes, table


def test_the_page_is_up_to_date() -> None:
    """When this fails: `make documents`, and commit the page with the change."""
    assert TABLE.read_text("utf-8") == table(known_codes())


def test_every_code_says_what_to_show_and_what_to_do() -> None:
    codes = known_codes()

    assert {"web.not_signed_in", "web.internal", "payments.order_not_open"} <= {
        code.code for code in codes
    }
    assert len({code.code for code in codes}) == len(codes)
    for code in codes:
        assert code.title, code
        assert 400 <= code.status <= 503, code


def test_a_row_carries_what_a_client_matches_on_and_may_read() -> None:
    text = table([Code("web", "web.too_many_requests", 429, "操作过于频繁", ("retry_after",))])

    assert "| `web.too_many_requests` | 429 | 操作过于频繁 |" in text
    assert "`retry_after`" in text
