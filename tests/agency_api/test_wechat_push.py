"""WeChat's pushes through the front door."""

from datetime import timedelta

import httpx
import msgspec
import pytest

from app.providers import Parts
from core.clock import now
from core.models import DueJob
from core.sealing import Vault
from identity.callers import Caller
from notifications.models import Consent, PushKey
from notifications.pushes import apply_pushes
from tests.notifications import make
from tests.notifications.pushing import KEYS, Letter, answered, letter, message

PATH = f"/callbacks/wechat-push/{KEYS.appid}"
POPUP = "subscribe_msg_popup_event"


@pytest.fixture
def parts(parts: Parts) -> Parts:
    return msgspec.structs.replace(parts, push_keys=[KEYS])


@pytest.fixture
async def resident(db: None, vault: Vault) -> Caller:
    return await make.caller(vault)


def popup(resident: Caller) -> Letter:
    content = message(POPUP, answered("accept"), FromUserName=resident.subject)
    return letter(content, at=now())


async def send(client: httpx.AsyncClient, given: Letter, path: str = PATH) -> httpx.Response:
    headers = {"content-type": "application/json"}
    return await client.post(path, params=given.query, content=given.body, headers=headers)


async def test_the_check_of_the_address_is_answered_to_the_letter(
    client: httpx.AsyncClient,
) -> None:
    genuine = letter({}, at=now()).query | {"echostr": "0012+/= 7"}

    reply = await client.get(PATH, params=genuine)

    assert (reply.status_code, reply.content) == (200, b"0012+/= 7")
    assert reply.headers["content-type"].startswith("text/plain")


async def test_an_event_is_kept_acknowledged_and_applied_once(
    client: httpx.AsyncClient, resident: Caller
) -> None:
    """D09: it is pushed again because our answer was lost, sealed anew."""
    replies = [await send(client, popup(resident)) for _ in range(3)]
    before = await Consent.all().count()
    await apply_pushes(department="platform")

    assert [(reply.status_code, reply.content) for reply in replies] == [(200, b"success")] * 3
    assert before == 0
    assert (await Consent.get()).granted == 1
    assert await DueJob.all().count() == 0


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"FromUserName": "o", "MsgType": "text", "Content": "您好"}, id="a text"),
        pytest.param(message(POPUP, {"TemplateId": 7}), id="in a form that we cannot read"),
    ],
)
async def test_what_is_genuine_and_not_for_us_is_acknowledged_and_not_kept(
    client: httpx.AsyncClient, content: object
) -> None:
    reply = await send(client, letter(content, at=now()))

    assert (reply.status_code, reply.content) == (200, b"success")
    assert await PushKey.all().count() == 0


async def test_all_refusals_look_alike_and_nothing_is_written(
    client: httpx.AsyncClient, resident: Caller
) -> None:
    genuine = popup(resident)
    content = message(POPUP, answered("accept"), FromUserName=resident.subject)
    other = letter(content, keys=msgspec.structs.replace(KEYS, token="other"), at=now())
    foreign = letter(content, keys=msgspec.structs.replace(KEYS, appid="wx-other"), at=now())
    old = letter(content, at=now() - timedelta(seconds=700))
    plain = Letter(genuine.query | {"encrypt_type": "raw"}, msgspec.json.encode(content))
    replies = [
        await send(client, other),
        await send(client, foreign),
        await send(client, old),
        await send(client, plain),
        await send(client, Letter(genuine.query, genuine.body.replace(b"A", b"B"))),
        await send(client, Letter({}, genuine.body)),
        await send(client, Letter(genuine.query, b"")),
        await send(client, Letter(genuine.query, b"<xml></xml>")),
        await send(client, genuine, "/callbacks/wechat-push/wx-other"),
        await client.get(PATH, params={"echostr": "1"}),
        await client.get(PATH, params=old.query | {"echostr": "1"}),
    ]

    problems = [{**reply.json(), "trace_id": ""} for reply in replies]
    assert {reply.status_code for reply in replies} == {403}
    assert problems == [problems[0]] * len(problems)
    assert await PushKey.all().count() == 0


async def test_one_past_its_size_is_refused_unread(client: httpx.AsyncClient) -> None:
    reply = await send(client, Letter(letter({}).query, b"x" * 70_000))

    assert reply.status_code == 413


async def test_without_an_agreement_with_wechat_nothing_is_believed(
    client: httpx.AsyncClient, parts: Parts
) -> None:
    empty = letter({}, keys=msgspec.structs.replace(KEYS, appid=""), at=now())

    reply = await send(client, empty, "/callbacks/wechat-push/wx-1")

    assert (reply.status_code, reply.json()["code"]) == (403, "notifications.push_rejected")
