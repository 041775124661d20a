"""证照登记库: what officials enter at a registry is seen in the wallet, also of the other city."""

from datetime import timedelta

from core.clock import now
from licences import freshness
from licences.models import HolderFetch, Licence, RegistryState
from notifications.models import Message
from tests.journeys.town import Town
from tests.journeys.world import Reply, Resident, resident

PLATE = "江A·LX618"


async def decide(town: Town, registry: str, **decision: str) -> None:
    path = f"/control/licence-registries/{registry}/decisions"
    (await town.outside.post(path, json=decision)).raise_for_status()


async def break_lines(town: Town, *paths: str) -> None:
    """Nothing comes back from these; without any, all is well again."""
    rules = [{"path": path, "fault": "drop"} for path in paths]
    (await town.outside.post("/control/faults", json={"rules": rules})).raise_for_status()


async def held(holder: Resident, licence_type: str, relation: str = "self") -> Reply:
    groups = (await holder.get("/v1/wallet"))["items"]
    related = [group for group in groups if group["relation"] == relation]
    cards = [one["licence"] for group in related for one in group["licences"]]
    return next(card for card in cards if card["licence_type"] == licence_type)


async def a_minute_later(town: Town) -> None:
    """The registries' turn has come, and no process remembers how far they were read."""
    await RegistryState.all().update(next_at=now())
    freshness.forget_copy()
    await town.work()


async def test_the_whole_city_is_read_from_both_registries(town: Town) -> None:
    await a_minute_later(town)

    states = {state.name: state for state in await RegistryState.all()}

    assert states.keys() == {"linxi", "linjiang"}
    assert all(state.synced_at and not state.tries for state in states.values())
    assert await Licence.all().count() == len(town.city.licences)
    pictures = [row for row in town.city.licences if row.portrait]
    assert await Licence.filter(portrait_id__isnull=False).count() == len(pictures)


async def test_a_licence_of_the_neighbouring_city_lies_in_the_wallet(town: Town) -> None:
    zhou = await resident(town, "zhou-xiuying")

    card = await held(zhou, "elder-card")

    assert (card["issuer"], card["region_name"], card["status"]) == (
        "临江市民政局",
        "临江市",
        "valid",
    )
    assert card["identifier"].startswith("1.2.156.3005.2.")


async def test_a_mother_sees_her_own_and_her_childrens_without_another_session(
    town: Town,
) -> None:
    xu = await resident(town, "xu-jing")

    own, lele = await held(xu, "id-card"), await held(xu, "social-security-card", "child")

    assert (own["has_portrait"], lele["has_portrait"]) == (True, True)
    assert "不能代替实体证件" in own["notice"]
    detail = await xu.get(f"/v1/licences/{lele['id']}")
    refused = await xu.refusal(
        "POST", f"/v1/licences/{lele['id']}/presentations", {"fields": ["name"]}
    )
    assert detail["name"] == "社会保障卡"
    assert refused == (404, "licences.not_found")


async def test_a_suspension_is_seen_the_holder_is_told_and_it_cannot_be_shown(
    town: Town,
) -> None:
    chen = await resident(town, "chen-li")
    before = await held(chen, "vehicle")

    await decide(town, "linxi", number=PLATE, act="suspend")
    await a_minute_later(town)

    after = await held(chen, "vehicle")
    assert (before["status"], after["status"]) == ("valid", "suspended")
    refused = await chen.refusal(
        "POST", f"/v1/licences/{after['id']}/presentations", {"fields": ["number"]}
    )
    assert refused == (409, "licences.not_valid")
    [told] = await Message.filter(kind="licence_status_changed")
    assert ("机动车行驶证" in told.text, "已暂扣" in told.text) == (True, True)

    await decide(town, "linxi", number=PLATE, act="restore")
    card = await chen.post(f"/v1/wallet/licences/{after['id']}/refreshes", {})
    assert card["status"] == "valid"


async def test_a_renewal_brings_a_new_end_and_the_next_version(town: Town) -> None:
    luo = await resident(town, "luo-min")
    before = await held(luo, "residence-permit")
    number = next(row.number for row in town.city.licences if row.holder == "luo-min")

    await decide(town, "linxi", number=number, act="renew", valid_until="2036-10-19")
    [answer, *_] = (await luo.post("/v1/wallet/refreshes", {}))["items"]

    after = await held(luo, "residence-permit")
    assert (answer["registry"], answer["answered"], answer["licences"]) == ("linxi", True, 1)
    assert (before["valid_until"], after["valid_until"]) == ("2027-10-19", "2036-10-19")
    assert (before["identifier"][-5:-2], after["identifier"][-5:-2]) == ("001", "002")


async def test_a_registry_that_is_gone_hides_nothing_and_is_asked_again(town: Town) -> None:
    wang = await resident(town, "wang-guilan")
    await break_lines(town, "/licence-registries/*")

    answers = (await wang.post("/v1/wallet/refreshes", {}))["items"]
    card = await held(wang, "elder-card")
    await break_lines(town)
    await HolderFetch.all().update(next_at=now() - timedelta(seconds=1))
    await town.work()

    assert [one["answered"] for one in answers] == [False, False]
    assert card["status"] == "valid"
    assert await HolderFetch.filter(tries__gt=0).count() == 0
    assert await HolderFetch.filter(fetched_at__isnull=False).count() >= 2


async def test_a_pinned_licence_lies_on_top_wherever_one_signs_in(town: Town) -> None:
    wang = await resident(town, "wang-guilan")
    card = await held(wang, "social-security-card")

    await wang.put(f"/v1/wallet/licences/{card['id']}", {"pinned": True})
    [own] = (await wang.get("/v1/wallet"))["items"]
    found = (await wang.get("/v1/wallet", search="社会保障"))["items"]

    assert own["licences"][0]["licence"]["id"] == card["id"]
    assert [one["licence"]["name"] for one in found[0]["licences"]] == ["社会保障卡"]
