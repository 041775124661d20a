"""cgi-bin/message/subscribe/send, and the consent it spends. 订阅消息"""

import json
from functools import partial
from typing import Literal

from msgspec import Struct

from sandbox.city import Person, Template
from sandbox.clock import stamp
from sandbox.refusals import PhoneRefusal, WechatRefusal
from sandbox.wechat.pushes import push_event
from sandbox.wechat.switches import SENT_RESULT, banned, is_on, main_switch_off, turn
from sandbox.wechat.values import is_allowed
from sandbox.world import World

AT_ONCE = 3  # the older pages' figure, the stricter one


class Value(Struct):
    value: str


class Message(Struct):
    touser: str = ""
    template_id: str = ""
    data: dict[str, Value] = {}
    page: str = ""
    miniprogram_state: Literal["developer", "trial", "formal"] = "formal"
    lang: Literal["zh_CN", "en_US", "zh_HK", "zh_TW"] = "zh_CN"


def set_sent_result(world: World, error_code: int, error_status: str) -> None:
    """What becomes of messages from now on after they were taken."""
    result = json.dumps({"ErrorCode": str(error_code), "ErrorStatus": error_status})
    turn(world, SENT_RESULT, on=bool(error_code), value=result)


def answer_prompt(
    world: World, person: Person, appid: str, template_ids: list[str], *, accepts: bool
) -> dict[str, str]:
    """The user's tap on wx.requestSubscribeMessage: one right to send, or a lasting one."""
    found = [_template(world, appid, template_id) for template_id in template_ids]
    chosen = [template for template in found if template is not None]
    if len(chosen) < len(template_ids):
        raise PhoneRefusal("requestSubscribeMessage:fail no template data return", 20001)
    if len({template.kind for template in chosen}) > 1:
        raise PhoneRefusal("requestSubscribeMessage:fail templates type must be same", 20002)
    if not 1 <= len(chosen) <= AT_ONCE:
        raise PhoneRefusal("requestSubscribeMessage:fail templates count out of max bounds", 20003)
    if is_on(world, main_switch_off(person.key)):
        raise PhoneRefusal("requestSubscribeMessage:fail the main switch is switched off", 20004)
    said = "accept" if accepts else "reject"
    asked = [template for template in chosen if not is_on(world, banned(template.id))]
    with world.book.together():
        for template in asked:
            _record_answer(world, person, appid, template, accepts=accepts)
        if asked:
            _push_answers(world, person, appid, asked, said)
    return {template.id: said if template in asked else "ban" for template in chosen}


def refuse_in_settings(
    world: World, person: Person, appid: str, template_ids: list[str]
) -> dict[str, str]:
    """Turn templates off on the page of settings. Turning on again happens by answering."""
    found = map(partial(_template, world, appid), template_ids)
    chosen = [template for template in found if template]
    if not chosen or len(chosen) < len(template_ids):
        raise PhoneRefusal("no such template", 20001)
    with world.book.together():
        for template in chosen:
            world.book.write(
                "UPDATE consents SET remaining = 0"
                " WHERE person = ? AND appid = ? AND template_id = ?",
                person.key,
                appid,
                template.id,
            )
        entries = [{"TemplateId": one.id, "SubscribeStatusString": "reject"} for one in chosen]
        openid = world.identities.openid(person, appid)
        push_event(world, appid, openid, "subscribe_msg_change_event", entries, number=openid)
    return {template.id: "reject" for template in chosen}


def send_message(world: World, appid: str, message: Message) -> int:
    """Send it and spend the consent; what is refused spends nothing. Returns the msgid."""
    template = _template(world, appid, message.template_id)
    if template is None:
        raise WechatRefusal(40037, "invalid template_id")
    person = world.identities.person(appid, message.touser)
    if person is None:
        raise WechatRefusal(40003, "invalid openid")
    if message.miniprogram_state == "formal" and not _leads_somewhere(world, appid, message.page):
        raise WechatRefusal(41030, "invalid page")
    _check_values(template, message.data)
    with world.book.together():
        if not _spend_consent(world, person, appid, template):
            raise WechatRefusal(43101, "user refuse to accept the msg")
        return _deliver(world, person, appid, template, message)


def _leads_somewhere(world: World, appid: str, page: str) -> bool:
    """Whether the page, with whatever it is given, is in the released version."""
    app = world.city.platforms.wechat.app(appid)
    return not page or (app is not None and app.has_page(page.partition("?")[0]))


def _push_answers(
    world: World, person: Person, appid: str, templates: list[Template], said: str
) -> None:
    openid = world.identities.openid(person, appid)
    entries = [
        {"TemplateId": one.id, "SubscribeStatusString": said, "PopupScene": "0"}
        for one in templates
    ]
    push_event(world, appid, openid, "subscribe_msg_popup_event", entries, number=openid)


def _template(world: World, appid: str, template_id: str) -> Template | None:
    app = world.city.platforms.wechat.app(appid)
    templates = app.templates if app else []
    return next((template for template in templates if template.id == template_id), None)


def _check_values(template: Template, data: dict[str, Value]) -> None:
    for key in template.keys:
        listed = template.listed.get(key, ())
        if key not in data or not is_allowed(key, data[key].value, listed):
            raise WechatRefusal(47003, f"argument invalid! data.{key}.value invalid")
    for key in data.keys() - set(template.keys):
        raise WechatRefusal(47003, f"argument invalid! data.{key}.value invalid")


def _record_answer(
    world: World, person: Person, appid: str, template: Template, *, accepts: bool
) -> None:
    once = template.kind == "one_time"
    world.book.write(
        "INSERT INTO consents (person, appid, template_id, kind, remaining)"
        " VALUES (:person, :appid, :template, :kind, :given)"
        " ON CONFLICT (person, appid, template_id)"
        " DO UPDATE SET remaining = CASE WHEN :once THEN remaining + :given ELSE :given END",
        person=person.key,
        appid=appid,
        template=template.id,
        kind=template.kind,
        given=int(accepts),
        once=once,
    )


def _spend_consent(world: World, person: Person, appid: str, template: Template) -> bool:
    spent = world.book.write(
        "UPDATE consents SET remaining = remaining - (kind = 'one_time')"
        " WHERE person = ? AND appid = ? AND template_id = ? AND remaining > 0",
        person.key,
        appid,
        template.id,
    )
    return spent == 1


def _sent_result(world: World) -> dict[str, str]:
    row = world.book.row("SELECT value FROM switches WHERE name = ?", SENT_RESULT)
    return json.loads(row["value"]) if row else {"ErrorCode": "0", "ErrorStatus": "success"}


def _deliver(world: World, person: Person, appid: str, template: Template, message: Message) -> int:
    values = {key: value.value for key, value in message.data.items()}
    at = world.clock.now()
    last = world.book.rows("SELECT coalesce(max(msgid), 0) AS msgid FROM messages")[0]["msgid"]
    result = _sent_result(world)
    msgid = max(int(last) + 1, int(at.timestamp()) * 10**9)
    world.book.write(
        "INSERT INTO messages (msgid, person, appid, openid, template_id, title, page, data,"
        " error_code, sent_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        msgid,
        person.key,
        appid,
        message.touser,
        template.id,
        template.title,
        message.page,
        json.dumps(values, ensure_ascii=False),
        result["ErrorCode"],
        stamp(at),
    )
    entry = {"TemplateId": template.id, "MsgID": str(msgid)} | result
    number = str(msgid)
    event = "subscribe_msg_sent_event"
    push_event(world, appid, message.touser, event, [entry], number=number)
    return msgid
