"""What one package does because another says something happened.

These join packages that do not know each other, so they live above both. Each may run twice: a
message is told once by what it is about.
"""

from app.words import in_chinese
from core.money import yuan
from core.tasks import raise_task
from identity.kinds import Right
from identity.models import Account, ActingGrant, CounterCase, LegalEntity
from identity.session_states import rights_of
from licences.kinds import LicenceStatus
from licences.models import Licence, Verification
from notifications.messages import send_message
from payments.models import Disbursement, FeeOrder


async def tell_payer(order_no: str) -> None:
    order = await FeeOrder.get(order_no=order_no)
    await send_message(
        order.payer_id,
        "fee_paid",
        about=f"fee_order:{order_no}",
        title=order.title,
        amount=yuan(order.amount_fen),
    )


async def tell_payee_to_confirm(disbursement_id: str) -> None:
    payout = await Disbursement.get(id=disbursement_id)
    await send_message(
        payout.payee_id,
        "payout_to_confirm",
        about=f"disbursement:{payout.id}",
        title=payout.purpose,
        amount=yuan(payout.amount_fen),
    )


async def tell_holder_of_second_scan(verification_id: str) -> None:
    verification = await Verification.get(id=verification_id).select_related(
        "licence__licence_type"
    )
    await send_message(
        verification.licence.holder_id,
        "licence_scanned_again",
        about=f"verification:{verification.id}",
        title=verification.licence.licence_type.name,
        organisation=verification.organisation_name,
    )


async def tell_holder_of_expiry(licence_id: str, valid_until: str, days: int) -> None:
    """One message for each step; none for a licence that was renewed or ended meanwhile."""
    licence = await Licence.get(id=licence_id).select_related("licence_type")
    until = licence.valid_until
    if until is None or str(until) != valid_until or licence.status is not LicenceStatus.VALID:
        return
    await send_message(
        licence.holder_id,
        "licence_expires_soon",
        about=f"licence:{licence_id}:{valid_until}:{days}",
        title=licence.licence_type.name,
        until=f"{until.year}年{until.month}月{until.day}日",
        days=str(days),
    )


async def tell_holder_of_status(licence_id: str, status: str, status_on: str) -> None:
    licence = await Licence.get(id=licence_id).select_related("licence_type")
    await send_message(
        licence.holder_id,
        "licence_status_changed",
        about=f"licence:{licence_id}:{status_on}:{status}",
        title=licence.licence_type.name,
        issuer=licence.issuer,
        status=in_chinese(LicenceStatus(status)),
    )


async def tell_holder_of_use(verification_id: str) -> None:
    verification = await Verification.get(id=verification_id).select_related(
        "licence__licence_type"
    )
    await send_message(
        verification.licence.holder_id,
        "licence_used",
        about=f"verification:{verification.id}",
        title=verification.licence.licence_type.name,
        organisation=verification.organisation_name,
        reference=verification.reference_no or "",
    )


async def tell_of_reused_token(account_id: str, login_id: str) -> None:
    """Whoever is behind the account; nobody, when no person is proved to be."""
    account = await Account.get(id=account_id)
    if account.person_id is not None:
        await send_message(account.person_id, "signed_out_for_safety", about=f"login:{login_id}")


async def tell_of_acting(grant_id: str, what: str, change: str) -> None:
    """Both sides of a grant: whoever may act now, and whoever is acted for."""
    grant = await ActingGrant.get(id=grant_id)
    about = f"acting_grant:{change}"
    rights = "、".join(_RIGHTS[right] for right in Right if right in rights_of(grant))
    until = "长期" if grant.until_on is None else f"{grant.until_on:%Y-%m-%d}"
    for party_id, kind in (
        (grant.party_id, f"acting_{what}"),
        (grant.agent_id, f"acting_{what}_agent"),
    ):
        await send_message(party_id, kind, about=about, rights=rights, until=until)


async def tell_of_representative(
    entity_id: str, former_id: str, questioned: int, withdrawn: int, *, department: str
) -> None:
    """The enterprise's inbox, and a person where the former one had let others act."""
    entity = await LegalEntity.get(id=entity_id)
    about = f"representative:{former_id}"
    await send_message(entity.id, "representative_changed", about=about, title=entity.name)
    if questioned or withdrawn:
        await raise_task(
            "identity.agents_questioned",
            department=department,
            subject=f"entity:{entity_id}",
            dedupe_key=f"identity.agents_questioned:{entity_id}:{former_id}",
            questioned=questioned,
            withdrawn=withdrawn,
        )


async def tell_of_counter(case_id: str) -> None:
    case = await CounterCase.get(id=case_id)
    about = f"counter_case:{case_id}"
    await send_message(case.person_id, "counter_opened", about=about, at=case.opened_at)


_RIGHTS = {Right.VIEW: "查看", Right.PAY: "缴费", Right.APPLY: "申请和确认"}
