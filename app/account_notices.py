"""What a person is told about their accounts, and what follows when a human settles a conflict.

Each may run twice: a message is told once by what it is about.
"""

from uuid import UUID

from app.providers import Parts
from app.words import in_chinese
from core.models import HumanTask
from core.tasks import TaskOutcome
from identity.joining import settle_claim
from identity.models import Account, LoginDevice
from notifications.messages import send_message


async def tell_of_login(login_id: str) -> None:
    """The person, on all their channels, that somebody signed in on a device they do not know."""
    noted = await LoginDevice.get_or_none(login_id=UUID(login_id)).select_related("account")
    if noted is None or noted.account.person_id is None:
        return
    channel = in_chinese(noted.account.provider)
    await send_message(
        noted.account.person_id,
        "signed_in_elsewhere",
        about=f"login:{login_id}",
        at=noted.signed_in_at,
        device=f"{channel}（{noted.name}）" if noted.name else channel,
    )


async def tell_of_joined(person_id: str, account_id: str) -> None:
    """The person, that a further account proved to be theirs; not of their first."""
    others = Account.filter(person_id=UUID(person_id)).exclude(id=UUID(account_id))
    account = await Account.get(id=UUID(account_id))
    if str(account.person_id) == person_id and await others.exists():
        about = f"account:{account_id}:{account.epoch}"
        await send_message(
            UUID(person_id), "account_joined", about=about, channel=in_chinese(account.provider)
        )


async def tell_of_parted(person_id: str, account_id: str, epoch: int) -> None:
    account = await Account.get(id=UUID(account_id))
    about = f"account:{account_id}:{epoch}"
    await send_message(
        UUID(person_id), "account_parted", about=about, channel=in_chinese(account.provider)
    )


async def task_closed(task_id: str, *, parts: Parts) -> None:
    """What a closed task was about now happens, where its closing has an effect. 办结后续"""
    task = await HumanTask.get(id=UUID(task_id))
    claim_id = task.details.get("claim_id")
    if claim_id is None or task.outcome is None or task.closed_at is None:
        return
    await settle_claim(
        UUID(str(claim_id)),
        TaskOutcome(task.outcome),
        actor=task.assignee or "",
        vault=await parts.vault.get(),
        states=parts.session_states,
        at=task.closed_at,
    )
