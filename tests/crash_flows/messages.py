"""A message on its way out, by a channel that drops no repeats. 消息"""

from tortoise import connections

from core.models import HumanTask
from identity.models import Account
from notifications.channels import Channels, Notice, SendResult, Sent
from notifications.models import Consent, Delivery
from notifications.sending import deliver_due
from tests.crash_flows import Flow, Pages, Scene
from tests.crash_flows.outside import KeptMessages
from tests.fakes.notifications import FakeChannel
from tests.notifications import make

MESSAGES = 3
LEASE_IS_OVER = (
    "UPDATE notifications_delivery SET leased_until = now() - interval '1 second'"
    " WHERE leased_until IS NOT NULL"
)


class Sending(Flow):
    """D01: what may have been sent is unknown and before a person, the rest is sent, once."""

    points = (
        "notifications.after_claim",
        "notifications.before_send",
        "notifications.after_send",
        "notifications.after_mark",
    )

    async def prepare(self, scene: Scene) -> None:
        for _ in range(MESSAGES):
            resident = await make.consenting(scene.vault)
            await make.tell(resident.required_party())

    async def act(self, scene: Scene) -> None:
        book = KeptMessages(scene.outside)

        async def write(notice: Notice) -> SendResult:
            return Sent(book.write(notice.to, scene.at))

        channels = Channels([FakeChannel(write)])
        await deliver_due(channels=channels, department=make.DEPARTMENT, at=scene.at)

    async def pass_time(self) -> None:
        """Leases go by the database's clock."""
        await connections.get("default").execute_query(LEASE_IS_OVER)

    async def check(self, scene: Scene) -> None:
        told = [row["openid"] for row in KeptMessages(scene.outside).rows()]
        unknown = await Delivery.filter(status="unknown").count()
        assert len(told) == len(set(told)) >= MESSAGES - unknown
        assert set(told) <= set(await Account.all().values_list("subject", flat=True))
        assert await Delivery.filter(status="sent").count() == MESSAGES - unknown
        assert await HumanTask.all().count() == unknown
        assert await Consent.filter(spent=1).count() == MESSAGES

    def theirs(self, scene: Scene) -> Pages:
        return {"messages": KeptMessages(scene.outside).rows()}
