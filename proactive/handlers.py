"""The jobs of this package: each reads the clock once and calls its verb. Bound in `app.worker`."""

from datetime import date
from uuid import UUID

from core.clock import now
from core.sealing import Vault
from proactive import disbursing, entitlements, matching


async def match_requested(version_id: str, on: str, *, vault: Vault) -> None:
    """`proactive.match_policy`"""
    day = date.fromisoformat(on)
    await matching.match_policy(UUID(version_id), on=day, vault=vault, at=now())


async def notify_requested(entitlement_id: str) -> None:
    """`proactive.notify`"""
    await entitlements.notify_entitlement(UUID(entitlement_id), at=now())


async def disburse_requested(entitlement_id: str, *, vault: Vault) -> None:
    """`proactive.disburse`"""
    await disbursing.disburse_entitlement(UUID(entitlement_id), vault=vault, at=now())


async def pay_waiting_requested(policy_id: str, *, vault: Vault) -> None:
    """`proactive.pay_waiting`"""
    await disbursing.pay_waiting(UUID(policy_id), vault=vault, at=now())


async def disbursement_finished(reference: str, outcome: str) -> None:
    """`proactive.disbursement_finished`"""
    await disbursing.finish_disbursement(reference, outcome, at=now())
