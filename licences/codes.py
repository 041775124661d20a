"""What stands in a QR, and what is typed when no camera can read it. 用证码"""

import re
from uuid import UUID

from core.errors import Rejected
from core.prepared import Prepared
from core.signing import BadSignature, Signer
from licences.models import Presentation

_CODE = re.compile(r"[A-Za-z0-9_-]{64}\Z")
_FALLBACK = re.compile(r"[0-9]{16}\Z")

_BY_ID = Prepared(
    lambda presentation_id: Presentation.filter(id=presentation_id).select_related(
        "licence__licence_type"
    ),
    UUID,
)
_BY_NUMBER = Prepared(
    lambda number: Presentation.filter(fallback_no=number).select_related("licence__licence_type"),
    str,
)


class CodeNotGenuine(Rejected):
    code = "licences.code_not_genuine"
    message = "无法识别该二维码"


async def find_presentation(code: str, signer: Signer) -> Presentation:
    """The showing behind a code we made, or behind its number; CodeNotGenuine for anything else."""
    if _FALLBACK.match(code):
        presentation = await _BY_NUMBER.first(code)
    elif _CODE.match(code):
        presentation = await _BY_ID.first(_presentation_id(code, signer))
    else:
        raise CodeNotGenuine()
    if presentation is None:
        raise CodeNotGenuine()
    return presentation


def _presentation_id(code: str, signer: Signer) -> UUID:
    try:
        return UUID(bytes=signer.unsign(code))
    except (BadSignature, ValueError) as error:
        raise CodeNotGenuine() from error
