"""sns/jscode2session: a login code for an openid, once. 小程序登录"""

import secrets
from base64 import b64encode
from datetime import datetime, timedelta

from sandbox.city import Person
from sandbox.clock import moment, stamp
from sandbox.refusals import WechatRefusal
from sandbox.wechat.quotas import spend_call
from sandbox.wechat.switches import OPEN_PLATFORM, high_risk, is_on
from sandbox.world import World

API = "/sns/jscode2session"  # a user's own allowance of it is for whoever tests to set
CODE_LIVES = timedelta(minutes=5)


def give_login_code(world: World, person: Person, appid: str) -> str:
    """What wx.login gives on this person's phone."""
    code = "0" + secrets.token_urlsafe(24)[:31]
    world.book.write(
        "INSERT INTO logins (code, provider, person, appid, subject, session_key, made_at)"
        " VALUES (?, 'wechat', ?, ?, ?, ?, ?)",
        code,
        person.key,
        appid,
        world.identities.openid(person, appid),
        b64encode(secrets.token_bytes(16)).decode(),
        stamp(world.clock.now()),
    )
    return code


def check_credentials(world: World, appid: str, secret: str) -> None:
    if not appid:
        raise WechatRefusal(41002, "appid missing")
    if not secret:
        raise WechatRefusal(41004, "appsecret missing")
    known = world.keys.wechat_secrets.get(appid)
    if known is None:
        raise WechatRefusal(40013, "invalid appid")
    if not secrets.compare_digest(secret.encode(), known.encode()):
        raise WechatRefusal(40125, "invalid appsecret")


def code_to_session(
    world: World, *, appid: str, secret: str, js_code: str, grant_type: str
) -> dict[str, str]:
    """The session of a code made for this app, within five minutes, once."""
    check_credentials(world, appid, secret)
    if grant_type != "authorization_code":
        raise WechatRefusal(40002, "invalid grant_type")
    at = world.clock.now()
    login = world.book.row("SELECT * FROM logins WHERE code = ? AND provider = 'wechat'", js_code)
    if login is None or login["appid"] != appid or _is_late(login["made_at"], at):
        raise WechatRefusal(40029, "invalid code")
    spend_call(world, API, subject=login["person"])
    if is_on(world, high_risk(login["person"])):
        raise WechatRefusal(40226, "code blocked")
    if not world.book.write(
        "UPDATE logins SET used_at = ? WHERE code = ? AND used_at IS NULL", stamp(at), js_code
    ):
        raise WechatRefusal(40163, "code been used")
    session = {"session_key": login["session_key"], "openid": login["subject"]}
    if is_on(world, OPEN_PLATFORM):
        session["unionid"] = world.identities.unionid(world.city.people[login["person"]])
    return session


def _is_late(made_at: str, at: datetime) -> bool:
    return at - moment(made_at) > CODE_LIVES
