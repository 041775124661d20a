"""亮证: a code is shown, scanned once by somebody entitled, and the holder sees who it was."""

import asyncio

from licences.models import Verification
from tests.journeys import books
from tests.journeys.town import Town
from tests.journeys.world import Reply, Resident, Verifier, audited, resident, verifier

BUS = "临溪公共交通有限公司"


async def shown(
    holder: Resident, licence_type: str = "elder-card", *fields: str
) -> tuple[Reply, Reply]:
    """A card of the wallet, and the code that its holder lets us see."""
    cards = (await holder.get("/v1/licences"))["items"]
    card = next(card for card in cards if card["licence_type"] == licence_type)
    asked = {"fields": list(fields or ("name", "benefit_class"))}
    return card, await holder.post(f"/v1/licences/{card['id']}/presentations", asked)


async def history(holder: Resident, card: Reply) -> list[Reply]:
    return list((await holder.get(f"/v1/licences/{card['id']}/verifications"))["items"])


async def test_a_verifier_sees_what_the_holder_agreed_to_and_the_holder_sees_the_verifier(
    town: Town,
) -> None:
    """C06"""
    sun, bus = await resident(town, "sun-changgeng"), await verifier(town, "bus-3")
    ward = await sun.for_party(await sun.party_named("孙*年"))
    card, code = await shown(ward, "elder-card", "benefit_class")
    screen = f"/v1/presentations/{code['id']}"

    waiting = await ward.get(screen)
    progress, seen = await asyncio.gather(ward.get(screen, wait=20), bus.scan(code["code"]))

    assert (waiting["state"], progress["state"]) == ("waiting", "verified")
    assert (seen["outcome"], seen["status"]) == ("valid", "valid")
    assert [(field["key"], field["value"]) for field in seen["fields"]] == [
        ("benefit_class", "公交免费")
    ]
    assert "孙" not in str(seen)
    assert progress["verification_no"] == seen["verification_no"]
    [past] = await history(ward, card)
    assert (past["organisation_name"], past["purpose"]) == (BUS, "乘车优待核验")
    assert (past["outcome"], past["fields"]) == ("valid", ["优待类别"])
    actions = [action for _, action in await audited(f"licence:{card['id']}")]
    assert actions[-2:] == ["licences.present", "licences.verify"]


async def test_a_second_scan_learns_nothing_and_the_holder_is_told_at_once(town: Town) -> None:
    """C02"""
    wang = await resident(town, "wang-guilan")
    await wang.allow("证照核验提醒")
    bus, other = await verifier(town, "bus-3"), await verifier(town, "bus-3")
    card, code = await shown(wang)

    replies = await asyncio.gather(*(scan(gate, code) for gate in (bus, other)))
    again = await bus.refused_scan(code["fallback_no"])
    await town.work()

    used = (409, "licences.code_already_used")
    assert sorted(reply[0] for reply in replies) == [201, 409]
    assert used in replies
    assert again == used
    past = await history(wang, card)
    assert [row["outcome"] for row in past] == ["already_used", "already_used", "valid"]
    assert [row["fields"] for row in past] == [[], [], ["姓名", "优待类别"]]
    assert (await wang.get(f"/v1/presentations/{code['id']}"))["later_scans"] == 2
    told = [row["kind"] for row in (await wang.get("/v1/messages"))["items"]]
    assert told.count("licence_scanned_again") == 1
    [message] = await town.book("messages", person="wang-guilan")
    assert (message["title"], BUS in message["data"]) == ("证照核验提醒", True)
    await books.agree(town)


async def scan(gate: Verifier, code: Reply) -> tuple[int, str]:
    asked = {"code": code["code"], "request_id": f"gate-{id(gate)}"}
    reply = await gate.http.post("/agency/v1/verifications", json=asked)
    return reply.status_code, reply.json().get("code", "")


async def test_a_lost_answer_is_read_again_by_the_one_who_asked_and_by_nobody_else(
    town: Town,
) -> None:
    zhao, rental = await resident(town, "zhao-jianguo"), await verifier(town, "rental-hudong")
    _, code = await shown(zhao, "driving", "name", "vehicle_class")

    first = await rental.scan(code["code"], "rental-0001")
    again = await rental.scan(code["code"], "rental-0001")
    read = await rental.get("/agency/v1/verifications/rental-0001")
    bus = await verifier(town, "bus-3")
    by_others = await bus.refusal("GET", "/agency/v1/verifications/rental-0001")

    assert first == again == read
    assert {field["key"]: field["value"] for field in first["fields"]} == {
        "name": "赵*国",
        "vehicle_class": "B2",
    }
    assert by_others == (404, "licences.verification_not_found")


async def test_a_code_on_a_screenshot_is_good_for_nothing_after_a_minute(town: Town) -> None:
    """C01"""
    wu, bus = await resident(town, "wu-zhiqiang"), await verifier(town, "bus-3")
    card, code = await shown(wu, "disability-card", "disability_grade")

    town.pass_time(seconds=61)
    refused = await bus.refused_scan(code["code"])

    assert refused == (409, "licences.code_expired")
    assert (await wu.get(f"/v1/presentations/{code['id']}"))["state"] == "expired"
    assert await history(wu, card) == []


async def test_a_verifier_that_is_not_entitled_learns_nothing_and_spends_nothing(
    town: Town,
) -> None:
    """C05"""
    zheng = await resident(town, "zheng-haitao")
    ward = await zheng.for_party(await zheng.party_named("郑*兰"))
    card, code = await shown(ward, "disability-card", "disability_grade")
    rental, bus = await verifier(town, "rental-hudong"), await verifier(town, "bus-3")

    refused = await rental.refused_scan(code["code"])
    async with town.client() as stranger:
        asked = {"code": code["code"], "request_id": "stranger-1"}
        unknown = await stranger.post("/agency/v1/verifications", json=asked)
    entitled = await bus.scan(code["code"])

    assert refused == (403, "licences.verifier_not_entitled")
    assert unknown.status_code == 401
    assert entitled["outcome"] == "valid"
    assert [row["outcome"] for row in await history(ward, card)] == ["valid"]


async def test_a_forged_code_is_not_recognised(town: Town) -> None:
    """C03"""
    chen, rental = await resident(town, "chen-li"), await verifier(town, "rental-hudong")
    card, shown_code = await shown(chen, "driving", "name")
    code = shown_code["code"]
    forged = code[:-1] + ("A" if code[-1] != "A" else "B")
    before = await Verification.all().count()

    refused = [await rental.refused_scan(guess) for guess in (forged, "0" * 16, "https://zb.test")]

    assert refused == [(422, "licences.code_not_genuine")] * 3
    assert await Verification.all().count() == before
    assert await history(chen, card) == []


async def test_an_expired_licence_is_not_shown(town: Town) -> None:
    xie = await resident(town, "xie-xiaojun")
    cards = (await xie.get("/v1/licences"))["items"]
    [card] = [card for card in cards if card["licence_type"] == "driving"]

    path = f"/v1/licences/{card['id']}/presentations"
    refused = await xie.refusal("POST", path, {"fields": ["name"]})

    assert card["status"] == "expired"
    assert refused == (409, "licences.not_valid")
