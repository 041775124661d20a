"""The message templates that the platform granted the city's mini-program. 订阅消息模板"""

from notifications.models import TemplateKind
from notifications.subscriptions import define_template
from seeds.files import City


async def load_templates(city: City) -> int:
    for row in city.templates:
        await define_template(
            row.id,
            provider="wechat",
            appid=city.wechat_appid,
            title=row.title,
            kind=TemplateKind(row.kind),
            keys=row.keys,
        )
    return len(city.templates)
