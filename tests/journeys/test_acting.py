"""代办: whoever acts for a child or an enterprise is named with it, in replies and in the audit."""

import asyncio
from uuid import uuid4

import msgspec

from tests.journeys import books
from tests.journeys.test_channels import show_face
from tests.journeys.town import Town
from tests.journeys.world import Resident, audited, operator, resident


async def id_of(person: Resident) -> str:
    return str((await person.get("/v1/home"))["me"]["may_act_for"][0]["party_id"])


async def later_refusal(acting: Resident) -> tuple[int, str]:
    """What a session is told once it has ended everywhere: within five seconds."""
    await asyncio.sleep(4)
    return await acting.refusal("GET", "/v1/me")


async def test_a_mother_acts_for_her_baby(town: Town) -> None:
    mother = await resident(town, "xu-jing")
    mother_id = await id_of(mother)
    baby_id = await mother.party_named("林*安")

    acting = await mother.for_party(baby_id)

    me = await acting.get("/v1/me")
    assert (me["name"], me["acting_for"]["name"]) == ("许*", "林*安")
    at_home = (await acting.get("/v1/home"))["me"]["acting_for"]
    assert at_home == me["acting_for"] | {"relation": "guardian"}
    assert me["acting_for"]["party_id"] == acting.signed_in["party_id"] == baby_id
    [card] = (await acting.get("/v1/licences"))["items"]
    assert card["licence_type"] == "birth-certificate"
    await acting.post(f"/v1/licences/{card['id']}/unmaskings", {"purpose": "own_check"})
    in_her_name = f"person:{mother_id} for party:{baby_id}"
    assert (in_her_name, "licences.unmask") in await audited(f"licence:{card['id']}")
    session = f"session:{acting.signed_in['session_id']}"
    assert await audited(session) == [(in_her_name, "session.act_for")]
    her_own = {card["licence_type"] for card in (await mother.get("/v1/licences"))["items"]}
    assert "birth-certificate" not in her_own


async def test_an_agent_pays_what_the_enterprise_owes_out_of_the_agents_own_wallet(
    town: Town,
) -> None:
    feng = await resident(town, "feng-xue")
    feng_id, before = await id_of(feng), await feng.wallet()
    firm_id = await feng.party_named("临溪精密机械有限公司")
    acting = await feng.for_party(firm_id)
    orders = (await acting.get("/v1/fee-orders"))["items"]
    order = next(row for row in orders if row["amount_fen"] == 55000)

    payment = await acting.prepare_payment(order)
    said = await acting.pay(payment)
    await town.work()

    assert said == "requestPayment:ok"
    paid = await acting.get(f"/v1/fee-orders/{order['order_no']}")
    assert (paid["status"], paid["amount_fen"]) == ("paid", 55000)
    assert (await feng.refusal("GET", f"/v1/fee-orders/{order['order_no']}"))[0] == 404
    [row] = await town.book("wechat_pay_orders", person="feng-xue")
    assert (row["state"], row["amount_fen"]) == ("SUCCESS", 55000)
    spent = before["wechat_balance_fen"] - (await feng.wallet())["wechat_balance_fen"]
    assert spent == 55000
    actors = [actor for actor, action in await audited(f"fee_order:{order['order_no']}")]
    assert f"person:{feng_id} for party:{firm_id}" in actors
    [told] = (await acting.get("/v1/messages"))["items"][:1]
    assert told["kind"] == "fee_paid"
    await books.agree(town)


async def test_who_represents_an_enterprise_by_law_acts_for_it_while_the_register_says_so(
    town: Town,
) -> None:
    tian, firms = await resident(town, "tian-ye"), town.world.city.enterprises
    shop_id = await tian.party_named("临溪市柳塘田野面馆")

    acting = await tian.for_party(shop_id)
    me = await acting.get("/v1/me")
    registered = firms["92330199MA2LX8044H"]
    firms[registered.uscc] = msgspec.structs.replace(registered, legal_representative="gao-min")
    replaced = await tian.refusal("POST", "/v1/sessions/acting", {"party_id": shop_id})
    at_work = await later_refusal(acting)
    gao = await resident(town, "gao-min")
    claim = f"/v1/entities/{registered.uscc}/representation"
    faceless = await gao.refusal("POST", claim)
    begun = await gao.post("/v1/me/face-checks")
    await show_face(gao, begun)
    await gao.post(f"/v1/me/face-checks/{begun['id']}/result")
    taken = await gao.post(claim)

    assert (me["acting_for"]["kind"], me["acting_for"]["name"]) == ("entity", registered.name)
    assert replaced == (403, "identity.not_representative")
    assert at_work == (401, "identity.session_ended")
    assert faceless == (403, "identity.real_name_required")
    assert (taken["party_id"], taken["relation"]) == (shop_id, "representative")
    assert await gao.party_named(registered.name) == shop_id


async def test_nobody_acts_for_a_stranger(town: Town) -> None:
    han = await resident(town, "han-yuzhen")
    wang = await resident(town, "wang-guilan")

    for party_id in (await id_of(wang), str(uuid4())):
        refused = await han.refusal("POST", "/v1/sessions/acting", {"party_id": party_id})
        assert refused == (404, "identity.party_not_found")


async def test_an_agent_who_only_prepares_pays_but_shows_no_licence(town: Town) -> None:
    dong = await resident(town, "dong-liang")
    preparer = await dong.for_party(await dong.party_named("临溪精密机械有限公司"))
    asked = {"payer_number": "91330199MA2LX801XY", "title": "不动产登记费", "amount_fen": 8000}
    window = await operator(town, "hejun")
    fee = await window.put(f"/operator/v1/fee-orders/window-{uuid4()}", asked)
    [card] = (await preparer.get("/v1/licences"))["items"]

    said = await preparer.pay(await preparer.prepare_payment(fee))
    licence = f"/v1/licences/{card['id']}"
    refused = [
        await preparer.refusal("POST", f"{licence}/presentations", {"fields": ["name"]}),
        await preparer.refusal("POST", f"{licence}/unmaskings", {"purpose": "form_filling"}),
    ]

    assert said == "requestPayment:ok"
    assert refused == [(403, "identity.confirmer_required")] * 2
    assert [action for _, action in await audited(f"licence:{card['id']}")] == ["licences.record"]
