"""Whose phone it is."""

from litestar.di import NamedDependency
from litestar.params import FromPath

from sandbox.city import Person
from sandbox.refusals import PhoneRefusal
from sandbox.world import World


async def phone_owner(person_key: FromPath[str], world: NamedDependency[World]) -> Person:
    person = world.city.people.get(person_key)
    if person is None:
        raise PhoneRefusal("no such person in this city", status=404)
    return person


def check_wechat(world: World, person: Person, appid: str) -> None:
    if not person.wechat:
        raise PhoneRefusal("there is no WeChat on this phone", status=409)
    if appid not in world.city.platforms.wechat.appids():
        raise PhoneRefusal("no such mini-program", status=404)


def check_alipay(world: World, person: Person, app_id: str) -> None:
    if not person.alipay:
        raise PhoneRefusal("there is no Alipay on this phone", status=409)
    if app_id not in world.alipay_apps:
        raise PhoneRefusal("no such mini-program", status=404)
