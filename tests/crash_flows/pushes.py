"""An event that WeChat pushes on its way into the ledger. 推送"""

from identity.models import Account
from notifications.models import Consent, PushKey
from notifications.pushes import apply_pushes, keep_pushes
from tests.crash_flows import Flow, Scene
from tests.notifications import make
from tests.notifications.pushing import KEYS, answered, events


class Hearing(Flow):
    """WeChat hears no answer from a process that died, and pushes again."""

    points = ("notifications.after_push_kept", "notifications.before_push_applied")

    async def prepare(self, scene: Scene) -> None:
        await make.caller(scene.vault)

    async def act(self, scene: Scene) -> None:
        account = await Account.get()
        entry = answered("accept", make.FEE_TEMPLATE)
        pushed = events("subscribe_msg_popup_event", entry, FromUserName=account.subject)
        await keep_pushes(KEYS.appid, pushed, at=scene.at)
        await apply_pushes(department=make.DEPARTMENT)

    async def check(self, scene: Scene) -> None:
        assert (await PushKey.get()).outcome == "granted"
        assert (await Consent.get()).granted == 1
