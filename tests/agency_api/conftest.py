import pytest

from core.sealing import Vault
from identity.models import Account, Person
from tests.licences import make


@pytest.fixture
async def wang(db: None, vault: Vault) -> Person:
    """A holder with an account in WeChat."""
    person = await make.person(vault)
    await Account.create(
        provider="wechat", appid="wx-1", subject="openid-wang", person=person, level=2
    )
    return person
