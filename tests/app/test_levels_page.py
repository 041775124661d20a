"""The page of levels is what the gate goes by."""

from app.levels_page import PAGE, page


def test_the_page_is_up_to_date() -> None:
    """When this fails: `make documents`, and commit the page with the change."""
    assert PAGE.read_text("utf-8") == page()


def test_it_names_the_one_refusal_and_the_way_to_each_level() -> None:
    text = page()

    assert "identity.real_name_required" in text
    assert "- `POST /v1/me/face-checks`" in text.partition("## 2 ")[2]
    assert "- `GET /v1/home`" in text.partition("## 0 ")[2].partition("## 1 ")[0]
