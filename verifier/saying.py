"""What the tool says, in Chinese: first the verdict, then what was shown, then how sure that is."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from verifier.status_list import StatusList

CHINA = timezone(timedelta(hours=8))
GREEN, RED, YELLOW = 32, 31, 33

OFFLINE = "离线核验，不能防重复：同一个码可能已在别处出示"
NO_PORTRAIT = "无照片，请核对身份证"

REASONS = {
    "not_genuine": "不是本地签发的码，或内容被改动",
    "tampered": "出示的字段被改动，或不是发证时的字段",
    "not_bound": "没有持证人本人的签名",
    "other_audience": "不是出示给本核验方的",
    "other_nonce": "不是对这一次请求的应答",
    "binding_old": "持证人的签名已过时，请重新出示",
    "code_expired": "离线码已过期，请持证人联网刷新后再出示",
    "credential_expired": "凭证已到期",
    "suspended": "证照已暂扣",
    "revoked": "证照已注销，或凭证已收回",
    "licence_expired": "证照已过有效期",
    "unknown_key": "签发公钥不在本机：请联网同步后再试；仍不行即为伪造",
    "clock_behind": "本机时钟慢了，或对方时间不对：请校准时间",
    "list_expired": "本机的状态名单已失效，请联网同步",
    "no_list": "本机没有这张证照的状态名单，请联网同步",
    "never_synced": "本机还没有同步过，请先联网运行 sync",
}


class Printer:
    """Writes lines, in colour where a person looks on. What was shown may say what it likes: it
    draws nothing but letters, so that it cannot paint another verdict over ours.
    """

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour
        self.lines: list[str] = []

    def verdict(self, word: str, colour: int) -> None:
        word = _letters(word)
        self.lines.append(f"\x1b[1;{colour}m{word}\x1b[0m" if self._colour else word)

    def say(self, text: str) -> None:
        self.lines.append(_letters(text))

    def show(self, fields: Sequence[tuple[str, str]]) -> None:
        self.lines += [_letters(f"  {label}：{value}") for label, value in fields]


def say_freshness(printer: Printer, listed: StatusList, *, at: float) -> None:
    """Of when the list is that was asked, and whether a newer one should be fetched."""
    age = max(0, int(at - listed.issued))
    printer.say(f"状态名单：{moment(listed.issued)} 的（{_span(age)}前）")
    if age > listed.ttl:
        printer.say("  名单已有更新的，请尽快联网同步；此后的暂扣和注销本机还不知道")


def moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, CHINA):%Y-%m-%d %H:%M}"


def _letters(text: str) -> str:
    """Without line ends, escapes and what turns the direction of writing."""
    return "".join(each if each.isprintable() or each == "\u3000" else "\ufffd" for each in text)


def _span(seconds: int) -> str:
    if seconds < 3600:
        return f"{seconds // 60} 分钟"
    return f"{seconds // 3600} 小时"
