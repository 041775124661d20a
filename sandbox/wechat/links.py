"""Mini-program codes, schemes and links, and where each leads. 小程序码, URL Scheme, URL Link"""

import io
import re
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Literal
from urllib.parse import parse_qsl, quote

import segno
from msgspec import Meta, Struct

from sandbox.clock import moment, stamp
from sandbox.refusals import PhoneRefusal, WechatRefusal
from sandbox.wechat.quotas import LINK_OPENS, spend_call
from sandbox.world import World

SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]+")
LONGEST_SCENE, LONGEST_QUERY = 32, 1024
LIVES_AT_MOST, LIVES_AT_LEAST = timedelta(days=30), timedelta(minutes=1)
NARROWEST, WIDEST = 280, 1280
ADDRESSES = {
    "code": "https://mp.weixin.qq.com/a/~{}",
    "scheme": "weixin://dl/business/?t={}",
    "url_link": "https://wxaurl.cn/{}",
}
Version = Literal["release", "trial", "develop"]


class CodeRequest(Struct):
    scene: str = ""
    page: str = ""
    check_path: bool = True
    env_version: Version = "release"
    width: int = 430
    auto_color: bool = False
    line_color: dict[str, int | str] = {}
    is_hyaline: bool = False


class Life(Struct):
    """How long a link lives: until a moment, or for some days."""

    expire_type: Literal[0, 1] = 0
    expire_time: int = 0
    expire_interval: Annotated[int, Meta(ge=0)] = 0


class Place(Struct):
    """A page inside the mini-program; the first one when no path is given."""

    path: str = ""
    query: str = ""
    env_version: Version = "release"


class SchemeRequest(Life):
    jump_wxa: Place | None = None
    is_expire: bool = False


class UrlLinkRequest(Life):
    path: str = ""
    query: str = ""
    env_version: Version = "release"
    is_expire: bool = False


def make_code(world: World, appid: str, asked: CodeRequest) -> bytes:
    """A picture (PNG) of the code. It leads there for ever."""
    if not 1 <= len(asked.scene) <= LONGEST_SCENE:
        raise WechatRefusal(40169, "invalid length for scene, or the data is not json string")
    if not SCENE.fullmatch(asked.scene):
        raise WechatRefusal(40129, "invalid scene")
    if not _is_plain(asked.page) or (asked.check_path and not _leads_somewhere(world, asked.page)):
        raise WechatRefusal(41030, "invalid page")
    if not NARROWEST <= asked.width <= WIDEST:
        raise WechatRefusal(40097, "invalid args: width")
    link = _keep(world, appid, "code", asked.page, f"scene={quote(asked.scene, safe='')}", None)
    picture, image = segno.make_qr(link), io.BytesIO()
    scale = max(1, asked.width // picture.symbol_size()[0])
    picture.save(image, kind="png", scale=scale, light=None if asked.is_hyaline else "#ffffff")
    return image.getvalue()


def make_scheme(world: World, appid: str, asked: SchemeRequest) -> str:
    """One that is not said to expire lives for the longest time there is all the same."""
    place = asked.jump_wxa or Place()
    _check_place(world, place)
    ends = _end(world, asked if asked.is_expire else Life())
    return _keep(world, appid, "scheme", place.path, place.query, ends)


def make_url_link(world: World, appid: str, asked: UrlLinkRequest) -> str:
    _check_place(world, Place(asked.path, asked.query))
    return _keep(world, appid, "url_link", asked.path, asked.query, _end(world, asked))


def open_link(world: World, link: str) -> dict[str, object]:
    """What the page's onLoad is given; `scene` as it comes there, still encoded."""
    row = world.book.row("SELECT * FROM wechat_links WHERE link = ?", link)
    if row is None:
        raise PhoneRefusal("the link leads nowhere", status=404)
    if row["expires_at"] and moment(row["expires_at"]) <= world.clock.now():
        raise PhoneRefusal("the link has expired", status=410)
    if row["kind"] != "code":
        _spend_opening(world)
    world.book.write("UPDATE wechat_links SET opened = opened + 1 WHERE link = ?", link)
    if row["kind"] == "code":
        query = {"scene": str(row["query"]).removeprefix("scene=")}
    else:
        query = dict(parse_qsl(row["query"], keep_blank_values=True))
    return {"path": row["path"], "query": query}


def _spend_opening(world: World) -> None:
    try:
        spend_call(world, LINK_OPENS)
    except WechatRefusal as refusal:
        raise PhoneRefusal("the links were opened too often today", status=429) from refusal


def _leads_somewhere(world: World, page: str) -> bool:
    """A page of the released version, written without a slash before and a query behind."""
    return not page or (_is_plain(page) and world.city.platforms.wechat.has_page(page))


def _is_plain(page: str) -> bool:
    return not page.startswith("/") and "?" not in page


def _check_place(world: World, place: Place) -> None:
    if not _leads_somewhere(world, place.path.removeprefix("/")):
        raise WechatRefusal(40165, "invalid weapp pagepath")
    if len(place.query) > LONGEST_QUERY:
        raise WechatRefusal(40212, "invalid query")


def _end(world: World, life: Life) -> datetime:
    at = world.clock.now()
    if life.expire_type == 1 and life.expire_interval:
        lives = timedelta(days=life.expire_interval)
    elif life.expire_type == 0 and life.expire_time:
        lives = timedelta(seconds=life.expire_time - at.timestamp())
    else:
        lives = LIVES_AT_MOST
    if not LIVES_AT_LEAST <= lives <= LIVES_AT_MOST:
        raise WechatRefusal(85401, "time limit between 1min and 30day")
    return at + lives


def _keep(
    world: World, appid: str, kind: str, path: str, query: str, until: datetime | None
) -> str:
    link = ADDRESSES[kind].format(secrets.token_urlsafe(16))
    world.book.write(
        "INSERT INTO wechat_links (link, kind, appid, path, query, made_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        link,
        kind,
        appid,
        path,
        query,
        stamp(world.clock.now()),
        stamp(until) if until else None,
    )
    return link
