"""What people are told about their accounts. 账号通知"""

import pytest

from app.account_notices import tell_of_parted
from core.sealing import Vault
from identity.kinds import ProviderName
from identity.models import Account
from notifications.messages import list_messages
from tests.payments import make

pytestmark = pytest.mark.usefixtures("db")


@pytest.mark.parametrize("provider", ProviderName)
async def test_a_channel_is_called_by_a_name_that_people_know(
    provider: ProviderName, vault: Vault
) -> None:
    caller = await make.caller(vault)
    person = caller.required_person()
    await Account.filter(id=caller.account_id).update(provider=provider)

    await tell_of_parted(str(person), str(caller.account_id), 1)

    [told] = await list_messages(person)
    assert provider.value not in f"{told.title}{told.text}{told.plain}"
