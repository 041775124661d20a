import httpx
import pytest

from core.clock import now
from core.sealing import Vault
from identity.models import Account, Person
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from notifications.messages import read_message, send_message
from proactive.kinds import EntitlementStatus
from proactive.models import Entitlement
from tests.fakes.identity import FakeProvider, caller_of
from tests.licences import make as licence_make
from tests.payments import make as payment_make
from tests.proactive import make as policy_make

EMPTY = {
    "fees": {"open": 0, "top": []},
    "licences": {"count": 0, "top": []},
    "entitlements": {"offered": 0, "top": []},
    "messages": {"unread": 0, "top": []},
}


@pytest.fixture
async def wang(db: None, vault: Vault) -> Person:
    await policy_make.facts_catalogue()
    person = await policy_make.person(vault)
    await Account.create(
        provider="wechat", appid="wx-1", subject="openid-wang", person=person, level=2
    )
    return person


async def _sign_in(client: httpx.AsyncClient, issuer: TokenIssuer, code: str) -> None:
    signed_in = await log_in(code, provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"


async def test_before_real_name_proof_everything_is_empty(
    client: httpx.AsyncClient, issuer: TokenIssuer
) -> None:
    await _sign_in(client, issuer, "openid-new")

    home = (await client.get("/v1/home")).json()

    me = {"provider": "wechat", "level": 0, "acting_for": None, "may_act_for": []}
    me |= {"elder_mode": False, "language": "zh-CN"}
    said = "现在没有要办的事。有疑问请打一二三四五。"
    assert home == {"me": me, "speech": said} | EMPTY


async def test_the_first_screen_shows_what_waits_and_names_nobody_in_full(
    client: httpx.AsyncClient, issuer: TokenIssuer, wang: Person, vault: Vault
) -> None:
    for number in range(4):
        await payment_make.fee_order(wang.id, reference=f"LX-{number}")
    licence = await licence_make.licence(vault, wang.id)
    await policy_make.matched(vault, mode="CONFIRM")
    await Entitlement.all().update(status=EntitlementStatus.NOTIFIED)
    await _sign_in(client, issuer, "openid-wang")

    home = (await client.get("/v1/home")).json()

    assert (home["me"]["level"], home["me"]["acting_for"]) == (2, None)
    assert [party["name"] for party in home["me"]["may_act_for"]] == ["王*兰"]
    assert (home["fees"]["open"], len(home["fees"]["top"])) == (4, 3)
    assert home["fees"]["top"][0]["amount_fen"] == 8000
    assert [card["id"] for card in home["licences"]["top"]] == [str(licence.id)]
    assert home["entitlements"]["offered"] == 1
    [offer] = home["entitlements"]["top"]
    assert offer["title"]
    assert (offer["amount_fen"], offer["unit"], offer["amount"]) == (15000, "fen", "150.00")
    assert "王桂兰" not in str(home)


async def test_it_is_sent_again_only_when_it_has_changed(
    client: httpx.AsyncClient, issuer: TokenIssuer, wang: Person
) -> None:
    await _sign_in(client, issuer, "openid-wang")
    first = await client.get("/v1/home")
    known = {"if-none-match": first.headers["etag"]}

    unchanged = await client.get("/v1/home", headers=known)
    await payment_make.fee_order(wang.id)
    changed = await client.get("/v1/home", headers=known)

    assert (unchanged.status_code, changed.status_code) == (304, 200)
    assert changed.json()["fees"]["open"] == 1


async def test_what_belongs_to_somebody_else_does_not_show(
    client: httpx.AsyncClient, issuer: TokenIssuer, wang: Person, vault: Vault
) -> None:
    other = await payment_make.person(vault, "李四")
    await payment_make.fee_order(other.id)
    await licence_make.licence(vault, other.id)
    await _sign_in(client, issuer, "openid-wang")

    home = (await client.get("/v1/home")).json()

    assert {part: home[part] for part in EMPTY} == EMPTY


async def test_a_message_counts_until_it_is_read(
    client: httpx.AsyncClient, issuer: TokenIssuer, wang: Person
) -> None:
    await send_message(wang.id, "fee_paid", about="fee_order:1", title="登记费", amount="80.00")
    signed_in = await log_in("openid-wang#2", provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"
    before = (await client.get("/v1/home")).json()["messages"]
    [told] = before["top"]
    assert (told["kind"], told["about"], told["read_at"]) == ("fee_paid", "fee_order:1", None)

    caller = await caller_of(signed_in, at=now())
    await read_message(before["top"][0]["id"], caller=caller, at=now())
    after = (await client.get("/v1/home")).json()["messages"]

    assert (before["unread"], after["unread"], len(after["top"])) == (1, 0, 1)
    assert after["top"][0]["read_at"]
