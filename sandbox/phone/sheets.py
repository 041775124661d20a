"""What stands on a sheet before somebody taps: how much, for what, to whom. 收银台上的字"""

from typing import Any

from litestar import get
from litestar.di import NamedDependency, Provide
from litestar.params import FromQuery

from sandbox.city import Person
from sandbox.phone.people import phone_owner
from sandbox.refusals import PhoneRefusal
from sandbox.wechat_pay.bills import close_overdue
from sandbox.world import World

PREPAID = """
    SELECT o.amount_fen, o.description AS title, o.mchid FROM prepays p
    JOIN wechat_pay_orders o ON o.mchid = p.mchid AND o.out_trade_no = p.out_trade_no
    WHERE p.prepay_id = ? AND o.person = ?
"""
TRADE = """
    SELECT amount_fen, subject AS title, seller_id FROM alipay_trades
    WHERE trade_no = ? AND person = ?
"""
TRANSFER = """
    SELECT amount_fen, remark AS title, mchid FROM wechat_pay_transfers
    WHERE package_info = ? AND person = ? AND state = 'WAIT_USER_CONFIRM'
"""


@get("/phone/{person_key:str}/sheet", dependencies={"person": Provide(phone_owner)})
async def sheet(
    person: NamedDependency[Person],
    world: NamedDependency[World],
    prepay_id: FromQuery[str | None] = None,
    trade_no: FromQuery[str | None] = None,
    package_info: FromQuery[str | None] = None,
) -> dict[str, Any]:
    """Amount, title and payee of one pay sheet or payout that is this person's own."""
    close_overdue(world)
    if prepay_id is not None:
        found = world.book.row(PREPAID, prepay_id, person.key)
    elif trade_no is not None:
        found = world.book.row(TRADE, trade_no, person.key)
    else:
        found = world.book.row(TRANSFER, package_info or "", person.key)
    if found is None:
        raise PhoneRefusal("there is no such sheet on this phone", status=404)
    return {
        "amount_fen": found["amount_fen"],
        "title": found["title"],
        "payee": _payee(world, found),
    }


def _payee(world: World, found: dict[str, Any]) -> str:
    platforms = world.city.platforms
    if "seller_id" in found:
        apps = [app_id for app_id, app in world.alipay_apps.items() if _sells(app, found)]
        agencies = [one.name for one in platforms.agencies if one.alipay_app_id in apps]
        return agencies[0] if len(agencies) == 1 else ""
    merchants = {one.mchid: one.name for one in platforms.wechat_pay.mchids}
    return merchants.get(found["mchid"], "")


def _sells(app: Any, found: dict[str, Any]) -> bool:
    return bool(app.seller_id == found["seller_id"])
