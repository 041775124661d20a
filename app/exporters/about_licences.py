"""The person's licences, and who checked them. 证照"""

from uuid import UUID

from app.exporters.rows import Row, day, moment
from core.sealing import Vault
from licences.licence_fields import definitions, open_values, show
from licences.models import Licence, Presentation, UseConsent, Verification


async def licences(person_id: UUID, vault: Vault) -> list[Row]:
    found = await Licence.filter(holder_id=person_id).select_related("licence_type").order_by("id")
    return [_licence(row, vault) for row in found]


async def verifications(person_id: UUID, vault: Vault) -> list[Row]:
    checks = await Verification.filter(licence__holder_id=person_id).order_by("id")
    shown = await Presentation.filter(licence__holder_id=person_id).count()
    consents = await UseConsent.filter(licence__holder_id=person_id).count()
    rows: list[Row] = [{"亮证次数": shown, "授权用证次数": consents}]
    return rows + [
        {
            "时间": moment(row.verified_at),
            "核验单位": row.organisation_name,
            "用途": row.purpose,
            "结果": row.outcome,
            "出示的字段": "、".join(row.fields_shown),
        }
        for row in checks
    ]


def _licence(row: Licence, vault: Vault) -> Row:
    fields = show(open_values(row, vault), definitions(row.licence_type), clear=True)
    head: Row = {
        "证照": row.licence_type.name,
        "发证机关": row.issuer,
        "状态": row.status,
        "登记库日期": day(row.registry_date),
    }
    return head | {field.label: field.value for field in fields}
