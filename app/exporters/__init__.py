"""What each package has about a person, for the copy that the person may have. 个人信息副本

`SECTIONS` is the one registry: a table that names a party, a person or an account is in it, or a
test asks why not. Labels are Chinese, because people read them.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from msgspec import Struct

from app.exporters import about_identity, about_licences, about_money, about_notices, about_policies
from core.sealing import Vault

Rows = Sequence[Mapping[str, str | int | bool | None]]


class Section(Struct, frozen=True):
    """One kind of data: its key in the JSON, its heading for people, and how its rows are read."""

    key: str
    title: str
    read: Callable[[UUID, Vault], Awaitable[Rows]]


SECTIONS: Sequence[Section] = (
    Section("person", "本人", about_identity.person),
    Section("documents", "身份证件", about_identity.documents),
    Section("accounts", "账号", about_identity.accounts),
    Section("phones", "手机号", about_identity.phones),
    Section("logins", "登录记录", about_identity.logins),
    Section("relations", "代办关系", about_identity.relations),
    Section("copies", "个人信息副本", about_identity.copies),
    Section("fees", "缴费", about_money.fees),
    Section("payments", "支付记录", about_money.payments),
    Section("disbursements", "拨付", about_money.disbursements),
    Section("licences", "证照", about_licences.licences),
    Section("verifications", "核验记录", about_licences.verifications),
    Section("messages", "消息", about_notices.messages),
    Section("entitlements", "政策享受", about_policies.entitlements),
    Section("facts", "部门共享的数据项", about_policies.facts),
)
