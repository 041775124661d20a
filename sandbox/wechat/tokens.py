"""cgi-bin/stable_token: one token, the same for whoever asks. 接口调用凭据"""

import secrets
from datetime import datetime, timedelta

from sandbox.clock import moment, stamp
from sandbox.refusals import WechatRefusal
from sandbox.wechat.login import check_credentials
from sandbox.world import World

LIFE = timedelta(hours=2)
OVERLAP = timedelta(minutes=5)  # the last minutes of a token, when its successor is made
BETWEEN_FORCED, FORCED_A_DAY = timedelta(seconds=30), 20


def stable_token(
    world: World, *, appid: str, secret: str, grant_type: str, force_refresh: bool
) -> dict[str, object]:
    """The live token; a new one in the last five minutes, or when a refresh is forced."""
    check_credentials(world, appid, secret)
    if grant_type != "client_credential":
        raise WechatRefusal(40002, "invalid grant_type")
    at = world.clock.now()
    with world.book.together():
        if force_refresh:
            return _forced(world, appid, at)
        live = world.book.row(
            "SELECT token, expires_at FROM access_tokens WHERE appid = ? AND NOT revoked"
            " AND expires_at > ? ORDER BY expires_at DESC LIMIT 1",
            appid,
            stamp(at + OVERLAP),
        )
        if live is None:
            return _issue(world, appid, at, forced=False)
        return _answer(live["token"], moment(live["expires_at"]) - at)


def check_token(world: World, token: str) -> str:
    """The appid this token speaks for."""
    if not token:
        raise WechatRefusal(41001, "access_token missing")
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
    world.book.write("UPDATE access_tokens SET revoked = 1 WHERE appid = ?", appid)
    return _issue(world, appid, at, forced=True)


def _issue(world: World, appid: str, at: datetime, *, forced: bool) -> dict[str, object]:
    token = "99_" + secrets.token_urlsafe(256)  # long, as WeChat warns it may be
    world.book.write(
        "INSERT INTO access_tokens (token, appid, issued_at, expires_at, forced)"
        " VALUES (?, ?, ?, ?, ?)",
        token,
        appid,
        stamp(at),
        stamp(at + LIFE),
        int(forced),
    )
    return _answer(token, LIFE)


def _answer(token: str, left: timedelta) -> dict[str, object]:
    return {"access_token": token, "expires_in": int(left.total_seconds())}
