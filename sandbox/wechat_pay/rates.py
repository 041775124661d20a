"""How often a merchant may call in a second. Wrong refunds are taken far less often. 调用频率"""

from sandbox.clock import CHINA
from sandbox.refusals import PayRefusal
from sandbox.world import World

PREPAY, REFUND, FAULTY_REFUND = "prepay", "refund", "faulty refund"
TRANSFER, CANCEL = "transfer", "cancel transfer"
MOST = {PREPAY: 500, REFUND: 150, FAULTY_REFUND: 6, TRANSFER: 100, CANCEL: 20}
OF_TRANSFERS = (TRANSFER, CANCEL)


def spend_call(world: World, mchid: str, api: str) -> None:
    """Count a call of this second, or refuse it."""
    if not _count(world, mchid, api, 1):
        code = "FREQUENCY_LIMIT_EXCEED" if api in OF_TRANSFERS else "FREQUENCY_LIMITED"
        raise PayRefusal(429, code, "请求频率超过限制，请降低频率后重试")


def check_faults(world: World, mchid: str) -> None:
    """Refuse a refund when too many wrong ones came in this second."""
    if not _count(world, mchid, FAULTY_REFUND, 0):
        raise PayRefusal(429, "FREQUENCY_LIMITED", "错误的退款请求频率超过限制")


def note_fault(world: World, mchid: str) -> None:
    _count(world, mchid, FAULTY_REFUND, 1)


def set_rate(world: World, api: str, per_second: int) -> None:
    """Allow so many from now on, instead of what the documents say."""
    name = f"wechat_pay_rate {api}"
    write = "INSERT OR REPLACE INTO switches (name, value) VALUES (?, ?)"
    world.book.write(write, name, str(per_second))


def _count(world: World, mchid: str, api: str, calls: int) -> bool:
    """Add calls to this second's; False when there is no room. More fit where time runs faster."""
    query = "SELECT value FROM switches WHERE name = ?"
    row = world.book.row(query, f"wechat_pay_rate {api}")
    most = (int(row["value"]) if row else MOST[api]) * max(world.time_scale, 1)
    began = world.clock.now().astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")
    known = world.book.row(
        "SELECT times FROM wechat_pay_usage WHERE mchid = ? AND api = ? AND began = ?",
        mchid,
        api,
        began,
    )
    times = known["times"] if known else 0
    if times >= most:
        return False
    world.book.write(
        "INSERT OR REPLACE INTO wechat_pay_usage (mchid, api, began, times) VALUES (?, ?, ?, ?)",
        mchid,
        api,
        began,
        times + calls,
    )
    return True
