"""Departments that collect, and what is owed to them when the city opens. 执收单位与缴费单"""

from datetime import datetime

from core.money import Fen
from payments.orders import issue_fee, register_agency
from seeds.files import City
from seeds.registers import ACTOR, Parties


async def load_agencies(city: City) -> int:
    for row in city.merchants:
        await register_agency(
            row.department,
            division=city.agency(row.department).division,
            name=row.name,
            wechat_mchid=row.mchid,
            alipay_app_id=row.alipay_app_id,
        )
    return len(city.merchants)


async def load_fees(city: City, parties: Parties, *, at: datetime) -> int:
    for row in city.fees:
        agency, item = city.fee_item(row.item)
        await issue_fee(
            agency.department,
            row.client_id,
            payer_id=parties[row.payer],
            title=item.title,
            amount_fen=Fen(row.amount_fen),
            actor=ACTOR,
            at=at,
        )
    return len(city.fees)
