"""What compares the books finds what is wrong with them."""

from tests.given import AT
from tests.invariants import Books
from tests.kills.settling import what_was_acknowledged_is_kept


def told(
    event_id: str, *, state: str = "delivered", provider: str = "wechat_pay"
) -> dict[str, str]:
    return {"event_id": event_id, "state": state, "provider": provider}


def test_a_callback_that_was_acknowledged_and_not_kept_is_found() -> None:
    """B26"""
    theirs = [
        told("EV-1"),
        told("EV-2"),
        told("EV-3", state="pending"),
        told("EV-4", provider="wechat"),
    ]
    books = Books({"payments_notice_key": [{"event_id": "EV-1"}]}, {"callbacks": theirs}, AT)

    assert what_was_acknowledged_is_kept(books) == [
        "B26 wechat_pay EV-2 was acknowledged, and is not kept"
    ]
