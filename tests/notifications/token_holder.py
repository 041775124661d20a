"""A process that holds WeChat's token with others. Each line it reads is whom to send a message."""

import asyncio
import sys

import httpx
from redis.asyncio import Redis

from identity.providers.wechat_token import WechatToken
from notifications.channels import Notice
from notifications.channels.wechat_subscribe import WechatSubscribe


async def main(base_url: str, valkey_url: str, appid: str, secret: str) -> None:
    cache = Redis.from_url(valkey_url)
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, timeout=10) as client:
        token = WechatToken(client, cache, appid=appid, secret=secret)
        channel = WechatSubscribe(client, {appid: token})
        _say("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            values = {"thing1": "高龄津贴"}
            notice = Notice(
                appid=appid,
                to=line.strip(),
                template_id="policy",
                values=values,
                page="pages/index/index",
            )
            _say(repr(await channel.send(notice)))
    await cache.aclose()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
