"""What one package does because another says something happened.

These join packages that do not know each other, so they live above both. Each may run twice: a
message is told once by what it is about.
"""

from core.money import yuan
from identity.models import Account
from licences.models import Verification
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


async def tell_of_reused_token(account_id: str, login_id: str) -> None:
    """Whoever is behind the account; nobody, when no person is proved to be."""
    account = await Account.get(id=account_id)
    if account.person_id is not None:
        await send_message(account.person_id, "signed_out_for_safety", about=f"login:{login_id}")
