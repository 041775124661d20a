"""How often an API may be called in a minute and in a day. 调用频率与额度"""

from datetime import datetime

from sandbox.clock import CHINA
from sandbox.refusals import WechatRefusal
from sandbox.world import World

SEND, CODE = "/cgi-bin/message/subscribe/send", "/wxa/getwxacodeunlimit"
LINKS, SAFETY = "/wxa/generate", "/wxa/msg_sec_check"
TOKEN, STABLE_TOKEN = "/cgi-bin/token", "/cgi-bin/stable_token"
LINK_OPENS = "opens of schemes and links"
MOST = {
    (TOKEN, "day"): 2_000,
    (STABLE_TOKEN, "minute"): 10_000,
    (STABLE_TOKEN, "day"): 500_000,
    (SEND, "day"): 10_000_000,
    (CODE, "minute"): 5_000,
    (LINKS, "day"): 500_000,
    (LINK_OPENS, "day"): 3_000_000,
    (SAFETY, "minute"): 4_000,
    (SAFETY, "day"): 2_000_000,
}
SAYS_45009_ONLY = (CODE, SAFETY)


def spend_call(world: World, api: str, *, subject: str = "") -> None:
    """Count a call, or refuse it. `subject` is whose it is, where each has an own allowance."""
    at = world.clock.now().astimezone(CHINA)
    if _spent(world, api, subject, "minute", at):
        code = 45009 if api in SAYS_45009_ONLY else 45011
        raise WechatRefusal(code, "api minute-quota reach limit, must slower, retry next minute")
    if _spent(world, api, subject, "day", at):
        raise WechatRefusal(45009, "reach max api daily quota limit")


def set_quota(world: World, api: str, period: str, most: int) -> None:
    """Allow so many calls from now on, instead of what the documents say."""
    world.book.write(
        "INSERT INTO wechat_quotas (api, period, most) VALUES (?, ?, ?)"
        " ON CONFLICT (api, period) DO UPDATE SET most = excluded.most",
        api,
        period,
        most,
    )


def _spent(world: World, api: str, subject: str, period: str, at: datetime) -> bool:
    """Whether the allowance of this minute or day was used up before this call."""
    query = "SELECT most FROM wechat_quotas WHERE api = ? AND period = ?"
    row = world.book.row(query, api, period)
    most = row["most"] if row else MOST.get((api, period))
    if most is None:
        return False
    began = at.strftime("%Y-%m-%d %H:%M" if period == "minute" else "%Y-%m-%d")
    counted = world.book.write(
        "INSERT INTO wechat_usage (api, subject, period, began, times)"
        " SELECT :api, :subject, :period, :began, 1 WHERE :most > 0"
        " ON CONFLICT (api, subject, period) DO UPDATE SET"
        " times = CASE WHEN began = excluded.began THEN times + 1 ELSE 1 END,"
        " began = excluded.began WHERE began <> excluded.began OR times < :most",
        api=api,
        subject=subject,
        period=period,
        began=began,
        most=most,
    )
    return counted == 0
