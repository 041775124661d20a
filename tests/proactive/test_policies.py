import asyncio
from copy import deepcopy

import pytest

from core.models import AuditEntry
from proactive.models import PolicyVersion
from proactive.policies import (
    CodeTaken,
    DatesReversed,
    OutOfScope,
    PaidNeedsMoney,
    PolicyNotFound,
    VersionChanged,
    VersionOutOfOrder,
    find_policies,
    get_version,
)
from proactive.rules.refusals import RuleUnknownOperator
from tests.proactive import make
from tests.proactive.documents import policy_codes

pytestmark = pytest.mark.usefixtures("city")


@pytest.mark.parametrize("code", policy_codes())
async def test_every_policy_of_the_city_can_be_drafted(code: str) -> None:
    version = await make.draft(code)

    assert (version.revision, version.number) == (1, 1)
    assert await AuditEntry.filter(action="policy.draft").count() == 1


async def test_the_same_content_again_changes_nothing() -> None:
    first = await make.draft()

    again = await make.draft()

    assert (again.id, again.revision, again.content_hash) == (first.id, 1, first.content_hash)


async def test_of_two_who_edit_one_revision_the_second_is_told_what_changed() -> None:
    """F06"""
    await make.draft()

    answers = await asyncio.gather(
        make.draft(title="甲", revision=1),
        make.draft(title="乙", revision=1),
        return_exceptions=True,
    )

    refused = [answer for answer in answers if isinstance(answer, VersionChanged)]
    assert len(refused) == 1
    assert refused[0].details() == {"revision": 2, "changed": ["title"]}
    assert (await PolicyVersion.get()).revision == 2


async def test_a_rule_that_is_none_is_refused_at_save_with_its_place() -> None:
    """E07"""
    document = deepcopy(make.content().document)
    document["rule"]["of"][2]["op"] = "**"

    with pytest.raises(RuleUnknownOperator) as refused:
        await make.draft(document=document)

    assert refused.value.details()["position"] == "rule.of[2].op"
    assert await PolicyVersion.all().count() == 0


async def test_a_policy_lies_within_its_operators_division_and_its_own_dates() -> None:
    with pytest.raises(OutOfScope):
        await make.draft(division="3301")
    with pytest.raises(DatesReversed):
        await make.draft(valid_to="2020-01-01")
    with pytest.raises(PaidNeedsMoney):
        await make.draft(budget_fen=None)
    with pytest.raises(VersionOutOfOrder):
        await make.draft(number=2)


async def test_another_departments_policy_is_not_found_and_its_code_is_taken() -> None:
    await make.draft()
    elsewhere = make.operator("editor", department="330199-industry")
    deeper = make.operator("editor", division="330199001")

    for stranger in (elsewhere, deeper):
        with pytest.raises(PolicyNotFound):
            await get_version("sh-elder", 1, operator=stranger)
        assert await find_policies(stranger) == []
    with pytest.raises(CodeTaken):
        await make.draft(editor=elsewhere)
