"""What people do on such a day, each by the dice: the acts a simulation chooses from. 行为"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from tortoise import connections

from core.clock import now
from tests.journeys.policies import AMOUNT_FEN, content, version
from tests.journeys.world import Provider, Reply
from tests.simulation.players import Clerk, Player, Refused, Scanner

if TYPE_CHECKING:
    from tests.simulation.simulation import Simulation

Act = Callable[[], Awaitable[object]]

PEOPLE = (
    "gao-min",
    "li-weidong",
    "pan-yuee",
    "wang-guilan",
    "xu-jing",
    "zhou-xiuying",
)
TEMPLATES = ("缴费成功通知", "资金到账通知", "证照核验提醒", "政策享受提醒")
JUMPS = (1, 6, 20, 65, 400, 1900, 4000, 6 * 3600)
_AGAIN = (
    "UPDATE procrastinate_jobs SET status = 'todo' WHERE id IN"
    " (SELECT id FROM procrastinate_jobs WHERE status = 'succeeded' ORDER BY id DESC LIMIT 5)"
)


class Cast:
    """Who plays, what they hold, and the dice that say what comes next."""

    def __init__(self, simulation: "Simulation") -> None:
        self._sim, self._dice, self._town = simulation, simulation.dice, simulation.town
        self._faults = simulation.faults
        self._players = {key: Player(self._town, key, self._faults) for key in PEOPLE}
        self._clerks: dict[str, Clerk] = {}
        self._gate: Scanner | None = None
        self._orders: dict[str, list[Reply]] = {key: [] for key in PEOPLE}
        self._codes: list[str] = []
        self._policies: list[str] = []

    async def gather(self) -> None:
        """Some of them are signed in already when the weather begins."""
        for key in self._dice.sample(PEOPLE, 5):
            await self._sign_in(self._players[key])
            await self._allow(self._players[key])

    def choose(self) -> tuple[str, Act]:
        """The next act, named so that a trace can be read."""
        key = self._dice.choice(PEOPLE)
        player = self._players[key]
        if player.provider is None:
            return f"{key} signs in", partial(self._sign_in, player)
        of_player: dict[str, tuple[int, Callable[[Player], Awaitable[object]]]] = {
            "is asked for a fee": (16, self._issue),
            "taps pay": (12 * bool(self._orders[key]), self._prepare),
            "pays": (10 * bool(player.sheets), self._pay),
            "pays in the other app too": (6 * self._has_both(player), self._pay_twice),
            "looks": (2, self._look),
            "shows a licence": (3, self._show),
            "answers about messages": (6, self._allow),
            "answers an offer": (10, self._answer),
            "takes money": (8, self._take),
            "changes the app": (3, self._sign_in),
            "renews the session": (2, self._refresh),
        }
        of_city: dict[str, tuple[int, Act]] = {
            "a code is scanned": (5 * bool(self._codes), self._scan),
            "a policy begins": (3 * (len(self._policies) < 2), self._publish),
            "a policy is halted or goes on": (2 * bool(self._policies), self._halt),
            "the worker works": (8, self._sim.work),
            "callbacks come": (6, self._town.deliver),
            "jobs are done again": (3, self._again),
            "the cache forgets": (1, self._town.parts.cache.flushall),
            "time passes": (8, self._pass_time),
        }
        weights = [weight for weight, _ in of_player.values()]
        weights += [weight for weight, _ in of_city.values()]
        [name] = self._dice.choices([*of_player, *of_city], weights)
        if name in of_city:
            return name, of_city[name][1]
        return f"{key} {name}", partial(of_player[name][1], player)

    async def _sign_in(self, player: Player) -> str:
        providers: list[Provider] = ["wechat"] * player.row.wechat + ["alipay"] * player.row.alipay
        provider = self._dice.choice(providers)
        await player.sign_in(provider)
        return provider

    async def _refresh(self, player: Player) -> str:
        await player.renew()
        return "ok"

    async def _issue(self, player: Player) -> str:
        clerk = await self._clerk("hejun")
        reference, amount = f"window-{self._dice.getrandbits(60)}", self._dice.randint(1, 20000)
        title = f"不动产登记费 {len(self._orders[player.key])}"
        asked = {"payer_number": player.row.id_number, "title": title, "amount_fen": amount}
        path = f"/operator/v1/fee-orders/{reference}"
        self._orders[player.key].append(await clerk.put(path, asked))
        if self._dice.random() < 0.3:
            return f"{amount} fen"
        return f"{amount} fen, {await self._prepare(player)}"

    async def _prepare(self, player: Player) -> str:
        orders = self._orders[player.key]
        order = self._dice.choice(orders)
        client_id = UUID(int=self._dice.getrandbits(128), version=4)
        if player.asked and self._dice.random() < 0.3:
            order, client_id = self._dice.choice(player.asked)
        player.asked.append((order, client_id))
        sheet = await player.prepare_payment(order, client_id)
        player.sheets.append(sheet)
        if sheet["parameters"] is None or self._dice.random() < 0.4:
            return str(sheet["status"])
        return await player.pay(sheet)

    async def _pay(self, player: Player) -> str:
        """Any sheet that was ever shown, also one that was paid or belongs to another app."""
        sheets = [sheet for sheet in player.sheets if sheet["parameters"]]
        return await player.pay(self._dice.choice(sheets)) if sheets else "no sheet"

    def _has_both(self, player: Player) -> bool:
        return player.row.wechat and player.row.alipay and bool(self._orders[player.key])

    async def _pay_twice(self, player: Player) -> str:
        """The last fee, first in one app and then in the other, whatever the first one said."""
        order = self._orders[player.key][-1]
        providers: list[Provider] = ["wechat", "alipay"]
        for provider in self._dice.sample(providers, 2):
            await player.sign_in(provider)
            client_id = UUID(int=self._dice.getrandbits(128), version=4)
            player.sheets.append(await player.prepare_payment(order, client_id))
        said = [
            str(await player.pay(sheet) if sheet["parameters"] else sheet["status"])
            for sheet in player.sheets[-2:]
        ]
        return ", ".join(said)

    async def _look(self, player: Player) -> str:
        paths = ("/v1/home", "/v1/fee-orders", "/v1/licences", "/v1/entitlements", "/v1/messages")
        for path in (*paths, "/v1/disbursements", "/v1/me"):
            await player.get(path)
        return "ok"

    async def _show(self, player: Player) -> str:
        cards = (await player.get("/v1/licences"))["items"]
        if not cards:
            return "no licence"
        card = self._dice.choice(cards)
        asked = {"fields": ["name"]}
        shown = await player.post(f"/v1/licences/{card['id']}/presentations", asked)
        self._codes.append(shown["code"])
        return str(card["licence_type"])

    async def _scan(self) -> str:
        self._gate = self._gate or Scanner(self._town, "bus-3", self._faults)
        asked = {"code": self._dice.choice(self._codes[-3:])}
        asked["request_id"] = f"scan-{self._dice.getrandbits(40)}"
        try:
            return str((await self._gate.post("/agency/v1/verifications", asked))["outcome"])
        except Refused as refused:
            if refused.status == 401:
                await self._gate.sign_in()
            raise

    async def _allow(self, player: Player) -> str:
        if player.provider != "wechat":
            return "not in WeChat"
        answer = self._dice.choice(("accept", "accept", "accept", "reject"))
        for template in self._dice.sample(TEMPLATES, 2):
            await player.allow(template, answer)
        return answer

    async def _answer(self, player: Player) -> str:
        rows = (await player.get("/v1/entitlements", limit=100))["items"]
        asked = [row for row in rows if row["status"] == "notified"]
        if not asked:
            return "no offer"
        row = self._dice.choice(sorted(asked, key=lambda row: str(row["policy_code"])))
        word = self._dice.choice(("confirmation", "confirmation", "confirmation", "refusal"))
        await player.post(f"/v1/entitlements/{row['id']}/{word}")
        return f"{row['policy_code']} {word}"

    async def _take(self, player: Player) -> str:
        rows = (await player.get("/v1/disbursements"))["items"]
        waiting = [row for row in rows if row["status"] == "waiting_user"]
        if not waiting or player.provider != "wechat":
            return "nothing to take"
        row = self._dice.choice(sorted(waiting, key=lambda row: str(row["purpose"])))
        found = await player.get(f"/v1/disbursements/{row['id']}")
        if found["confirmation"] is None:
            return "not here"
        said = await player.phone("wechat/confirm-transfer", found["confirmation"])
        return str(said["errMsg"])

    async def _publish(self) -> str:
        """With money for some of those whom it concerns."""
        code = f"sim-{len(self._policies)}"
        editor, approver = await self._clerk("shenlan"), await self._clerk("xubo")
        mode, path = self._dice.choice(("CONFIRM", "DIRECT")), version(code)
        budget = self._dice.randint(1, 6) * AMOUNT_FEN
        text = content(title=f"{code} 慰问金", budget_fen=budget, mode=mode, benefit=code)
        await editor.put(path, {"content": text})
        await editor.post(f"{path}/dry-runs")
        await approver.post(f"{path}/approvals")
        await (await self._clerk("luming")).post(f"{path}/publications")
        self._policies.append(code)
        return f"{mode} {budget}"

    async def _halt(self) -> str:
        word = self._dice.choice(("halts", "resumptions", "resumptions"))
        code = self._dice.choice(self._policies)
        await (await self._clerk("luming")).post(f"/operator/v1/policies/{code}/{word}")
        return word

    async def _again(self) -> str:
        """A worker died too late: the last jobs are handed out once more."""
        await connections.get("default").execute_query(_AGAIN)
        return "ok"

    async def _pass_time(self) -> str:
        seconds = self._dice.choice(JUMPS)
        self._town.pass_time(seconds=seconds)
        return str(timedelta(seconds=seconds))

    async def _clerk(self, username: str) -> Clerk:
        """Signed in, with a code that is fresh enough for what is worth most."""
        clerk, at = self._clerks.get(username), now()
        if clerk is None or at - clerk.signed_in_at > timedelta(minutes=4):
            clerk = Clerk(self._town, username, self._faults)
            await clerk.sign_in()
            self._clerks[username] = clerk
        return clerk


async def count(simulation: "Simulation") -> None:
    """What the day brought, as its books say."""
    pages: dict[str, dict[str, Any]] = {
        "wechat_pay_orders": {"state": "SUCCESS"},
        "alipay_trades": {"state": "TRADE_SUCCESS"},
        "wechat_pay_transfers": {},
        "alipay_transfers": {},
        "bank_transfers": {},
        "messages": {},
    }
    for page, wanted in pages.items():
        simulation.counts[page] = len(await simulation.town.book(page, **wanted))
