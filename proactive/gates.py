"""The gate of a policy: all that is done in its name passes it, and a halt closes it. 叫停

It is a lock that is taken in turn. A row lock held by many would be handed from one to the next
while a halt waits, and under load the halt would never get it.
"""

from uuid import UUID

from tortoise import connections

from proactive.models import Entitlement

_KEY = "hashtextextended($1::text, 7300002)"
_PASS = f"SELECT pg_advisory_xact_lock_shared({_KEY})"
_CLOSE = f"SELECT pg_advisory_xact_lock({_KEY})"
_OPEN = "SELECT 1 FROM proactive_policy WHERE id = $1 AND halted_at IS NULL"


async def is_open(policy_id: UUID) -> bool:
    """Whether a policy may act, held so until this transaction ends: a halt waits, or is seen."""
    connection = connections.get("default")
    await connection.execute_query_dict(_PASS, [str(policy_id)])
    return bool(await connection.execute_query_dict(_OPEN, [policy_id]))


async def may_send(about: str) -> bool:
    """Whether what was told may be sent now: nothing in the name of a halted policy. (E03)

    Held so until this transaction ends, as by `is_open`.
    """
    kind, _, key = about.partition(":")
    if kind != "entitlement":
        return True
    return await is_open((await Entitlement.get(id=UUID(key))).policy_id)


async def close_gate(policy_id: UUID) -> None:
    """Wait for those who passed, and keep out all others until this transaction ends."""
    await connections.get("default").execute_query_dict(_CLOSE, [str(policy_id)])
