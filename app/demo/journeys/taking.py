"""An agency's program takes a licence under its holder's consent; the holder sees it. 用证"""

from datetime import timedelta

from app.demo.cast import Resident, Stage
from app.demo.keys import ClientKey, kept_private_key, new_private_key
from app.demo.service import Answer, Service, refusal
from core.clock import date_in_china

PROGRAM, LICENCE_TYPE, FIELDS = "real-estate-system", "real-estate", ["name", "number"]
ASSERTED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def register_key(stage: Stage, admin: Service, name: str) -> tuple[ClientKey, str]:
    """The program made a key and shows its public half only; once is enough for ever."""
    private = kept_private_key(stage.folder / "agency-program.pem")
    key = ClientKey(private, address=stage.address, now=stage.now)
    program = next(row for row in stage.city.machines if row.key == PROGRAM)
    with stage.show.step(name, f"登记「{program.name}」的公钥") as step:
        known = (await admin.get("/operator/v1/machine-clients", limit=100))["items"]
        client = next(row for row in known if row["name"] == program.name)
        path = f"/operator/v1/machine-clients/{client['id']}/keys"
        keys = (await admin.get(path, limit=100))["items"]
        if key.thumbprint not in [row["thumbprint"] for row in keys]:
            await admin.post(path, {"jwk": key.jwk})
            keys = (await admin.get(path, limit=100))["items"]
        step.sees(f"公钥指纹 {key.thumbprint[:16]}…；私钥只在那个系统里")
        living = [row["thumbprint"] for row in keys if row["revoked_at"] is None]
        step.check("登记的就是它的公钥", key.thumbprint in living, True)
    return key, str(client["id"])


async def let_in(stage: Stage, key: ClientKey, client_id: str) -> Service:
    """No secret is shared: a signature for a token of ten minutes."""
    program = stage.client()
    with stage.show.step("不动产登记业务系统", "用自己的私钥换取令牌") as step:
        forged = ClientKey(new_private_key(), address=stage.address, now=stage.now)
        asked = {"grant_type": "client_credentials", "client_assertion_type": ASSERTED}
        stranger = asked | {"client_assertion": forged.assertion(client_id)}
        refused = await refusal(program.post_form("/agency/v1/token", stranger))
        step.check("别的私钥换不到", refused, "identity.assertion_refused")
        given = asked | {"client_assertion": key.assertion(client_id)}
        token = await program.post_form("/agency/v1/token", given)
        program.token = token["access_token"]
        me = await program.get("/agency/v1/client")
        step.sees(
            f"{me['organisation_name']}，用途：{me['purpose']}，今日已用 {me['used_today']} 次"
        )
        step.check("权限只有用证", me["scopes"], ["licences:take"])
    return program


async def consent(stage: Stage, holder: Resident, organisation: str) -> tuple[Answer, Answer]:
    """The holder lets one organisation take two fields of one licence until a day."""
    until = date_in_china(stage.now()) + timedelta(days=30)
    with stage.show.step(holder.name, f"授权{organisation}办事时使用不动产权证书") as step:
        wallet = (await holder.service.get("/v1/licences"))["items"]
        card = next(row for row in wallet if row["licence_type"] == LICENCE_TYPE)
        takers = (await holder.service.get(f"/v1/use-consents/takers/{card['id']}"))["items"]
        taker = next(row for row in takers if row["organisation_name"] == organisation)
        asked = {"licence_id": card["id"], "organisation_id": taker["organisation_id"]}
        given = await holder.service.post(
            "/v1/use-consents", asked | {"fields": FIELDS, "until": until.isoformat()}
        )
        step.sees(f"用途：{given['purpose']}；{len(FIELDS)} 项内容，到 {given['until']}")
        step.check("授权有效", given["living"], True)
    return dict(card), dict(given)


async def take(stage: Stage, program: Service, given: Answer) -> str:
    """What the consent names, in clear, for a matter with a number. Returns that number."""
    reference = f"LX-DEMO-{stage.tag}"
    with stage.show.step("不动产登记业务系统", f"为办件 {reference} 调取证照") as step:
        used = await program.post("/agency/v1/licence-uses", _use(given, reference, "1"))
        fields = {field["key"]: field["value"] for field in used["fields"]}
        step.sees(f"{used['licence_name']}：{' / '.join(fields.values())}")
        step.check("只有授权的内容，不脱敏", (sorted(fields), fields["name"]), (FIELDS, "王桂兰"))
        again = await program.post("/agency/v1/licence-uses", _use(given, reference, "1"))
        step.check("应答丢失后重取，结果相同", again, used)
        more = _use(given, reference, "2") | {"fields": ["location"]}
        beyond = await refusal(program.post("/agency/v1/licence-uses", more))
        step.check("授权之外的内容取不到", beyond, "licences.beyond_purpose")
    return reference


async def holder_sees(
    stage: Stage, holder: Resident, card: Answer, given: Answer, reference: str
) -> None:
    with stage.show.step(holder.name, "查看证照使用记录，撤回授权") as step:
        path = f"/v1/licences/{card['id']}/verifications"
        past = (await holder.service.get(path))["items"]
        mine = [row for row in past if row["reference_no"] == reference]
        step.sees(f"{mine[0]['organisation_name']}为办件 {reference} 使用过")
        found = [(row["way"], row["outcome"], row["fields"]) for row in mine]
        step.check("这一办件恰好用过一次", found, [("used", "valid", ["权利人", "证号"])])
        revoked = await holder.service.delete(f"/v1/use-consents/{given['id']}")
        step.check("授权已撤回", revoked["living"], False)


async def nothing_more(stage: Stage, program: Service, given: Answer, reference: str) -> None:
    with stage.show.step("不动产登记业务系统", "撤回之后再取一次") as step:
        asked = _use(given, reference, "3")
        refused = await refusal(program.post("/agency/v1/licence-uses", asked))
        step.sees("没有找到该用证授权")
        step.check("取不到了", refused, "licences.consent_not_found")


def _use(given: Answer, reference: str, number: str) -> Answer:
    return {
        "authority": {"by": "consent", "consent_id": given["id"]},
        "request_id": f"{reference}-{number}",
        "reference_no": reference,
        "licence_type": LICENCE_TYPE,
        "fields": FIELDS,
    }
