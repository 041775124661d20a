"""Whether a session key is still the one: wxa/checksession and its reset. 登录态"""

import hmac
import secrets
from base64 import b64encode
from hashlib import sha256

from msgspec import Struct

from sandbox.crypto import is_same
from sandbox.refusals import WechatRefusal
from sandbox.world import World


class Session(Struct, frozen=True):
    code: str
    session_key: str


def check_session(world: World, appid: str, *, openid: str, signature: str, method: str) -> None:
    """Refuse unless it was signed with the key of this user's newest login."""
    _current(world, appid, openid, signature, method)


def reset_session_key(
    world: World, appid: str, *, openid: str, signature: str, method: str
) -> dict[str, str]:
    """A new key in place of the one it was signed with."""
    session = _current(world, appid, openid, signature, method)
    fresh = b64encode(secrets.token_bytes(16)).decode()
    world.book.write("UPDATE logins SET session_key = ? WHERE code = ?", fresh, session.code)
    return {"openid": openid, "session_key": fresh}


def newest_session(world: World, appid: str, openid: str) -> Session | None:
    """Of the last wx.login: each one here makes a new key, also when its code is never used."""
    return world.book.find(
        Session,
        "SELECT code, session_key FROM logins WHERE provider = 'wechat' AND appid = ?"
        " AND subject = ? ORDER BY made_at DESC, rowid DESC LIMIT 1",
        appid,
        openid,
    )


def _current(world: World, appid: str, openid: str, signature: str, method: str) -> Session:
    if method != "hmac_sha256":
        raise WechatRefusal(40097, "invalid args: sig_method")
    session = newest_session(world, appid, openid)
    if session is None or not is_same(signature, _signed(session.session_key)):
        raise WechatRefusal(87009, "invalid signature")
    return session


def _signed(session_key: str) -> str:
    """Over nothing at all, with the key's text as it was handed out."""
    return hmac.digest(session_key.encode(), b"", sha256).hex()
