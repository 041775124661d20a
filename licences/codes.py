"""What stands in a QR, and what is typed when no camera can read it. 用证码"""

import re
from uuid import UUID

from core.errors import Rejected
from core.signing import BadSignature, Signer
from licences.models import Presentation

_CODE = re.compile(r"[A-Za-z0-9_-]{64}\Z")
_FALLBACK = re.compile(r"[0-9]{16}\Z")


class CodeNotGenuine(Rejected):
    code = "licences.code_not_genuine"
    message = "无法识别该二维码"


async def find_presentation(code: str, signer: Signer) -> Presentation:
    """The showing behind a code we made, or behind its number; CodeNotGenuine for anything else."""
    if _FALLBACK.match(code):
        found = Presentation.get_or_none(fallback_no=code)
    elif _CODE.match(code):
        found = Presentation.get_or_none(id=_presentation_id(code, signer))
    else:
        raise CodeNotGenuine()
    presentation = await found.select_related("licence__licence_type")
    if presentation is None:
        raise CodeNotGenuine()
    return presentation


def _presentation_id(code: str, signer: Signer) -> UUID:
    try:
        return UUID(bytes=signer.unsign(code))
    except (BadSignature, ValueError) as error:
        raise CodeNotGenuine() from error
