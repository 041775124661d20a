"""The phone as a page: whose it is, its screen, and the files these are made of. 手机页面"""

from pathlib import Path
from typing import Any

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.static_files import create_static_files_router

from sandbox.city import Person, Template
from sandbox.mini_proxy import Product
from sandbox.phone.people import phone_owner
from sandbox.world import World

PAGES = Path(__file__).with_name("pages")
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data:; connect-src 'self'; frame-src 'self'; base-uri 'none';"
    " form-action 'none'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


@get("/phone", sync_to_thread=False)
def people_page() -> Response[bytes]:
    """Whose phone to take up."""
    return _page("people.html")


@get("/phone/people", sync_to_thread=False)
def people(world: NamedDependency[World]) -> list[dict[str, Any]]:
    """Everybody in the city, with what is installed on their phone."""
    return [_owner(person) for person in world.city.people.values()]


@get(
    "/phone/{person_key:str}/screen",
    dependencies={"person": Provide(phone_owner)},
    sync_to_thread=False,
)
def screen(person: NamedDependency[Person]) -> Response[bytes]:
    """The screen of this person's phone; the page reads from its own address whose it is."""
    return _page("screen.html")


@get("/phone/{person_key:str}/about", dependencies={"person": Provide(phone_owner)})
async def about(
    person: NamedDependency[Person],
    world: NamedDependency[World],
    product: NamedDependency[Product],
    has_own_pages: NamedDependency[bool],
) -> dict[str, Any]:
    """What the phone knows of its owner and of the mini-programs on it."""
    platforms = world.city.platforms
    wechat = {
        "appid": platforms.wechat.appid,
        "templates": _templates(platforms.wechat.templates),
    }
    alipay = {"appid": platforms.alipay.app_id, "templates": _templates(platforms.alipay.templates)}
    return {
        **_owner(person),
        "id_number": person.id_number,
        "phone": person.phone,
        "apps": {"wechat": wechat, "alipay": alipay},
        "product": product.address,
        "own_pages": has_own_pages,
        "now": world.clock.now().isoformat(),
    }


@get("/pages/{name:str}", sync_to_thread=False)
def page_file(name: FromPath[str]) -> Response[bytes]:
    """One of our own files, by the name it has in the folder and no other."""
    return _page(name)


def own_files(folder: Path | None) -> list[Router]:
    """A developer's own page and what belongs to it, as it is; nothing without a folder."""
    if folder is None:
        return []
    return [create_static_files_router("/own", [folder.resolve()], html_mode=True)]


def _page(name: str) -> Response[bytes]:
    path = PAGES / name
    if path.suffix not in KINDS or path not in set(PAGES.iterdir()):
        raise NotFoundException
    return Response(path.read_bytes(), headers=HEADERS, media_type=KINDS[path.suffix])


def _owner(person: Person) -> dict[str, Any]:
    return {
        "key": person.key,
        "name": person.name,
        "alive": person.alive,
        "wechat": person.wechat,
        "alipay": person.alipay,
    }


def _templates(templates: list[Template]) -> list[dict[str, str]]:
    return [{"id": one.id, "title": one.title, "kind": one.kind} for one in templates]
