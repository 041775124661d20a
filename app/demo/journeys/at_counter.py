"""An officer sees a document and acts for the person who stands there. 窗口代办"""

from app.demo.cast import Resident, Stage, until
from app.demo.service import Answer, Service, refusal
from core.masking import mask_name

READING = b"%PDF-1.4\n% what the document reader said, signed by the person present\n%%EOF\n"
_PDF, _WRONG_CODE, _OFFICER = "application/pdf", "identity.counter_code_wrong", "窗口工作人员"


async def check_document(stage: Stage, desk: Service, officer: str, person: Resident) -> str:
    """A visit begins with a document, evidence and the register. Returns the case."""
    with stage.show.step(officer, f"读{person.name}的身份证，核对后开始办理") as step:
        evidence = await desk.upload("/operator/v1/counter-cases/evidence", READING, _PDF)
        shown = {"id_number": person.id_number, "document": "reader", "evidence_id": evidence["id"]}
        wrong = desk.post("/operator/v1/counter-cases", shown | {"name": "某某某"})
        step.check("姓名与证件不符不能办", await refusal(wrong), "identity.real_name_mismatch")
        case = await desk.post("/operator/v1/counter-cases", shown | {"name": person.name})
        step.sees(f"{case['name']} {case['id_number']}，半小时内有效")
        step.check("屏幕上姓名已脱敏", case["name"], mask_name(person.name))
    return str(case["id"])


async def prove_account(
    stage: Stage, desk: Service, officer: str, case_id: str, person: Resident
) -> None:
    """Eight figures on the person's phone, typed in by the officer: nothing to fill in."""
    with stage.show.step(person.name, "在手机上取窗口码，给工作人员看") as step:
        shown = await person.service.post("/v1/me/counter-code")
        step.sees(f"窗口码 {shown['code']}")
    with stage.show.step(officer, "输入窗口码，为这个账号完成实名") as step:
        path, asked = f"/operator/v1/counter-cases/{case_id}/account", {"code": shown["code"]}
        await desk.post(path, asked)
        step.check("窗口码只用一次", await refusal(desk.post(path, asked)), _WRONG_CODE)
        me = await person.service.get("/v1/me")
        step.check("手机上已是实名本人", (me["level"], me["name"]), (2, mask_name(person.name)))


async def confirm_for(stage: Stage, desk: Service, officer: str, case_id: str, title: str) -> None:
    """By the person's word; the money goes to the person all the same."""
    path = f"/operator/v1/counter-cases/{case_id}/entitlements"
    with stage.show.step(officer, f"按老人的意思，代为确认「{title}」") as step:

        async def waiting() -> Answer | None:
            rows = (await desk.get(path))["items"]
            offered = (row for row in rows if row["title"] == title)
            return next((row for row in offered if row["status"] == "notified"), None)

        line = await until(waiting)
        confirmed = await desk.post(f"{path}/{line['id']}/confirmation")
        step.sees(f"{confirmed['title']}：{confirmed['amount']}")
        step.check("已确认", confirmed["status"] in {"confirmed", "paying", "paid"}, True)
        await desk.post(f"/operator/v1/counter-cases/{case_id}/ending")
        over = await refusal(desk.get(path))
        step.check("人走了，就不能再替他办", over, "identity.counter_case_ended")


async def person_sees(stage: Stage, person: Resident) -> None:
    with stage.show.step(person.name, "在手机上查看“谁替我办过什么”") as step:
        acts = (await person.service.get("/v1/me/acted-for"))["items"][:4]
        for act in acts:
            step.sees(f"{act['by']}：{act['what']}")
        done = [act["action"] for act in reversed(acts)]
        expected = ["counter.open", "counter.account", "entitlement.confirm", "counter.end"]
        step.check("窗口办的每件事都在", done, expected)
        step.check("都写明是窗口工作人员", {act["by"] for act in acts}, {_OFFICER})
