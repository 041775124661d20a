"""手机号登录: the app, where no platform knows who is tapping."""

import re

import pytest

from tests.journeys.town import Town
from tests.journeys.world import Reply, Resident


async def ask(someone: Resident) -> tuple[Reply, str]:
    """A code is asked for; what was answered, and the code that came to the phone."""
    sent = await someone.post("/v1/phone-codes", {"phone": someone.row.phone})
    texts = [row["text"] for row in await someone.town.book("sms_messages")]
    found = re.search(r"验证码是([0-9]{6})", texts[-1])
    assert found is not None
    return sent, found.group(1)


async def test_a_resident_signs_in_with_the_code_on_the_phone(town: Town) -> None:
    tian = Resident(town, "tian-ye")
    sent, code = await ask(tian)
    given = {"challenge_id": sent["challenge_id"], "phone": tian.row.phone, "code": code}

    tian.take_up(await tian.post("/v1/sessions/phone", given))
    again = await tian.refusal("POST", "/v1/sessions/phone", given)

    me = await tian.get("/v1/me")
    assert (me["provider"], me["level"]) == ("phone", 1)
    assert again == (401, "identity.phone_code_refused")
    await tian.prove_real_name()
    assert (await tian.get("/v1/me"))["level"] == 2


async def test_a_number_gets_one_code_a_minute_whoever_asks(town: Town) -> None:
    gao = Resident(town, "gao-min")
    await ask(gao)

    again = await gao.refusal("POST", "/v1/phone-codes", {"phone": gao.row.phone})

    assert again == (429, "web.too_many_requests")


@pytest.mark.parametrize("phone", ["1390000000", "23900000001", "13900000001\n", "+8613900000001"])
async def test_what_is_no_number_is_refused(town: Town, phone: str) -> None:
    nobody = Resident(town, "gao-min")

    status, _ = await nobody.refusal("POST", "/v1/phone-codes", {"phone": phone})

    assert status == 400
