"""Face verification 2.0: a number, a look into the camera, and what came of it. 人脸核身

Newer pages name the result 10000 and those from 90001 on. 10003 to 10005 are of older pages, and
the errcodes of wrong calls are general ones: rely on nothing but 10000.
"""

import secrets
from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Literal

from msgspec import Meta, Struct

from sandbox.city import Person
from sandbox.clock import moment, stamp
from sandbox.crypto import is_same
from sandbox.refusals import PhoneRefusal, WechatRefusal
from sandbox.world import World

LIVES = timedelta(hours=1)
PASSED, NO_SUCH_CERTIFICATE, ANOTHER_FACE, NOT_YET = 10000, 10003, 10004, 10005
TOO_LATE = 90017
Look = Literal[
    "own", "named", "another", "cancel", "unsupported", "offline", "no_camera", "timeout", "system"
]
ENDS_WITHOUT_A_FACE = {
    "cancel": 90002,
    "unsupported": 90001,
    "offline": 90007,
    "no_camera": 90008,
    "timeout": TOO_LATE,
    "system": 90018,
}


class CertInfo(Struct, forbid_unknown_fields=True):
    cert_type: Literal["IDENTITY_CARD"]
    cert_name: Annotated[str, Meta(min_length=1)]
    cert_no: Annotated[str, Meta(min_length=1)]


class VerifyRequest(Struct, forbid_unknown_fields=True):
    out_seq_no: Annotated[str, Meta(pattern=r"\A[0-9A-Za-z_-]{5,32}\Z")]
    cert_info: CertInfo
    openid: str


class ResultRequest(Struct, forbid_unknown_fields=True):
    verify_id: str
    out_seq_no: str
    cert_hash: str
    openid: str


class Verification(Struct, frozen=True):
    """One row of wechat_faces."""

    verify_id: str
    appid: str
    out_seq_no: str
    openid: str
    cert_name: str
    cert_no: str
    made_at: str
    verify_ret: int | None = None


def begin_verification(world: World, appid: str, asked: VerifyRequest) -> dict[str, object]:
    """A verify_id for this person's phone. Each out_seq_no is good for one."""
    if world.identities.person(appid, asked.openid) is None:
        raise WechatRefusal(40003, "invalid openid")
    verify_id = secrets.token_urlsafe(96)
    begun = world.book.write(
        "INSERT OR IGNORE INTO wechat_faces (verify_id, appid, out_seq_no, openid, cert_name,"
        " cert_no, made_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        verify_id,
        appid,
        asked.out_seq_no,
        asked.openid,
        asked.cert_info.cert_name,
        asked.cert_info.cert_no,
        stamp(world.clock.now()),
    )
    if not begun:
        raise WechatRefusal(40097, "invalid args: out_seq_no has been used")
    return {"verify_id": verify_id, "expires_in": int(LIVES.total_seconds())}


def show_face(world: World, person: Person, appid: str, verify_id: str, look: Look) -> int:
    """What wx.requestFacialVerify comes to on this phone: the code the server will be told too."""
    found = _find(world, verify_id)
    if found is None or found.openid != world.identities.openid(person, appid):
        raise PhoneRefusal("requestFacialVerify:fail invalid verifyId")
    if found.verify_ret == PASSED:
        return PASSED
    result = _result(world, found, person, look)
    world.book.write(
        "UPDATE wechat_faces SET verify_ret = ?, shown_at = ? WHERE verify_id = ?",
        result,
        stamp(world.clock.now()),
        verify_id,
    )
    return result


def verification_result(world: World, appid: str, asked: ResultRequest) -> int:
    """What came of it, told only to whoever still knows whom it was about."""
    found = _find(world, asked.verify_id)
    if found is None or found.appid != appid:
        raise WechatRefusal(40097, "invalid args: verify_id")
    world.book.write(
        "UPDATE wechat_faces SET queries = queries + 1 WHERE verify_id = ?", found.verify_id
    )
    if (found.out_seq_no, found.openid) != (asked.out_seq_no, asked.openid):
        raise WechatRefusal(40097, "invalid args: out_seq_no or openid")
    if not is_same(asked.cert_hash, cert_hash(found.cert_name, found.cert_no)):
        raise WechatRefusal(40097, "invalid args: cert_hash")
    if found.verify_ret is not None:
        return found.verify_ret
    return TOO_LATE if _is_late(world, found) else NOT_YET


def cert_hash(name: str, number: str) -> str:
    parts = {"cert_type": "IDENTITY_CARD", "cert_name": name, "cert_no": number}
    told = [f"{key}={b64encode(value.encode()).decode()}" for key, value in parts.items()]
    return sha256("&".join(told).encode()).hexdigest()


def _find(world: World, verify_id: str) -> Verification | None:
    query = "SELECT * FROM wechat_faces WHERE verify_id = ?"
    return world.book.find(Verification, query, verify_id)


def _result(world: World, found: Verification, person: Person, look: Look) -> int:
    if look in ENDS_WITHOUT_A_FACE:
        return ENDS_WITHOUT_A_FACE[look]
    if _is_late(world, found):
        return TOO_LATE
    named = world.city.person_with_id_number(found.cert_no)
    if named is None or named.name != found.cert_name:
        return NO_SUCH_CERTIFICATE
    is_named = look == "named" or (look == "own" and named.key == person.key)
    return PASSED if is_named else ANOTHER_FACE


def _is_late(world: World, found: Verification) -> bool:
    return world.clock.now() - moment(found.made_at) > LIVES
