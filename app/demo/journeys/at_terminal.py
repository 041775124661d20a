"""A device known by its own key: a token copied from it opens nothing elsewhere. 核验终端"""

from app.demo.cast import Resident, Stage
from app.demo.journeys import showing
from app.demo.keys import ClientKey, new_private_key
from app.demo.service import Answer, Service, refusal

VERIFIER = "bus-3"


async def check_at_a_terminal(
    stage: Stage, admin: Service, admin_name: str, holder: Resident
) -> None:
    """A place is opened, a device shows its key, scans, is copied in vain, and is shut out."""
    place, code = await _open_place(stage, admin, admin_name)
    terminal = await _enrol(stage, code)
    _, presented = await showing.show_licence(stage, holder)
    await _scan(stage, terminal, str(presented["code"]))
    await _copy_in_vain(stage, terminal)
    await _shut_out(stage, admin, admin_name, place, terminal)


async def _open_place(stage: Stage, admin: Service, admin_name: str) -> tuple[str, str]:
    verifier = next(row for row in stage.city.verifiers if row.username == VERIFIER)
    with stage.show.step(admin_name, f"为{verifier.organisation_name}登记一台终端") as step:
        known = (await admin.get("/operator/v1/verifier-organisations", limit=100))["items"]
        ours = next(row for row in known if row["name"] == verifier.organisation_name)
        path = f"/operator/v1/verifier-organisations/{ours['id']}/terminals"
        opened = await admin.post(path, {"name": f"演示终端{stage.tag}"})
        step.sees("得到启用码，24 小时内在那台终端上用一次")
    return f"{path}/{opened['terminal_id']}", str(opened["code"])


async def _enrol(stage: Stage, code: str) -> Service:
    terminal = stage.client()
    terminal.device = ClientKey(new_private_key(), address=stage.address, now=stage.now)
    with stage.show.step("车载终端", "生成自己的密钥，用启用码启用，核验员登录") as step:
        enrolled = await terminal.post("/agency/v1/terminals", {"code": code})
        step.sees(f"公钥指纹 {enrolled['thumbprint'][:16]}…")
        again = await refusal(terminal.post("/agency/v1/terminals", {"code": code}))
        step.check("启用码只用一次", again != "", True)
        row = next(row for row in stage.city.verifiers if row.username == VERIFIER)
        asked = {"username": row.username, "password": row.password}
        terminal.token = (await terminal.post("/agency/v1/sessions", asked))["access_token"]
    return terminal


async def _scan(stage: Stage, terminal: Service, code: str) -> None:
    with stage.show.step("车载终端", "扫码核验，请求带终端签名") as step:
        asked = {"code": code, "request_id": f"demo-{stage.tag}-terminal"}
        verified: Answer = await terminal.post("/agency/v1/verifications", asked)
        step.check("证照有效", (verified["outcome"], verified["status"]), ("valid", "valid"))


async def _copy_in_vain(stage: Stage, terminal: Service) -> None:
    with stage.show.step("路人", "拿到了终端的令牌，换一台设备使用") as step:
        thief = stage.client()
        thief.token = terminal.token
        bare = await refusal(thief.get("/agency/v1/sessions/current"))
        thief.device = ClientKey(new_private_key(), address=stage.address, now=stage.now)
        signed = await refusal(thief.get("/agency/v1/sessions/current"))
        step.check("没有签名、别的签名都被拒绝", {bare, signed}, {"identity.proof_refused"})


async def _shut_out(
    stage: Stage, admin: Service, admin_name: str, place: str, terminal: Service
) -> None:
    with stage.show.step(admin_name, "停用这台终端") as step:
        await admin.post(f"{place}/revocation")
        refused = await refusal(terminal.get("/agency/v1/sessions/current"))
        step.check("终端上的登录随即失效", refused, "identity.session_ended")
