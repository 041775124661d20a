"""亮证 in its fuller forms: a set with one code, a verifier that asks first, what follows later."""

import asyncio
import json

from licences.models import VerificationRequest
from tests.journeys import books
from tests.journeys.test_licences import history
from tests.journeys.town import Town
from tests.journeys.world import Reply, Resident, resident, verifier


async def card(holder: Resident, licence_type: str) -> Reply:
    cards = (await holder.get("/v1/licences"))["items"]
    return dict(next(one for one in cards if one["licence_type"] == licence_type))


async def test_a_driver_shows_two_licences_with_one_code_and_the_portrait_with_them(
    town: Town,
) -> None:
    """C02, C06: and every process that waits hears of the scan."""
    zhao, police = await resident(town, "zhao-jianguo"), await verifier(town, "traffic-7")
    driving, vehicle = await card(zhao, "driving"), await card(zhao, "vehicle")
    wanted = [
        {"id": driving["id"], "fields": ["name", "vehicle_class", "portrait"]},
        {"id": vehicle["id"], "fields": ["number"]},
    ]

    code = await zhao.post("/v1/presentations", {"licences": wanted})
    events = asyncio.create_task(zhao.http.get(f"/v1/presentations/{code['id']}/events"))
    screen = asyncio.create_task(zhao.get(f"/v1/presentations/{code['id']}", wait=20))
    await asyncio.sleep(0.2)
    seen = await police.scan(code["code"])
    again = await police.refused_scan(code["code"])

    stream, progress = await events, await screen
    assert (seen["licence_type"], seen["outcome"]) == ("driving", "valid")
    assert seen["portrait"].startswith("data:image/")
    [other] = seen["others"]
    assert (other["licence_type"], other["portrait"]) == ("vehicle", None)
    assert [field["value"] for field in other["fields"]] == ["江A·LX902"]
    assert again == (409, "licences.code_already_used")
    assert progress["state"] == "verified"
    assert stream.headers["content-type"].startswith("text/event-stream")
    told = [json.loads(line[6:]) for line in stream.text.splitlines() if line[:5] == "data:"]
    assert [one["state"] for one in told] == ["waiting", "verified"]
    for licence, number in ((driving, seen), (vehicle, other)):
        newest = (await history(zhao, licence))[0 if licence is vehicle else -1]
        assert newest["verification_no"] == number["verification_no"]
    bus = await verifier(town, "bus-3")
    proof = await bus.get(f"/agency/v1/verification-numbers/{other['verification_no']}")
    assert (proof["licence_type"], proof["outcome"]) == ("vehicle", "valid")
    assert "LX902" not in str(proof)


async def test_a_notary_asks_first_and_alone_learns_the_answer(town: Town) -> None:
    """C08"""
    lin, notary = await resident(town, "lin-hao"), await verifier(town, "notary-1")
    marriage = await card(lin, "marriage")
    path = f"/v1/licences/{marriage['id']}/presentations"
    before = await lin.refusal("POST", path, {"fields": ["name"]})
    fields = ["name", "spouse_name", "registered_on"]
    asked = {
        "request_id": "notary-0001",
        "licences": [{"licence_type": "marriage", "fields": fields}],
        "reference_no": "（2026）临证字第118号",
    }

    shown = await notary.post("/agency/v1/requests", asked)
    scanned = f"/v1/verification-requests/{shown['code']}"
    view = await lin.get(scanned)
    consent = {
        "organisation_id": view["organisation_id"],
        "licences": [{"id": marriage["id"], "fields": fields}],
    }
    waiting = asyncio.create_task(notary.get("/agency/v1/requests/notary-0001", wait=20))
    await asyncio.sleep(0.2)
    agreed = await lin.post(f"{scanned}/consent", consent)
    answer = await waiting
    twice = await lin.refusal("POST", f"{scanned}/consent", consent)
    others = await verifier(town, "traffic-7")
    by_others = await others.refusal("GET", "/agency/v1/requests/notary-0001")

    assert before == (403, "licences.verifier_must_ask")
    assert (view["organisation_name"], view["purpose"]) == ("临溪市公证处", "办理公证核验")
    assert view["asked"][0]["whole"]
    assert answer["state"] == "answered"
    assert [field["key"] for field in answer["answer"]["fields"]] == fields
    assert [answer["answer"]["verification_no"]] == agreed["verification_nos"]
    assert twice == (409, "licences.request_answered")
    assert by_others == (404, "licences.request_not_found")
    [past] = await history(lin, marriage)
    assert (past["way"], past["reference_no"]) == ("asked", "（2026）临证字第118号")
    await books.agree(town)


async def test_a_notary_that_asks_for_more_than_its_purpose_is_told_what(town: Town) -> None:
    notary = await verifier(town, "notary-1")
    asked = {
        "request_id": "notary-0002",
        "licences": [{"licence_type": "marriage", "fields": ["name", "number"]}],
    }

    reply = await notary.http.post("/agency/v1/requests", json=asked)

    assert (reply.status_code, reply.json()["code"]) == (403, "licences.beyond_purpose")
    assert reply.json()["details"] == {"licence_type": "marriage", "field": "number"}
    assert not await VerificationRequest.exists(request_id="notary-0002")


async def test_what_a_holder_finds_wrong_comes_before_a_person(town: Town) -> None:
    chen, rental = await resident(town, "chen-li"), await verifier(town, "rental-hudong")
    driving = await card(chen, "driving")
    path = f"/v1/licences/{driving['id']}/presentations"
    code = await chen.post(path, {"fields": ["name"]})
    seen = await rental.scan(code["code"])
    number = seen["verification_no"]

    reported = await chen.post(f"/v1/verifications/{number}/reports", {"misuse": "other_purpose"})
    stranger = await resident(town, "zhao-jianguo")
    refused = await stranger.refusal(
        "POST", f"/v1/verifications/{number}/reports", {"misuse": "not_me"}
    )

    assert reported["organisation_name"] == "临溪安行汽车租赁有限公司"
    assert refused == (404, "licences.number_not_found")
