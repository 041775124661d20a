"""alipay.system.oauth.token, and the code my.getAuthCode gives. 授权登录"""

import secrets
from datetime import timedelta
from typing import Any, Literal

from sandbox.alipay.calls import Call
from sandbox.city import Person
from sandbox.clock import beijing, moment, stamp
from sandbox.refusals import AlipayRefusal
from sandbox.wechat.switches import turn
from sandbox.world import AlipayApp, World

CODE_LIVES = timedelta(minutes=3)  # the shortest the page names
TOKEN_LIVES, REFRESH_LIVES = timedelta(days=15), timedelta(days=30)
Names = Literal["user_id", "open_id", "both"]


def give_auth_code(world: World, person: Person, app_id: str) -> str:
    """What my.getAuthCode gives on this person's phone."""
    code = secrets.token_hex(16)
    world.book.write(
        "INSERT INTO logins (code, provider, person, appid, subject, made_at)"
        " VALUES (?, 'alipay', ?, ?, ?, ?)",
        code,
        person.key,
        app_id,
        world.identities.open_id(person, app_id),
        stamp(world.clock.now()),
    )
    return code


def oauth_token(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """A code, or a refresh token, once for the user's tokens and names."""
    params = call.params
    match params.get("grant_type"):
        case "authorization_code":
            person = _spend_code(world, app, params.get("code", ""))
        case "refresh_token":
            person = _spend_refresh_token(world, app, params.get("refresh_token", ""))
        case _:
            raise AlipayRefusal("40002", "isv.grant-type-invalid", "授权类型无效")
    return _issue(world, app, world.city.people[person])


def share_user(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """alipay.user.info.share: who the token is of, and nothing that nobody grants any more."""
    query = "SELECT * FROM user_tokens WHERE access_token = ? AND app_id = ?"
    known = world.book.row(query, call.params.get("auth_token", ""), app.app_id)
    if known is None:
        raise AlipayRefusal("20001", "aop.invalid-auth-token", "无效的访问令牌")
    if world.clock.now() - moment(known["issued_at"]) > TOKEN_LIVES:
        raise AlipayRefusal("20001", "aop.auth-token-time-out", "访问令牌已过期")
    person = world.city.people[known["person"]]
    return names_of(world, app, person)


def names_of(world: World, app: AlipayApp, person: Person) -> dict[str, str]:
    """What this app is told of a user: both names, or the one that its mode leaves."""
    names = {
        "user_id": world.identities.user_id(person),
        "open_id": world.identities.open_id(person, app.app_id),
    }
    row = world.book.row("SELECT value FROM switches WHERE name = ?", _mode_of(app.app_id))
    return {row["value"]: names[row["value"]]} if row else names


def set_names(world: World, app_id: str, names: Names) -> None:
    """Put an app into its older or newer mode, or into between."""
    turn(world, _mode_of(app_id), on=names != "both", value=names)


def open_ids(world: World, app: AlipayApp, call: Call) -> dict[str, Any]:
    """alipay.open.app.openid.batchquery: the newer names for older ones of this app's users."""
    asked = call.content.get("user_id_list")
    if not isinstance(asked, list) or not 1 <= len(asked) <= 50:
        raise AlipayRefusal("40002", "isv.invalid-parameter", "参数无效: user_id_list")
    people = {str(name): world.identities.person(app.app_id, str(name)) for name in asked}
    found = {
        name: world.identities.open_id(person, app.app_id)
        for name, person in people.items()
        if person is not None and name.startswith("2088")
    }
    told = [{"user_id": name, "open_id": open_id} for name, open_id in found.items()]
    return {"open_id_list": told, "illegal_user_id_list": sorted(set(people) - set(found))}


def _mode_of(app_id: str) -> str:
    return f"alipay_names {app_id}"


def _spend_code(world: World, app: AlipayApp, code: str) -> str:
    at = world.clock.now()
    login = world.book.row("SELECT * FROM logins WHERE code = ? AND provider = 'alipay'", code)
    valid = login is not None and login["appid"] == app.app_id
    if login is None or not valid or at - moment(login["made_at"]) > CODE_LIVES:
        raise AlipayRefusal("40002", "isv.code-invalid", "授权码code无效")
    if not world.book.write(
        "UPDATE logins SET used_at = ? WHERE code = ? AND used_at IS NULL", stamp(at), code
    ):
        raise AlipayRefusal("40002", "isv.code-invalid", "授权码code无效")
    return str(login["person"])


def _spend_refresh_token(world: World, app: AlipayApp, token: str) -> str:
    query = "SELECT * FROM user_tokens WHERE refresh_token = ? AND app_id = ?"
    known = world.book.row(query, token, app.app_id)
    if known is None or world.clock.now() - moment(known["issued_at"]) > REFRESH_LIVES:
        raise AlipayRefusal("40002", "isv.refresh-token-invalid", "刷新令牌refresh_token无效")
    world.book.write("DELETE FROM user_tokens WHERE refresh_token = ?", token)
    return str(known["person"])


def _issue(world: World, app: AlipayApp, person: Person) -> dict[str, Any]:
    now = stamp(world.clock.now())
    access_token, refresh_token = f"authusr{secrets.token_hex(16)}", secrets.token_hex(20)
    world.book.write(
        "INSERT INTO user_tokens (access_token, refresh_token, app_id, person, issued_at)"
        " VALUES (?, ?, ?, ?, ?)",
        access_token,
        refresh_token,
        app.app_id,
        person.key,
        now,
    )
    return {
        "access_token": access_token,
        "refresh_token": refresh_token,
        "expires_in": int(TOKEN_LIVES.total_seconds()),
        "re_expires_in": int(REFRESH_LIVES.total_seconds()),
        "auth_start": beijing(now),
    } | names_of(world, app, person)
