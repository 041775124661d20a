"""The money of a policy: one conditional update decides, never a reading before it. 预算"""

from uuid import UUID

from tortoise import connections

from core.errors import Conflict
from core.ids import new_id

_RESERVE = """
UPDATE proactive_budget SET reserved_fen = reserved_fen + $2
WHERE policy_id = $1 AND reserved_fen + spent_fen + $2 <= total_fen RETURNING id"""
_SPEND = """
UPDATE proactive_budget SET reserved_fen = reserved_fen - $2, spent_fen = spent_fen + $2
WHERE policy_id = $1 AND reserved_fen >= $2 RETURNING id"""
_RELEASE = """
UPDATE proactive_budget SET reserved_fen = reserved_fen - $2
WHERE policy_id = $1 AND reserved_fen >= $2 RETURNING id"""
_TAKE_BACK = """
UPDATE proactive_budget SET spent_fen = spent_fen - $2
WHERE policy_id = $1 AND spent_fen >= $2 RETURNING id"""
_SET_TOTAL = """
INSERT INTO proactive_budget (id, policy_id, total_fen, reserved_fen, spent_fen)
VALUES ($3, $1, $2, 0, 0)
ON CONFLICT (policy_id) DO UPDATE SET total_fen = excluded.total_fen
WHERE proactive_budget.reserved_fen + proactive_budget.spent_fen <= excluded.total_fen
RETURNING id"""


class BudgetBelowCommitted(Conflict):
    code = "proactive.budget_below_committed"
    message = "预算低于已占用和已支出的金额"


class BudgetOutOfStep(Conflict):
    code = "proactive.budget_out_of_step"
    message = "预算记录与兑付不一致，请联系管理员"


async def reserve(policy_id: UUID, amount_fen: int) -> bool:
    """Set money aside; False when there is not enough left."""
    return await _moved(_RESERVE, policy_id, amount_fen)


async def spend(policy_id: UUID, amount_fen: int) -> None:
    """What was set aside has been paid."""
    await _must_move(_SPEND, policy_id, amount_fen)


async def release(policy_id: UUID, amount_fen: int) -> None:
    """What was set aside is free again."""
    await _must_move(_RELEASE, policy_id, amount_fen)


async def take_back(policy_id: UUID, amount_fen: int) -> None:
    """What was paid has come back."""
    await _must_move(_TAKE_BACK, policy_id, amount_fen)


async def set_total(policy_id: UUID, total_fen: int) -> None:
    """The budget from now on; never less than what is paid and set aside."""
    rows = await connections.get("default").execute_query_dict(
        _SET_TOTAL, [policy_id, total_fen, new_id()]
    )
    if not rows:
        raise BudgetBelowCommitted(policy_id=policy_id)


async def _moved(query: str, policy_id: UUID, amount_fen: int) -> bool:
    rows = await connections.get("default").execute_query_dict(query, [policy_id, amount_fen])
    return bool(rows)


async def _must_move(query: str, policy_id: UUID, amount_fen: int) -> None:
    if not await _moved(query, policy_id, amount_fen):
        raise BudgetOutOfStep(policy_id=policy_id)
