"""What is kept for a while only, and then goes. 到期清理"""

from datetime import datetime, timedelta

from tortoise.expressions import F, Subquery

from identity.faces import forget_old_face_checks
from identity.login_devices import forget_devices
from identity.models import RefreshToken, Session
from identity.oidc_sign_in import forget_old_flows
from identity.phone_codes import forget_challenges
from identity.proofs import forget_old_proofs
from identity.refreshing import forget_successors

_BATCH = 1_000
_KEPT_AFTER_END = timedelta(days=1)


async def tidy(*, at: datetime) -> None:
    """Forget successors after 30 s, used codes after two days, codes sent to phones after one,
    tokens a day after their session, faces that did not pass after a month.

    Sessions past their end are marked ended; their rows stay, because audit names them.
    """
    await forget_successors(at=at)
    await forget_old_proofs(at=at)
    await forget_challenges(at=at)
    await forget_devices(at=at)
    await forget_old_face_checks(at=at)
    await forget_old_flows(at=at)
    over = Session.filter(ended_at=None, expires_at__lt=at)
    await over.update(ended_at=F("expires_at"), ended_because="expired")
    old = RefreshToken.filter(session__expires_at__lt=at - _KEPT_AFTER_END).limit(_BATCH)
    await RefreshToken.filter(id__in=Subquery(old.values("id"))).delete()
