"""Subscribe messages: what was agreed to, what is sent, and whether it may be. 订阅消息"""

import json
from typing import Any

from sandbox.alipay.calls import Call
from sandbox.city import Person, Template
from sandbox.clock import stamp
from sandbox.refusals import AlipayRefusal
from sandbox.world import AlipayApp, World

AT_MOST_ASKED, LONGEST_VALUE = 3, 20
NOT_SUBSCRIBED = "USER_NOT_SUBSCRIBED"  # the real code is published nowhere


def answer_prompt(
    world: World, person: Person, app_id: str, entity_ids: list[str], *, accepts: bool
) -> dict[str, Any]:
    """What my.requestSubscribeMessage gives: each accept of a one-time template counts."""
    templates = [_template(world, one) for one in entity_ids]
    known = [one for one in templates if one is not None]
    if not 0 < len(entity_ids) <= AT_MOST_ASKED:
        return {"success": False, "error": 203}
    if len(known) != len(templates):
        return {"success": False, "error": 106008}
    if len({one.kind for one in known}) > 1:
        return {"success": False, "error": 106002}
    if not accepts:
        result = {"subscribedEntityIds": [], "unsubscribedEntityIds": entity_ids}
        return {"success": True, "behavior": "cancel", "result": result}
    with world.book.together():
        for template in known:
            world.book.write(
                "INSERT INTO consents (person, appid, template_id, kind, remaining)"
                " VALUES (?, ?, ?, ?, 1) ON CONFLICT (person, appid, template_id)"
                " DO UPDATE SET"
                " remaining = CASE kind WHEN 'one_time' THEN remaining + 1 ELSE 1 END",
                person.key,
                app_id,
                template.id,
                template.kind,
            )
    result = {"subscribedEntityIds": entity_ids, "unsubscribedEntityIds": []}
    return {"success": True, "behavior": "subscribe", "result": result}


def query_subscriptions(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """Whether a message of each template could be sent now."""
    person = _user(world, app, call, "user_id", "open_id")
    wanted = call.content.get("template_id_list")
    if not isinstance(wanted, list) or not wanted:
        raise _no("TEMPLATE_ID_IS_BLANK", "模板编号为空")
    return {
        "subscribe_relations": [
            {
                "template_id": template.id,
                "subscribe_type": template.kind,
                "subscribe_state": bool(_remaining(world, person, app, template)),
            }
            for template in (_template(world, str(one)) for one in wanted)
            if template is not None
        ],
        "show_component": True,
    }


def send(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """Send one message. Nothing but code and msg comes back."""
    person = _user(world, app, call, "to_user_id", "to_open_id")
    template_id = call.content.get("user_template_id")
    if not template_id:
        raise _no("TEMPLATE_ID_IS_BLANK", "模板编号为空")
    template = _template(world, str(template_id))
    if template is None:
        raise _no("USER_TEMPLATE_ILLEGAL", "用户模板非法")
    data = _data(call, template)
    with world.book.together():
        if not _remaining(world, person, app, template):
            raise _no(NOT_SUBSCRIBED, "用户未订阅")
        if template.kind == "one_time":
            world.book.write(
                "UPDATE consents SET remaining = remaining - 1"
                " WHERE person = ? AND appid = ? AND template_id = ?",
                person.key,
                app.app_id,
                template.id,
            )
        _keep(world, app, person, template, page=str(call.content.get("page", "")), data=data)
    return {}


def _user(world: World, app: AlipayApp, call: Call, *names: str) -> Person:
    given = [str(call.content[name]) for name in names if call.content.get(name)]
    person = world.identities.person(app.app_id, given[0]) if len(given) == 1 else None
    if person is None:
        raise AlipayRefusal("40002", "isv.invalid-arguments", "用户编号无效")
    return person


def _template(world: World, template_id: str) -> Template | None:
    templates = world.city.platforms.alipay.templates
    return next((one for one in templates if one.id == template_id), None)


def _data(call: Call, template: Template) -> str:
    """The keywords as a JSON text inside of the JSON, each within its length."""
    try:
        data = json.loads(call.text("data"))
        values = {key: data[key]["value"] for key in template.keys}
    except (ValueError, KeyError, TypeError) as error:
        raise _no("USER_TEMPLATE_LACK_KEYWORD", "用户模板缺少关键字") from error
    if any(
        not isinstance(one, str) or not 0 < len(one) <= LONGEST_VALUE for one in values.values()
    ):
        raise _no("USER_KEYWORD_LENGTH_ERROR", "关键字长度超限")
    return json.dumps(values, ensure_ascii=False)


def _remaining(world: World, person: Person, app: AlipayApp, template: Template) -> int:
    query = "SELECT remaining FROM consents WHERE person = ? AND appid = ? AND template_id = ?"
    row = world.book.row(query, person.key, app.app_id, template.id)
    return int(row["remaining"]) if row else 0


def _keep(
    world: World, app: AlipayApp, person: Person, template: Template, *, page: str, data: str
) -> None:
    world.book.write(
        "INSERT INTO messages (person, appid, openid, template_id, title, page, data, sent_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        person.key,
        app.app_id,
        world.identities.open_id(person, app.app_id),
        template.id,
        template.title,
        page,
        data,
        stamp(world.clock.now()),
    )


def _no(sub_code: str, sub_msg: str) -> AlipayRefusal:
    return AlipayRefusal("40004", sub_code, sub_msg)
