"""The number on a resident identity card, GB 11643. 公民身份号码"""

from datetime import date

from msgspec import Struct
from stdnum.cn import ric
from stdnum.exceptions import ValidationError

from core.errors import Rejected
from identity.kinds import Sex

_OLD_LENGTH, _LENGTH = 15, 18


class IdNumberInvalid(Rejected):
    code = "identity.id_number_invalid"
    message = "身份证号码有误，请核对后重新填写"


class IdNumber(Struct, frozen=True):
    """A number of eighteen characters whose check character and day of birth are right."""

    text: str
    birth_date: date
    sex: Sex

    def __repr__(self) -> str:
        return "IdNumber(…)"


def read_id_number(text: str) -> IdNumber:
    """One form for one person: a number of the first generation (15 figures) gets its 18.

    Whether the place code is known is not asked: counties come and go, numbers stay.
    """
    number = "".join(text.split()).upper()
    if not number.isascii() or len(number) not in (_OLD_LENGTH, _LENGTH):
        raise IdNumberInvalid()
    body = number[:6] + "19" + number[6:] if len(number) == _OLD_LENGTH else number[:-1]
    if not body.isdigit():
        raise IdNumberInvalid()
    check = ric.calc_check_digit(body + "0")
    if len(number) == _LENGTH and number[-1] != check:
        raise IdNumberInvalid()
    try:
        birth_date = ric.get_birth_date(body + check)
    except ValidationError as error:
        raise IdNumberInvalid() from error
    return IdNumber(body + check, birth_date, Sex.MALE if int(body[16]) % 2 else Sex.FEMALE)
