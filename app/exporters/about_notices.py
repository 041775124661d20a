"""What the person was told. 消息"""

from uuid import UUID

from app.exporters.rows import Row, moment
from core.sealing import Vault
from notifications.models import Message


async def messages(person_id: UUID, vault: Vault) -> list[Row]:
    rows = await Message.filter(recipient_id=person_id).order_by("id")
    return [
        {
            "时间": moment(row.created_at),
            "标题": row.title,
            "内容": row.text,
            "阅读时间": moment(row.read_at),
        }
        for row in rows
    ]
