import pytest

from tests.proactive import make


@pytest.fixture
async def city(db: None) -> None:
    """The fact catalogue with its sources, and nobody yet."""
    await make.facts_catalogue()
