"""What is asked of a person for what is at stake most. 高风险操作"""

from datetime import datetime

from identity.callers import Caller
from identity.kinds import Level
from identity.levels import FACE_IS_FRESH
from identity.providers import FaceNotOffered, FaceVerifiers


def require_best_proof(caller: Caller, verifiers: FaceVerifiers, *, at: datetime) -> None:
    """A face shown lately where the caller's app can have one looked at; elsewhere the real name,
    for nobody is kept from their own data because their app has no camera.
    """
    caller.require_level(Level.REAL_NAME)
    try:
        verifiers.of(caller.provider, caller.appid)
    except FaceNotOffered:
        return
    caller.require_fresh_face(within=FACE_IS_FRESH, at=at)
