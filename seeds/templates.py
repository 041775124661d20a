"""The message templates that the platform granted the city's mini-programs. 订阅消息模板"""

from notifications.models import TemplateKind
from notifications.subscriptions import define_template
from seeds.files import City


async def load_templates(city: City) -> int:
    for appid, rows in city.wechat_templates.items():
        for row in rows:
            await define_template(
                row.id,
                provider="wechat",
                appid=appid,
                title=row.title,
                kind=TemplateKind(row.kind),
                keys=row.keys,
            )
    return sum(map(len, city.wechat_templates.values()))
