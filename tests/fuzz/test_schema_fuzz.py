"""G01: whatever the document allows or forbids to ask, no answer is an error of ours."""

import os
import random
from collections.abc import Callable
from functools import partial

import pytest

from app.commands.openapi import current_document
from identity.kinds import Role
from identity.models import Operator
from proactive.models import PolicyVersion
from tests.fuzz.cases import requests_of
from tests.fuzz.player import Player, SignIn
from tests.journeys.town import Town
from tests.journeys.world import Resident, operator, resident, verifier

BETWEEN_WORK = 100


async def test_two_thousand_odd_requests_meet_no_error_of_ours(
    town: Town, say: Callable[[str], None]
) -> None:
    await _play(town, 2_000, say, bounds=False)


@pytest.mark.soak
async def test_twenty_thousand_odd_requests_meet_no_error_of_ours(
    town: Town, say: Callable[[str], None]
) -> None:
    await _play(town, 20_000, say, bounds=True)


async def _play(town: Town, count: int, say: Callable[[str], None], *, bounds: bool) -> None:
    number = int(os.environ.get("FUZZ_SEED", random.SystemRandom().randrange(2**32)))
    roles = set(Role) - {Role.SECURITY_ADMIN}  # who has it sends the other players away
    await Operator.filter(login_name__in=["shenlan", "xubo"]).update(roles=sorted(roles))
    document, people = current_document(), _people(town)
    player = Player(town.client(), document, people, number=number)
    operations = sum(len(operations) for operations in document["paths"].values())

    await player.look_around()
    each = count // operations + 1
    for played, asked in enumerate(requests_of(document, each=each, number=number, bounds=bounds)):
        if played % BETWEEN_WORK == 0:
            await _go_on(town, player)
        await _forget_limits(town)
        await player.play(asked)
    await town.work()

    say(f"FUZZ_SEED={number}  {player.told()}")
    assert player.broken == [], f"FUZZ_SEED={number}\n" + "\n\n".join(player.broken[:5])
    assert dict(player.undocumented) == {}, f"FUZZ_SEED={number}"


async def _go_on(town: Town, player: Player) -> None:
    """The worker does what was asked for; and what is known outside is known."""
    await town.work()
    code = await Resident(town, "chen-li").login_code("wechat")
    player.known.teach({"provider": "wechat", "code": code})
    player.known.teach({"fields": ["name"]})
    for version in await PolicyVersion.all().select_related("policy"):
        player.known.teach({"code": version.policy.code, "number": version.number})


def _people(town: Town) -> dict[str, list[SignIn]]:
    """Residents of every sort, two operators who may everything, two who may little, verifiers."""
    return {
        "resident": [
            partial(_resident, town, "wang-guilan"),
            partial(_resident, town, "zhao-yiming"),
            partial(_resident, town, "lin-hao"),
            partial(_for_enterprise, town, "ma-guoping"),
            partial(_unproved, town, "guo-dashan"),
        ],
        "operator": [
            partial(_operator, town, name) for name in ("shenlan", "xubo", "luming", "sunxiaomei")
        ],
        "verifier": [partial(_verifier, town, name) for name in ("bus-3", "rental-hudong")],
    }


async def _resident(town: Town, key: str) -> str:
    await _forget_limits(town)
    return str((await resident(town, key)).signed_in["access_token"])


async def _for_enterprise(town: Town, key: str) -> str:
    await _forget_limits(town)
    person = await resident(town, key)
    parties = (await person.get("/v1/me/parties"))["items"]
    entity = next(row["party_id"] for row in parties if row["kind"] == "entity")
    return str((await person.for_party(entity)).signed_in["access_token"])


async def _unproved(town: Town, key: str) -> str:
    await _forget_limits(town)
    return str((await Resident(town, key).log_in())["access_token"])


async def _operator(town: Town, name: str) -> str:
    await _forget_limits(town)
    return (await operator(town, name)).http.headers["authorization"].partition(" ")[2]


async def _verifier(town: Town, name: str) -> str:
    await _forget_limits(town)
    return (await verifier(town, name)).http.headers["authorization"].partition(" ")[2]


async def _forget_limits(town: Town) -> None:
    """Only the limits: what else the cache knows it goes on knowing."""
    if names := await town.parts.cache.keys("limit:*"):
        await town.parts.cache.delete(*names)
