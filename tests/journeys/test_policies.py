"""免申即享, the first half: written by one, approved by another, and offered with its reasons."""

from identity.models import Party
from notifications.models import Message
from proactive.models import Entitlement
from tests.journeys import books
from tests.journeys.policies import (
    AMOUNT_FEN,
    ELDERS,
    TITLE,
    content,
    offer,
    publish,
    statuses,
    version,
)
from tests.journeys.town import Town
from tests.journeys.world import audited, operator, resident


async def test_a_policy_needs_a_second_person_before_it_reaches_anybody(town: Town) -> None:
    """E01, E02"""
    code, path = "lx-second-person", version("lx-second-person")
    editor, approver = await operator(town, "shenlan"), await operator(town, "xubo")
    publisher = await operator(town, "luming")

    drafted = await editor.put(path, {"content": content()})
    unread = await editor.refusal("PUT", path, {"content": content(budget_fen=1)})
    too_early = await approver.refusal("POST", f"{path}/approvals")
    tried = await editor.post(f"{path}/dry-runs")
    own = await editor.refusal("POST", f"{path}/approvals")
    unapproved = await publisher.refusal("POST", f"{path}/publications")
    approved = await approver.post(f"{path}/approvals")
    by_approver = await approver.refusal("POST", f"{path}/publications")
    nobody_yet = await Entitlement.filter(policy__code=code).count()
    published = await publisher.post(f"{path}/publications")
    await town.work()

    assert (drafted["status"], drafted["revision"]) == ("draft", 1)
    assert unread == (409, "proactive.version_changed")
    assert too_early == (409, "proactive.dry_run_required")
    counted = (tried["eligible"], tried["unknown"], tried["amount_fen"], tried["gained"])
    assert counted == (len(ELDERS), 1, len(ELDERS) * AMOUNT_FEN, len(ELDERS))
    assert own == (403, "proactive.approver_is_editor")
    assert unapproved == (409, "proactive.approval_required")
    assert approved["approved_hash"]
    assert by_approver == (403, "web.role_required")
    assert nobody_yet == 0
    assert (published["status"], published["content_hash"]) == ("published", tried["content_hash"])
    assert await statuses(code) == ["notified"] * len(ELDERS)
    await books.agree(town)


async def test_what_was_approved_is_not_what_was_changed_afterwards(town: Town) -> None:
    """E02"""
    path = version("lx-changed-later")
    editor, approver = await operator(town, "shenlan"), await operator(town, "xubo")
    await editor.put(path, {"content": content()})
    await editor.post(f"{path}/dry-runs")
    await approver.post(f"{path}/approvals")

    richer = content() | {"offer_text": "您可以领取更多。"}
    await editor.put(path, {"content": richer, "revision": 1})
    publisher = await operator(town, "luming")
    refused = await publisher.refusal("POST", f"{path}/publications")

    assert refused == (409, "proactive.approval_required")


async def test_an_offer_says_why_from_whose_word_and_as_of_when(town: Town) -> None:
    wang = await resident(town, "wang-guilan")
    await publish(town, "lx-reasons")

    found = await offer(wang, "lx-reasons")

    assert (found["outcome"], found["status"], found["amount"]) == ("eligible", "notified", "50.00")
    assert (found["amount_fen"], found["deadline_on"]) == (AMOUNT_FEN, "2027-01-21")
    conditions = {row["id"]: row for row in found["explanation"]["conditions"]}
    assert {key: row["holds"] for key, row in conditions.items()} == {
        "alive": True,
        "hukou": True,
        "age": True,
    }
    assert (conditions["age"]["value"], conditions["age"]["as_of"]) == ("1951-03-08", "2026-11-22")
    assert conditions["hukou"]["source"]
    home = await wang.get("/v1/home")
    assert TITLE in [row["title"] for row in home["entitlements"]["top"]]
    about = f"entitlement:{found['id']}"
    told = await Message.filter(about=about).values_list("kind", flat=True)
    assert told == ["entitlement_offered"]


async def test_who_lacks_a_fact_is_told_which_and_who_is_refused_may_ask_why(town: Town) -> None:
    tang, zheng = await resident(town, "tang-guifang"), await resident(town, "zheng-haitao")
    await publish(town, "lx-missing")

    unknown = await offer(tang, "lx-missing")
    yes = f"/v1/entitlements/{unknown['id']}/confirmation"
    too_early = await tang.refusal("POST", yes)
    refused = await zheng.get("/v1/policies/lx-missing/decision")

    assert (unknown["outcome"], unknown["status"]) == ("unknown", "needs_facts")
    assert unknown["explanation"]["needs"]
    assert too_early == (409, "proactive.step_not_allowed")
    assert not await Message.exists(about=f"entitlement:{unknown['id']}")
    conditions = refused["explanation"]["conditions"]
    [failed] = [row for row in conditions if row["holds"] is False]
    assert (refused["outcome"], failed["id"], failed["value"]) == ("refused", "age", "1969-12-05")
    assert failed["hint"]


async def test_who_has_died_is_offered_nothing(town: Town) -> None:
    """E09"""
    await publish(town, "lx-dead")

    dead = await Party.get(person__alive=False)

    assert not await Entitlement.exists(beneficiary_id=dead.id)
    assert not await Message.exists(recipient_id=dead.id)
    assert await Entitlement.filter(policy__code="lx-dead", outcome="eligible").count() == 6


async def test_an_operator_of_another_department_finds_no_such_policy(town: Town) -> None:
    """B25"""
    await publish(town, "lx-elsewhere")
    industry = await operator(town, "sunxiaomei")

    refused = [
        await industry.refusal("GET", version("lx-elsewhere")),
        await industry.refusal("POST", "/operator/v1/policies/lx-elsewhere/halts"),
    ]

    assert refused == [(404, "proactive.policy_not_found")] * 2
    found = await industry.get("/operator/v1/policies")
    assert "lx-elsewhere" not in {row["code"] for row in found["items"]}
    entitlement = await Entitlement.filter(policy__code="lx-elsewhere").first()
    assert not await audited(f"policy:{entitlement.policy_id}")
