import httpx

from identity.verifiers import register_organisation, register_verifier

PASSWORD = "临溪-公交-1180-ferry"


async def sign_in(client: httpx.AsyncClient) -> dict[str, str]:
    organisation = await register_organisation(
        name="临溪公共交通有限公司",
        department="330199-civil-affairs",
        division="330199",
        licence_types=["elder-card"],
        fields=["name"],
        purpose="乘车优待核验",
        actor="system:test",
    )
    await register_verifier(
        organisation_id=organisation.id, login_name="bus-3", password=PASSWORD, actor="system:test"
    )
    body = {"username": "bus-3", "password": PASSWORD}
    reply = await client.post("/agency/v1/sessions", json=body)
    client.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"
    return dict(reply.json())


async def test_a_verifier_signs_in_renews_and_signs_out(client: httpx.AsyncClient) -> None:
    pair = await sign_in(client)
    me = await client.get("/agency/v1/sessions/current")
    assert me.json() == {
        "organisation_name": "临溪公共交通有限公司",
        "purpose": "乘车优待核验",
        "licence_types": ["elder-card"],
        "fields": ["name"],
    }

    renewed = await client.post(
        "/agency/v1/sessions/refresh", json={"refresh_token": pair["refresh_token"]}
    )
    assert renewed.status_code == 200
    assert (await client.delete("/agency/v1/sessions/current")).status_code == 204

    assert (await client.get("/agency/v1/sessions/current")).status_code == 401


async def test_a_verifiers_token_opens_nothing_of_a_residents(client: httpx.AsyncClient) -> None:
    pair = await sign_in(client)

    me = await client.get("/v1/me")
    reply = await client.post("/v1/sessions/refresh", json={"refresh_token": pair["refresh_token"]})

    assert (me.status_code, me.json()["code"]) == (401, "identity.token_refused")
    assert (reply.status_code, reply.json()["code"]) == (401, "identity.refresh_refused")


async def test_a_wrong_password_is_a_plain_refusal(client: httpx.AsyncClient) -> None:
    body = {"username": "nobody", "password": "wrong"}

    reply = await client.post("/agency/v1/sessions", json=body)

    assert (reply.status_code, reply.json()["code"]) == (401, "identity.verifier_sign_in_failed")
