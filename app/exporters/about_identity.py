"""Who the person is here, and how they signed in. 身份"""

from uuid import UUID

from app.exporters.rows import Row, day, moment
from core.sealing import Place, Vault
from identity import persons
from identity.documents import list_documents
from identity.models import (
    Account,
    ActingGrant,
    DataExport,
    FaceCheck,
    LoginDevice,
    PhoneContact,
    Session,
)


async def person(person_id: UUID, vault: Vault) -> list[Row]:
    row = await persons.get_person(person_id)
    return [
        {
            "姓名": await persons.full_name(person_id, vault=vault),
            "出生日期": day(row.birth_date),
            "性别": "男" if row.sex == "male" else "女",
            "区划": row.division,
            "实名状态": row.real_name_status,
            "最近一次核对": moment(row.real_name_at),
            "登记时间": moment(row.created_at),
        }
    ]


async def documents(person_id: UUID, vault: Vault) -> list[Row]:
    found = await list_documents(person_id, vault=vault, whole=True)
    return [
        {
            "证件类型": one.document_type,
            "号码": one.number,
            "核对日期": day(one.verified_on),
        }
        for one in found
    ]


async def accounts(person_id: UUID, vault: Vault) -> list[Row]:
    rows = await Account.filter(person_id=person_id).order_by("id")
    faces = await FaceCheck.filter(person_id=person_id).count()
    return [
        {
            "渠道": row.provider,
            "小程序": row.appid,
            "平台用户标识": row.subject,
            "认证等级": row.level,
            "长辈版": row.elder_mode,
            "语言": row.language,
            "开通时间": moment(row.created_at),
            "人脸核验次数": faces,
        }
        for row in rows
    ]


async def phones(person_id: UUID, vault: Vault) -> list[Row]:
    rows = await PhoneContact.filter(account__person_id=person_id).order_by("id")
    return [
        {
            "手机号": vault.open(
                Place("identity_phone_contact", "phone_sealed", row.id), row.phone_sealed
            ),
            "验证时间": moment(row.verified_at),
            "失效时间": moment(row.ended_at),
        }
        for row in rows
    ]


async def logins(person_id: UUID, vault: Vault) -> list[Row]:
    rows = await Session.filter(account__person_id=person_id).order_by("-id").limit(1_000)
    devices = await LoginDevice.in_bulk([row.id for row in rows], "login_id")
    return [
        {
            "登录时间": moment(row.created_at),
            "退出时间": moment(row.ended_at),
            "设备": devices[row.id].name if row.id in devices else "",
            "最近使用": moment(devices[row.id].seen_at) if row.id in devices else None,
        }
        for row in rows
    ]


async def relations(person_id: UUID, vault: Vault) -> list[Row]:
    held = await ActingGrant.filter(agent_id=person_id).order_by("id")
    given = await ActingGrant.filter(party_id=person_id).order_by("id")
    rows = [("我替他人办", grant) for grant in held] + [("他人替我办", grant) for grant in given]
    return [
        {
            "方向": direction,
            "关系": grant.kind,
            "权限": grant.scope,
            "起": day(grant.from_on),
            "止": day(grant.until_on),
            "撤销时间": moment(grant.revoked_at),
        }
        for direction, grant in rows
    ]


async def copies(person_id: UUID, vault: Vault) -> list[Row]:
    rows = await DataExport.filter(person_id=person_id).order_by("id")
    return [{"申请时间": moment(row.requested_at), "状态": row.status} for row in rows]
