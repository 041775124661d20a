"""The holder's portrait as it leaves with an answer: a small picture inside of it. 照片"""

from base64 import b64encode
from datetime import datetime

from core.files import FileStorage
from core.models import StoredFile
from licences.models import Licence

MAX_BYTES = 64 * 1024


async def inline_portrait(licence: Licence, files: FileStorage, *, at: datetime) -> str | None:
    """As a `data:` address; None where there is none, or one too big to hand around.

    Asks the file storage: not inside a transaction.
    """
    if licence.portrait_id is None:
        return None
    file = await StoredFile.get_or_none(id=licence.portrait_id, expires_at__gt=at)
    if file is None or file.size > MAX_BYTES or not file.media_type.startswith("image/"):
        return None
    content = b"".join([piece async for piece in files.read(file)])
    return f"data:{file.media_type};base64,{b64encode(content).decode()}"
