"""wxa/business/getuserphonenumber: a number for a code, and each costs money. 手机号快速验证"""

import secrets
from datetime import timedelta

from sandbox.city import Person
from sandbox.clock import moment, stamp
from sandbox.refusals import PhoneRefusal, WechatRefusal
from sandbox.wechat.switches import NO_BALANCE, is_on
from sandbox.world import World

CODE_LIVES = timedelta(minutes=5)
PRICE_FEN, REALTIME_PRICE_FEN = 3, 4


def give_phone_code(world: World, person: Person, appid: str, *, realtime: bool = False) -> str:
    """What the phone number button gives; not a login code. The one that verifies anew costs more.

    With no balance left for it, the client says so and has no code.
    """
    if is_on(world, NO_BALANCE):
        raise PhoneRefusal("getPhoneNumber:fail no quota", 1400001)
    code = secrets.token_hex(32)
    world.book.write(
        "INSERT INTO phone_numbers (code, provider, person, appid, made_at, price_fen)"
        " VALUES (?, 'wechat', ?, ?, ?, ?)",
        code,
        person.key,
        appid,
        stamp(world.clock.now()),
        REALTIME_PRICE_FEN if realtime else PRICE_FEN,
    )
    return code


def phone_number(world: World, appid: str, *, code: str, openid: str | None) -> dict[str, object]:
    """The number of whoever tapped, once and within five minutes. Every call is counted."""
    at = world.clock.now()
    world.book.write("UPDATE phone_numbers SET calls = calls + 1 WHERE code = ?", code)
    asked = world.book.row(
        "SELECT * FROM phone_numbers WHERE code = ? AND provider = 'wechat'", code
    )
    if asked is None or asked["appid"] != appid or at - moment(asked["made_at"]) > CODE_LIVES:
        raise WechatRefusal(40029, "invalid code")
    person = world.city.people[asked["person"]]
    if openid is not None and openid != world.identities.openid(person, appid):
        raise WechatRefusal(40029, "invalid code: openid not match")
    if not world.book.write(
        "UPDATE phone_numbers SET used_at = ?, cost_fen = price_fen"
        " WHERE code = ? AND used_at IS NULL",
        stamp(at),
        code,
    ):
        raise WechatRefusal(40029, "invalid code: been used")
    return {
        "phoneNumber": person.phone,
        "purePhoneNumber": person.phone,
        "countryCode": "86",
        "watermark": {"timestamp": int(at.timestamp()), "appid": appid},
    }
