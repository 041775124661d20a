"""换钥: WeChat Pay signs with another key from one moment to the next."""

from pathlib import Path

import pytest

from tests.journeys import books
from tests.journeys.certified import with_certificates
from tests.journeys.opening import fresh_town
from tests.journeys.test_fee_faults import owing, status_of
from tests.journeys.town import Deployment


@pytest.mark.parametrize("mode", ["both", "public_key"])
async def test_callbacks_of_either_key_are_believed_while_both_count(
    deployment: Deployment, tmp_path: Path, mode: str
) -> None:
    """B13: in `both`, answers bear the key we ask for, and callbacks still the certificate's."""
    async with fresh_town(with_certificates(deployment), tmp_path) as town:
        payer, order = await owing(town, "li-weidong")
        for merchant in town.city.merchants:
            asked = {"mchid": merchant.mchid, "mode": mode}
            (await town.outside.post("/control/wechat-pay/signing", json=asked)).raise_for_status()

        await payer.pay(await payer.prepare_payment(order))
        heard = await town.deliver()
        await town.work()

        [callback] = await town.book("callbacks")
        assert (heard, callback["state"], callback["attempts"]) == (1, "delivered", 1)
        assert await status_of(payer, order) == "paid"
        await books.agree(town)
