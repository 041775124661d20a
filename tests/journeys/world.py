"""Who plays in the journeys: each has a client of the product, residents also a phone."""

from typing import Any, Literal
from uuid import UUID, uuid4

import httpx
import pyotp
from tortoise import connections

from core.clock import now
from tests.journeys.town import Town

Provider = Literal["wechat", "alipay"]
Reply = dict[str, Any]
REAL_NAME = 2


class Actor:
    """Somebody with a client of the product."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.http = town.client()

    async def get(self, path: str, **query: str | int) -> Any:
        return _answer(await self.http.get(path, params=query))

    async def post(self, path: str, body: object = None) -> Any:
        return _answer(await self.http.post(path, **json_of(body)))

    async def put(self, path: str, body: object = None) -> Any:
        return _answer(await self.http.put(path, **json_of(body)))

    async def refusal(self, method: str, path: str, body: object = None) -> tuple[int, str]:
        """The status and the code of the problem that must come."""
        reply = await self.http.request(method, path, **json_of(body))
        assert reply.headers["content-type"] == "application/problem+json", reply.text
        problem = reply.json()
        assert problem["status"] == reply.status_code
        return reply.status_code, problem["code"]

    def carry(self, token: str) -> None:
        self.http.headers["authorization"] = f"Bearer {token}"


class Resident(Actor):
    """One of the city's people, with WeChat, Alipay or both on the phone."""

    def __init__(self, town: Town, key: str) -> None:
        super().__init__(town)
        self.key = key
        self.row = town.city.person(key)
        self.signed_in: Reply = {}

    async def log_in(self, provider: Provider = "wechat") -> Reply:
        """One tap."""
        code = await self.login_code(provider)
        self.take_up(await self.post("/v1/sessions", {"provider": provider, "code": code}))
        return self.signed_in

    async def login_code(self, provider: Provider) -> str:
        if provider == "wechat":
            asked = {"appid": self.town.city.wechat_appid}
            return str((await self.phone("wechat/login-code", asked))["code"])
        asked = {"app_id": self.town.city.merchants[0].alipay_app_id}
        return str((await self.phone("alipay/auth-code", asked))["authCode"])

    async def prove_real_name(self) -> Reply:
        asked = {"name": self.row.name, "id_number": self.row.id_number}
        return dict(await self.put("/v1/me/real-name", asked))

    def take_up(self, signed_in: Reply) -> None:
        self.signed_in = signed_in
        self.carry(signed_in["access_token"])

    async def phone(self, path: str, body: object) -> Reply:
        """What the user's hand does on the phone, outside of the product."""
        reply = await self.town.outside.post(f"/phone/{self.key}/{path}", json=body)
        return dict(reply.raise_for_status().json())

    async def wallet(self) -> Reply:
        reply = await self.town.outside.get(f"/phone/{self.key}/wallet")
        return dict(reply.raise_for_status().json())

    async def for_party(self, party_id: str) -> "Resident":
        """The same person, acting for a child, a ward or an enterprise from now on."""
        acting = Resident(self.town, self.key)
        acting.take_up(await self.post("/v1/sessions/acting", {"party_id": party_id}))
        return acting

    async def party_named(self, name: str) -> str:
        parties = (await self.get("/v1/me/parties"))["items"]
        return str(next(row["party_id"] for row in parties if row["name"] == name))

    async def prepare_payment(self, order: Reply, client_id: UUID | None = None) -> Reply:
        """Tap “pay”: what the pay sheet needs, in the app that this login is of."""
        me = await self.get("/v1/me")
        path = f"/v1/fee-orders/{order['order_no']}/payments/{client_id or uuid4()}"
        return dict(await self.put(path, {"channel": me["provider"]}))

    async def pay(self, payment: Reply) -> str:
        """Confirm on the pay sheet; what it says."""
        if payment["channel"] == "wechat":
            sheet = {"appId": self.town.city.wechat_appid} | payment["parameters"]
            return str((await self.phone("wechat/pay", sheet))["errMsg"])
        return str((await self.phone("alipay/pay", payment["parameters"]))["resultCode"])

    async def allow(self, title: str, answer: str = "accept") -> str:
        """Answer WeChat's question about one template, and let the client tell us so."""
        offered = (await self.get("/v1/subscriptions/templates"))["items"]
        template_id = next(row["template_id"] for row in offered if row["title"] == title)
        asked = {"appid": self.town.city.wechat_appid, "template_ids": [template_id]}
        said = await self.phone("wechat/subscribe", asked | {"answer": answer})
        told = {"template_id": template_id, "answer": said[template_id]}
        await self.post("/v1/subscriptions", told)
        return template_id


class Operator(Actor):
    """A civil servant at the desk."""

    async def issue_fee(self, payer: Resident, amount_fen: int = 8000) -> Reply:
        reference, title = f"window-{uuid4()}", f"不动产登记费 {uuid4().hex[:6]}"
        asked = {"payer_number": payer.row.id_number, "title": title, "amount_fen": amount_fen}
        return dict(await self.put(f"/operator/v1/fee-orders/{reference}", asked))

    async def tasks(self, kind: str) -> list[Reply]:
        rows = (await self.get("/operator/v1/tasks", limit=100))["items"]
        return [row for row in rows if row["kind"] == kind]


class Verifier(Actor):
    """A terminal that scans codes."""

    async def scan(self, code: str, request_id: str | None = None) -> Reply:
        return dict(await self.post("/agency/v1/verifications", _scan(code, request_id)))

    async def refused_scan(self, code: str) -> tuple[int, str]:
        return await self.refusal("POST", "/agency/v1/verifications", _scan(code, None))


async def resident(town: Town, key: str, provider: Provider = "wechat") -> Resident:
    """Signed in by one tap, and known by real name."""
    person = Resident(town, key)
    if (await person.log_in(provider))["level"] < REAL_NAME:
        await person.prove_real_name()
    return person


async def operator(town: Town, username: str) -> Operator:
    """Signed in with the next one-time code: one that was used is good for nothing more."""
    row = next(row for row in town.city.operators if row.username == username)
    town.pass_time(seconds=30)
    asked = {"username": username, "password": row.password}
    asked["totp_code"] = pyotp.TOTP(row.totp_secret).at(now())
    person = Operator(town)
    person.carry((await person.post("/operator/v1/sessions", asked))["token"])
    return person


async def verifier(town: Town, username: str) -> Verifier:
    row = next(row for row in town.city.verifiers if row.username == username)
    terminal = Verifier(town)
    asked = {"username": username, "password": row.password}
    terminal.carry((await terminal.post("/agency/v1/sessions", asked))["access_token"])
    return terminal


async def audited(subject: str) -> list[tuple[str, str]]:
    """Who did what to something, oldest first."""
    rows = await connections.get("default").execute_query_dict(
        "SELECT actor, action FROM core_audit_entry WHERE subject = $1 ORDER BY id", [subject]
    )
    return [(row["actor"], row["action"]) for row in rows]


def _scan(code: str, request_id: str | None) -> dict[str, str]:
    return {"code": code, "request_id": request_id or f"scan-{uuid4()}"}


def _answer(reply: httpx.Response) -> Any:
    assert reply.is_success, f"{reply.request.url}: {reply.status_code} {reply.text}"
    return reply.json() if reply.content else None


def json_of(body: object) -> dict[str, Any]:
    return {} if body is None else {"json": body}
