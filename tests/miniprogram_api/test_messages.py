import httpx
import pytest

from core.clock import now
from core.sealing import Vault
from identity.models import Account, Person
from identity.sessions import log_in
from identity.tokens import TokenIssuer
from notifications.messages import list_messages
from notifications.models import TemplateKind
from notifications.subscriptions import define_template
from tests.fakes.identity import FakeProvider
from tests.notifications import make


@pytest.fixture
async def chen(db: None, vault: Vault) -> Person:
    person = await make.person(vault)
    await Account.create(
        provider="wechat", appid="wx-1", subject="openid-chen", person=person, level=2
    )
    return person


@pytest.fixture
async def phone(client: httpx.AsyncClient, issuer: TokenIssuer, chen: Person) -> httpx.AsyncClient:
    signed_in = await log_in("openid-chen", provider=FakeProvider(), issuer=issuer, at=now())
    client.headers["authorization"] = f"Bearer {signed_in.access_token}"
    return client


async def test_the_inbox_is_paged_and_a_message_is_read(
    phone: httpx.AsyncClient, chen: Person
) -> None:
    for number in range(3):
        await make.tell(chen.id, about=f"fee_order:{number}")

    first = (await phone.get("/v1/messages?limit=2")).json()
    rest = (await phone.get(f"/v1/messages?limit=2&cursor={first['next_cursor']}")).json()
    message = first["items"][0]
    read = (await phone.post(f"/v1/messages/{message['id']}/reading")).json()

    about = [item["about"] for item in first["items"] + rest["items"]]
    assert about == ["fee_order:2", "fee_order:1", "fee_order:0"]
    assert rest["next_cursor"] is None
    assert (message["read_at"], message["plain"]) == (
        None,
        "80.00元已经交好了，不用再交。有疑问请打12345。",
    )
    assert read["read_at"] is not None


async def test_somebody_elses_message_is_not_found(phone: httpx.AsyncClient, vault: Vault) -> None:
    other = await make.person(vault)
    await make.tell(other.id)
    (message,) = await list_messages(other.id)

    reply = await phone.post(f"/v1/messages/{message.id}/reading")

    assert (reply.status_code, reply.json()["code"]) == (404, "notifications.message_not_found")
    assert (await phone.get("/v1/messages")).json()["items"] == []


async def test_a_consent_is_asked_for_reported_and_counted(phone: httpx.AsyncClient) -> None:
    await define_template(
        "tpl-1",
        provider="wechat",
        appid="wx-1",
        title="缴费成功通知",
        kind=TemplateKind.ONE_TIME,
        keys=["thing1"],
    )

    before = (await phone.get("/v1/subscriptions/templates")).json()["items"]
    report = {"template_id": "tpl-1", "answer": "accept"}
    after = (await phone.post("/v1/subscriptions", json=report)).json()
    unknown = await phone.post("/v1/subscriptions", json=report | {"template_id": "tpl-2"})

    assert [(item["template_id"], item["left"], item["ask"]) for item in before] == [
        ("tpl-1", 0, True)
    ]
    assert (after["left"], after["ask"]) == (1, False)
    assert (unknown.status_code, unknown.json()["code"]) == (
        404,
        "notifications.template_not_found",
    )


async def test_messages_and_refusals_are_in_the_words_that_the_account_prefers(
    phone: httpx.AsyncClient, chen: Person
) -> None:
    await make.tell(chen.id)
    absent = "/v1/messages/0190c2a9-7d6f-7c3e-8a52-2f1d3b4c5d6e/reading"
    seen = {}
    for elder_mode, language in ((False, "zh-CN"), (True, "zh-CN"), (False, "en")):
        await phone.put("/v1/me/preferences", json={"elder_mode": elder_mode, "language": language})
        [message] = (await phone.get("/v1/messages")).json()["items"]
        refusal = await phone.post(absent)
        home = (await phone.get("/v1/home")).json()
        seen[elder_mode, language] = (message, refusal, home)

    message, refusal, home = seen[False, "zh-CN"]
    assert message["text"] == "您的「不动产登记费」已缴费 80.00 元。"
    assert message["speech"] == "八十元已经交好了，不用再交。有疑问请打一二三四五。"
    assert refusal.json()["title"] == "没有找到该消息"
    assert home["speech"] == "您有一条新消息。有疑问请打一二三四五。"
    message, refusal, _ = seen[True, "zh-CN"]
    assert message["text"] == message["plain"] == "80.00元已经交好了，不用再交。有疑问请打12345。"
    assert refusal.json()["title"] == refusal.json()["plain"]
    message, refusal, home = seen[False, "en"]
    assert message["text"] == 'You have paid 80.00 yuan for "不动产登记费".'
    assert refusal.headers["content-language"] == "en"
    assert refusal.json()["title"].isascii()
    assert home["speech"] == "Waiting for you: 1 new messages. Questions: call 12345."
    assert home["messages"]["top"][0]["title"] == "Paid"
