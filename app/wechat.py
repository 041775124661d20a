"""What speaks to WeChat for each mini-program: sign-in, faces, messages. 微信对接

Each has its own secret, its own access token and its own templates; all of them share one line.
"""

from collections.abc import Callable

import httpx
from msgspec import Struct
from redis.asyncio import Redis

from app.settings import Settings
from identity.providers.wechat import WechatProvider
from identity.providers.wechat_faces import WechatFaces
from identity.providers.wechat_token import WechatToken
from notifications.channels.wechat_subscribe import WechatSubscribe


class WechatAdapters(Struct, frozen=True):
    providers: list[WechatProvider]
    faces: list[WechatFaces]
    messages: WechatSubscribe


def wechat_adapters(
    settings: Settings, open_client: Callable[[str], httpx.AsyncClient], cache: Redis
) -> WechatAdapters:
    client = open_client(settings.wechat.base_url)
    secrets = {app.appid: app.secret.reveal() for app in settings.wechat.apps}
    tokens = {
        appid: WechatToken(client, cache, appid=appid, secret=secret)
        for appid, secret in secrets.items()
    }
    return WechatAdapters(
        providers=[
            WechatProvider(client, appid=appid, secret=secret, token=tokens[appid])
            for appid, secret in secrets.items()
        ],
        faces=[WechatFaces(client, appid=appid, token=token) for appid, token in tokens.items()],
        messages=WechatSubscribe(client, tokens),
    )
