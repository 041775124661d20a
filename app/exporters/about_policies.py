"""What policies gave the person, and the shared facts they rest on. 政策与数据项"""

from uuid import UUID

from app.exporters.rows import Row, day, moment
from core.clock import date_in_china, now
from core.sealing import Vault
from facts.definitions import load_catalogue
from facts.models import FactValue
from facts.values import collect_facts
from proactive.models import Entitlement


async def entitlements(person_id: UUID, vault: Vault) -> list[Row]:
    found = Entitlement.filter(beneficiary_id=person_id).select_related("version")
    return [
        {
            "政策": row.version.title,
            "期间": row.period,
            "状态": row.status,
            "数额": row.quantity,
            "理由": "；".join(str(reason) for reason in row.reasons),
            "形成时间": moment(row.created_at),
            "确认时间": moment(row.confirmed_at),
            "发放时间": moment(row.paid_at),
        }
        for row in await found.order_by("id")
    ]


async def facts(person_id: UUID, vault: Vault) -> list[Row]:
    """What is in force now, by item and source; that older values are kept is said in a row."""
    at, catalogue = now(), await load_catalogue()
    read = await collect_facts(
        [person_id], list(catalogue), on=date_in_china(at), known_at=at, vault=vault
    )
    rows: list[Row] = [
        {
            "数据项": catalogue[key].name,
            "值": str(reading.value),
            "来源": reading.source,
            "日期": day(reading.as_of),
        }
        for key, reading in sorted(read[person_id].items())
    ]
    kept = await FactValue.filter(party_id=person_id).count()
    return [*rows, {"含历史记录共": kept}]
