import httpx

from core.clock import now
from identity.machine_clients import add_machine_key, register_machine_client
from identity.models import MachineClient
from identity.terminals import open_terminal
from identity.verifiers import register_organisation, register_verifier
from tests.fakes.devices import DeviceKey

PASSWORD, KEY = "临溪-公交-1180-ferry", DeviceKey()
ASSERTED = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


async def register() -> MachineClient:
    organisation = await register_organisation(
        name="临溪车站",
        department="330199-transport",
        division="330199",
        licence_types=["id-card"],
        fields=["name"],
        purpose="进站核验",
        actor="system:test",
    )
    client = await register_machine_client(
        organisation_id=organisation.id,
        name="临溪闸机",
        scopes=["verifications:write"],
        networks=["127.0.0.0/8"],
        daily_quota=100,
        actor="system:test",
    )
    await add_machine_key(client.id, KEY.jwk, actor="system:test", at=now())
    return client


async def test_a_program_gets_a_token_by_a_form_and_uses_it(client: httpx.AsyncClient) -> None:
    machine = await register()
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": ASSERTED,
        "client_assertion": KEY.assertion(machine.id, at=now()),
    }

    reply = await client.post("/agency/v1/token", data=form)

    given = reply.json()
    assert (reply.status_code, given["token_type"], given["expires_in"]) == (200, "Bearer", 600)
    assert (given["scope"], reply.headers["cache-control"]) == ("verifications:write", "no-store")
    client.headers["Authorization"] = f"Bearer {given['access_token']}"
    me = await client.get("/agency/v1/client")
    assert (me.json()["scopes"], me.json()["used_today"]) == (["verifications:write"], 1)
    assert (await client.get("/agency/v1/sessions/current")).status_code == 401
    assert (await client.get("/v1/me")).status_code == 401


async def test_what_is_no_such_form_is_refused(client: httpx.AsyncClient) -> None:
    machine = await register()
    assertion = KEY.assertion(machine.id, at=now())
    form = f"grant_type=client_credentials&client_assertion_type={ASSERTED}"

    for body in (
        "",
        form,
        f"{form}&client_assertion={assertion}&client_assertion={assertion}",
        f"{form}&client_assertion={assertion}&client_assertion=",
        f"{form}&client_assertion={assertion}&client_secret=x",
        f"{form}&client_assertion={assertion}&client_secret=",
        f"grant_type=password&client_assertion_type={ASSERTED}&client_assertion={assertion}",
    ):
        reply = await client.post("/agency/v1/token", content=body.encode())
        assert (reply.status_code, reply.json()["code"]) == (400, "web.form_invalid")
    forged = f"{form}&client_assertion={DeviceKey().assertion(machine.id, at=now())}"
    reply = await client.post("/agency/v1/token", content=forged.encode())
    assert (reply.status_code, reply.json()["code"]) == (401, "identity.assertion_refused")


async def test_a_terminal_is_enrolled_and_its_session_lives_there_alone(
    client: httpx.AsyncClient,
) -> None:
    organisation_id = (await register()).organisation_id
    await register_verifier(
        organisation_id=organisation_id, login_name="gate", password=PASSWORD, actor="system:test"
    )
    _, code = await open_terminal(organisation_id, "3 号", actor="system:test", at=now())

    def signed(method: str, path: str, token: str | None = None) -> dict[str, str]:
        return {"DPoP": KEY.proof(method, path, at=now(), token=token)}

    here, path = "/agency/v1/sessions/current", "/agency/v1/terminals"
    enrolled = await client.post(path, json={"code": code}, headers=signed("POST", path))
    path = "/agency/v1/sessions"
    body = {"username": "gate", "password": PASSWORD}
    pair = (await client.post(path, json=body, headers=signed("POST", path))).json()
    token = pair["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}

    copied = await client.get(here, headers=bearer)
    at_home = await client.get(here, headers=bearer | signed("GET", here, token))

    assert enrolled.json()["thumbprint"] == KEY.thumbprint
    assert (copied.status_code, copied.json()["code"]) == (401, "identity.proof_refused")
    assert at_home.status_code == 200
    path, again = "/agency/v1/sessions/refresh", {"refresh_token": pair["refresh_token"]}
    assert (await client.post(path, json=again)).status_code == 401
    renewed = await client.post(path, json=again, headers=signed("POST", path))
    assert renewed.status_code == 200
