"""wxa/msg_sec_check: whether a text may be shown to others. 文本内容安全识别"""

import secrets
from datetime import timedelta
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from sandbox.clock import stamp
from sandbox.refusals import WechatRefusal
from sandbox.world import World

SEEN_WITHIN = timedelta(hours=2)
VERDICTS = {"违规测试": ("risky", 20006), "复核测试": ("review", 21000)}
HARMLESS = ("pass", 100)


class TextRequest(Struct):
    version: Literal[2]
    openid: str
    scene: Literal[1, 2, 3, 4]
    content: Annotated[str, Meta(min_length=1, max_length=2500)]
    nickname: str = ""
    title: str = ""
    signature: str = ""


def check_text(world: World, appid: str, asked: TextRequest) -> dict[str, Any]:
    """A verdict on the text. Here two words decide, so that each verdict can be had."""
    seen = world.book.row(
        "SELECT 1 AS found FROM logins WHERE appid = ? AND subject = ? AND used_at > ?",
        appid,
        asked.openid,
        stamp(world.clock.now() - SEEN_WITHIN),
    )
    if seen is None:
        raise WechatRefusal(61010, "code is expired")
    texts = f"{asked.content}\n{asked.title}\n{asked.nickname}\n{asked.signature}"
    found = next((VERDICTS[word] for word in VERDICTS if word in texts), HARMLESS)
    result = {"suggest": found[0], "label": found[1]}
    detail = {"strategy": "content_model", "errcode": 0, **result, "prob": 90}
    return {"result": result, "detail": [detail], "trace_id": secrets.token_hex(16)}
