"""Access tokens: stable_token, one for whoever asks, and the older token, anew each time. 凭据"""

import re
import secrets
from datetime import datetime, timedelta

from sandbox.clock import moment, stamp
from sandbox.refusals import WechatRefusal
from sandbox.wechat.login import check_credentials
from sandbox.wechat.quotas import STABLE_TOKEN, TOKEN, spend_call
from sandbox.world import World

LIFE = timedelta(hours=2)
OVERLAP = timedelta(minutes=5)  # the last minutes of a token, when its successor is made
BETWEEN_FORCED, FORCED_A_DAY = timedelta(seconds=30), 20


def stable_token(
    world: World, *, appid: str, secret: str, grant_type: str, force_refresh: bool
) -> dict[str, object]:
    """The live token; a new one in the last five minutes, or when a refresh is forced."""
    _check_asker(world, appid, secret, grant_type)
    spend_call(world, STABLE_TOKEN)
    at = world.clock.now()
    with world.book.together():
        if force_refresh:
            return _forced(world, appid, at)
        live = world.book.row(
            "SELECT token, expires_at FROM access_tokens WHERE appid = ? AND NOT revoked"
            " AND NOT classic AND expires_at > ? ORDER BY expires_at DESC LIMIT 1",
            appid,
            stamp(at + OVERLAP),
        )
        if live is None:
            return _issue(world, appid, at, forced=False)
        return _answer(live["token"], moment(live["expires_at"]) - at)


def classic_token(world: World, *, appid: str, secret: str, grant_type: str) -> dict[str, object]:
    """A new token each time; the one before it still works for five minutes.

    Tokens of the stable kind are not touched by it, nor this one by them.
    """
    _check_asker(world, appid, secret, grant_type)
    spend_call(world, TOKEN)
    at = world.clock.now()
    with world.book.together():
        world.book.write(
            "UPDATE access_tokens SET expires_at = min(expires_at, ?)"
            " WHERE appid = ? AND classic AND expires_at > ?",
            stamp(at + OVERLAP),
            appid,
            stamp(at),
        )
        return _issue(world, appid, at, forced=False, classic=True)


def check_token(world: World, token: str) -> str:
    """The appid this token speaks for."""
    if not token:
        raise WechatRefusal(41001, "access_token missing")
    if not re.fullmatch(r"[0-9]+_[0-9A-Za-z_-]+", token):
        raise WechatRefusal(40014, "invalid access_token")
    row = world.book.row("SELECT * FROM access_tokens WHERE token = ?", token)
    if row is None or row["revoked"]:
        message = "invalid credential, access_token is invalid or not latest"
        raise WechatRefusal(40001, message)
    if moment(row["expires_at"]) <= world.clock.now():
        raise WechatRefusal(42001, "access_token expired")
    return str(row["appid"])


def _forced(world: World, appid: str, at: datetime) -> dict[str, object]:
    since = "SELECT count(*) AS times FROM access_tokens WHERE appid = ? AND forced"
    recent = world.book.rows(since + " AND issued_at > ?", appid, stamp(at - BETWEEN_FORCED))
    if recent[0]["times"]:
        raise WechatRefusal(45011, "api minute-quota reach limit, must slower, retry next minute")
    today = world.book.rows(since + " AND issued_at > ?", appid, stamp(at - timedelta(days=1)))
    if today[0]["times"] >= FORCED_A_DAY:
        raise WechatRefusal(45009, "reach max api daily quota limit")
    world.book.write("UPDATE access_tokens SET revoked = 1 WHERE appid = ? AND NOT classic", appid)
    return _issue(world, appid, at, forced=True)


def _check_asker(world: World, appid: str, secret: str, grant_type: str) -> None:
    check_credentials(world, appid, secret)
    if grant_type != "client_credential":
        raise WechatRefusal(40002, "invalid grant_type")


def _issue(
    world: World, appid: str, at: datetime, *, forced: bool, classic: bool = False
) -> dict[str, object]:
    token = "99_" + secrets.token_urlsafe(256)  # long, as WeChat warns it may be
    world.book.write(
        "INSERT INTO access_tokens (token, appid, issued_at, expires_at, forced, classic)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        token,
        appid,
        stamp(at),
        stamp(at + LIFE),
        int(forced),
        int(classic),
    )
    return _answer(token, LIFE)


def _answer(token: str, left: timedelta) -> dict[str, object]:
    return {"access_token": token, "expires_in": int(left.total_seconds())}
