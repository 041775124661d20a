"""Policies and their versions: drafted, revised, found within an operator's scope. 政策起草"""

from collections.abc import Mapping
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from core import audit
from core.errors import Conflict, NotFound, Rejected
from core.lines import Line, OptionalLine
from facts.definitions import load_catalogue
from identity.callers import OperatorCaller
from proactive.kinds import Delivery, Mode, VersionStatus
from proactive.models import Policy, PolicyVersion
from proactive.rules.reading import read_rule

Code = Annotated[str, Meta(pattern=r"\A[a-z0-9][a-z0-9-]{0,31}\Z")]
Fen = Annotated[int, Meta(ge=0, le=10**13)]


class PolicyNotFound(NotFound):
    code = "proactive.policy_not_found"
    message = "没有找到该政策"


class VersionNotFound(NotFound):
    code = "proactive.version_not_found"
    message = "没有找到该政策版本"


class CodeTaken(Conflict):
    code = "proactive.code_taken"
    message = "该政策编号已被使用"


class OutOfScope(Rejected):
    code = "proactive.division_out_of_scope"
    message = "政策的适用区划超出您的管辖范围"


class VersionOutOfOrder(Conflict):
    code = "proactive.version_out_of_order"
    message = "请按顺序起草下一个版本"
    shown = ("next",)


class VersionChanged(Conflict):
    code = "proactive.version_changed"
    message = "该版本已被他人修改，请查看最新内容后再保存"
    shown = ("revision", "changed")


class VersionIsFixed(Conflict):
    code = "proactive.version_is_fixed"
    message = "已发布的版本不能修改，请起草新版本"


class DatesReversed(Rejected):
    code = "proactive.dates_reversed"
    message = "政策的结束日期早于开始日期"


class PaidNeedsMoney(Rejected):
    code = "proactive.paid_needs_money"
    message = "由本平台兑付的政策须以金额计算并有预算"


class PolicyContent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All that a version says, as an operator sends it. What its hash covers."""

    title: Annotated[Line, Meta(min_length=1, max_length=64)]
    division: Annotated[str, Meta(pattern=r"\A[0-9]{2,12}\Z")]
    mode: Mode
    delivery: Delivery
    document: dict[str, Any]
    legal_basis: Annotated[Line, Meta(min_length=1, max_length=256)]
    source: Annotated[OptionalLine, Meta(max_length=256)] = ""
    valid_from: date
    valid_to: date | None = None
    budget_fen: Fen | None = None
    offer_text: Annotated[Line, Meta(min_length=1, max_length=60)]
    benefit: Code | None = None
    confirm_days: Annotated[int, Meta(ge=1, le=366)] = 60


async def draft_policy(
    code: str,
    number: int,
    content: PolicyContent,
    *,
    operator: OperatorCaller,
    revision: int | None,
    at: datetime,
) -> PolicyVersion:
    """Write a version down, or revise the draft that is there. 起草

    The same content again changes nothing. Other content needs the `revision` that was read, so
    that of two editors the second is told. Any change ends what was approved.
    """
    content = await _checked(content, operator)
    async with in_transaction():
        policy = await _policy_for(code, content, operator, at)
        version = await PolicyVersion.get_or_none(policy_id=policy.id, number=number)
        if version is None:
            return await _first_revision(policy, number, content, operator, at)
        mine = _columns(policy, content)
        if version.content_hash == mine["content_hash"]:
            return version
        _check_revisable(version, mine, revision)
        version.revision += 1
        version.edited_by = sorted({*version.edited_by, *map(str, operator.persons())})
        await version.update_from_dict(mine | {"edited_at": at}).save()
        await _audit(operator, "policy.revise", version)
    return version


async def find_policies(operator: OperatorCaller) -> list[Policy]:
    """The policies of the operator's department and division."""
    return await scoped(operator).order_by("code").prefetch_related("versions")


def scoped(operator: OperatorCaller) -> QuerySet[Policy]:
    return Policy.filter(department=operator.department, division__startswith=operator.division)


async def get_policy(code: str, *, operator: OperatorCaller) -> Policy:
    policy = await scoped(operator).get_or_none(code=code)
    if policy is None:
        raise PolicyNotFound(code=code)
    return policy


async def lock_policy(code: str, *, operator: OperatorCaller) -> Policy:
    policy = await scoped(operator).select_for_update().get_or_none(code=code)
    if policy is None:
        raise PolicyNotFound(code=code)
    return policy


async def get_version(code: str, number: int, *, operator: OperatorCaller) -> PolicyVersion:
    policy = await get_policy(code, operator=operator)
    version = await PolicyVersion.get_or_none(policy_id=policy.id, number=number)
    if version is None:
        raise VersionNotFound(policy_id=policy.id, number=number)
    version.policy = policy
    return version


async def find_published(policy_id: UUID) -> PolicyVersion | None:
    """The version in force, if any."""
    return await PolicyVersion.get_or_none(policy_id=policy_id, status=VersionStatus.PUBLISHED)


async def _checked(content: PolicyContent, operator: OperatorCaller) -> PolicyContent:
    if not content.division.startswith(operator.division):
        raise OutOfScope(division=content.division)
    if content.valid_to is not None and content.valid_to < content.valid_from:
        raise DatesReversed()
    plain = msgspec.to_builtins(content.document)
    rule = read_rule(plain, await load_catalogue())
    if content.delivery is Delivery.PAID and (
        rule.document.unit.of != "fen" or content.budget_fen is None
    ):
        raise PaidNeedsMoney()
    return msgspec.structs.replace(content, document=plain)


async def _policy_for(
    code: str, content: PolicyContent, operator: OperatorCaller, at: datetime
) -> Policy:
    mine = Policy(
        code=code, department=operator.department, division=content.division, created_at=at
    )
    await Policy.bulk_create([mine], ignore_conflicts=True)
    policy = await Policy.select_for_update().get(code=code)
    if (policy.department, policy.division) != (operator.department, content.division):
        raise CodeTaken(code=code)
    return policy


async def _first_revision(
    policy: Policy, number: int, content: PolicyContent, operator: OperatorCaller, at: datetime
) -> PolicyVersion:
    count = await PolicyVersion.filter(policy_id=policy.id).count()
    if number != count + 1:
        raise VersionOutOfOrder(policy_id=policy.id, next=count + 1)
    version = await PolicyVersion.create(
        policy_id=policy.id,
        number=number,
        edited_by=sorted(map(str, operator.persons())),
        edited_at=at,
        **_columns(policy, content),
    )
    await _audit(operator, "policy.draft", version)
    return version


def _check_revisable(version: PolicyVersion, mine: Mapping[str, Any], revision: int | None) -> None:
    if version.status is not VersionStatus.DRAFT:
        raise VersionIsFixed(version_id=version.id)
    if revision != version.revision:
        changed = sorted(key for key, value in mine.items() if getattr(version, key) != value)
        changed.remove("content_hash")
        raise VersionChanged(version_id=version.id, revision=version.revision, changed=changed)


def _columns(policy: Policy, content: PolicyContent) -> dict[str, Any]:
    columns = msgspec.structs.asdict(content)
    columns["benefit"] = content.benefit or policy.code
    del columns["division"]
    bound = columns | {"department": policy.department, "division": policy.division}
    text = msgspec.json.encode(bound, order="deterministic")
    return columns | {"content_hash": sha256(text).hexdigest()}


async def _audit(operator: OperatorCaller, action: str, version: PolicyVersion) -> None:
    await audit.record(
        operator.actor(),
        action,
        f"policy_version:{version.id}",
        revision=version.revision,
        content_hash=version.content_hash,
    )
