import pytest

pytest.register_assert_rewrite("tests.journeys.books", "tests.journeys.world")
