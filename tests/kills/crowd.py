"""People who use the product at the same time while it is being killed. 人群"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from functools import partial
from random import Random
from typing import Any

import httpx

from core.clock import now
from seeds.files import City
from tests.journeys.policies import AMOUNT_FEN, content, version
from tests.kills.bed import Bed
from tests.kills.line import PatientLine
from tests.simulation.acts import Cast
from tests.simulation.players import Clerk, Player, Refused

CLERKS = ("hejun", "shenlan", "xubo", "luming")
MORE_PEOPLE = ("he-jun", "feng-xue")
ENTERPRISES = {"feng-xue": "临溪精密机械有限公司"}
LONGEST_REST = 0.4


class FarTown:
    """What players ask of a town, for one that is reached over the network only."""

    def __init__(self, bed: Bed, counts: Counter[str], faults: list[str]) -> None:
        self.city, self._bed = City(), bed
        self._counts, self._faults = counts, faults
        self.outside = httpx.AsyncClient(base_url=bed.sandbox, trust_env=False, timeout=30)
        self._clients: list[httpx.AsyncClient] = []

    def client(self) -> httpx.AsyncClient:
        line = PatientLine(self._counts, self._faults)
        client = httpx.AsyncClient(transport=line, base_url=self._bed.address, timeout=20)
        self._clients.append(client)
        return client

    def pass_time(self, **_: float) -> None:
        """It passes by itself."""

    async def close(self) -> None:
        for client in (*self._clients, self.outside):
            await client.aclose()


class Crowd(Cast):
    """The cast of the simulation, all at once. `counts` and `faults` say what came of it."""

    def __init__(self, bed: Bed, seed: int) -> None:
        self.counts: Counter[str] = Counter()
        self.faults: list[str] = []
        self.dice = Random(f"crowd {seed}")
        self.town: Any = FarTown(bed, self.counts, self.faults)
        super().__init__(self)  # type: ignore[arg-type]  # all that the cast asks of it is here
        for key in MORE_PEOPLE:
            self._players[key] = Player(self.town, key, self.faults)
            self._orders[key] = []

    async def work(self) -> None:
        """The workers work by themselves."""

    async def gather(self) -> None:
        """All are signed in before anything happens, and there is something to be paid."""
        for username in CLERKS:
            await self._clerk(username)
        for player in self._players.values():
            await self._sign_in(player)
            await self._issue(player)

    async def live(self, over: asyncio.Event) -> None:
        """Until it is over, everybody does one thing after another; and policies begin."""
        await asyncio.gather(
            *(self._live(player, over) for player in self._players.values()),
            self._govern(over),
        )

    async def close(self) -> None:
        await self.town.close()

    async def _live(self, player: Player, over: asyncio.Event) -> None:
        while not over.is_set():
            name, act = self._next_of(player)
            outcome = await self._outcome(act)
            self.counts[f"{name}: {outcome}"] += 1
            self.counts["acts"] += outcome == "ok"
            await asyncio.sleep(self.dice.uniform(0, LONGEST_REST))

    def _next_of(self, player: Player) -> tuple[str, Callable[[], Awaitable[object]]]:
        if player.provider is None:
            return "signs in", partial(self._sign_in, player)
        asked = bool(self._orders[player.key])
        acts: dict[str, tuple[int, Callable[[Player], Awaitable[object]]]] = {
            "is asked for a fee": (10, self._issue),
            "taps pay": (20 * asked, self._prepare),
            "pays": (10 * bool(player.sheets), self._pay),
            "pays in the other app too": (3 * self._has_both(player), self._pay_twice),
            "looks": (4, self._look),
            "answers about messages": (8, self._allow),
            "answers an offer": (10, self._answer),
            "answers for an enterprise": (10 * (player.key in ENTERPRISES), self._represent),
            "takes money": (10, self._take),
            "changes the app": (3, self._sign_in),
            "renews the session": (3, self._refresh),
        }
        weights = [weight for weight, _ in acts.values()]
        [name] = self.dice.choices(list(acts), weights)
        return name, partial(acts[name][1], player)

    async def _govern(self, over: asyncio.Event) -> None:
        """One policy after another, so that there is always money on its way."""
        while not over.is_set():
            self.counts[f"publishes: {await self._outcome(self._publish)}"] += 1
            await asyncio.sleep(self.dice.uniform(2, 6))

    async def _publish(self) -> str:
        code, mode = f"kill-{len(self._policies)}", self.dice.choice(("CONFIRM", "DIRECT"))
        self._policies.append(code)
        editor, approver, publisher = [await self._clerk(name) for name in CLERKS[1:]]
        await publish(
            code,
            mode=mode,
            budget_fen=self.dice.randint(2, 6) * AMOUNT_FEN,
            editor=editor,
            approver=approver,
            publisher=publisher,
        )
        return mode

    async def _represent(self, player: Player) -> str:
        party_id = await player.party_named(ENTERPRISES[player.key])
        acting = Player(self.town, player.key, self.faults)
        acting.take_up(await player.post("/v1/sessions/acting", {"party_id": party_id}))
        return (await self._answer(acting)).partition(" ")[2] or "no offer"

    async def _clerk(self, username: str) -> Clerk:
        """Signed in once, for a day's work."""
        clerk = self._clerks.get(username)
        if clerk is None:
            clerk = Clerk(self.town, username, self.faults)
            await clerk.sign_in()
            self._clerks[username] = clerk
        return clerk

    async def _outcome(self, act: Callable[[], Awaitable[object]]) -> str:
        """In a word; anything that nobody foresaw is a fault."""
        try:
            await act()
        except Refused as refused:
            return str(refused)
        except httpx.TransportError:
            return "unheard"
        except httpx.HTTPStatusError as refused:
            return f"phone {refused.response.status_code}"
        except Exception as error:
            logging.getLogger(__name__).exception("an act nobody foresaw")
            self.faults.append(f"{now():%H:%M:%S} {type(error).__name__}: {error}")
            return type(error).__name__
        return "ok"


async def publish(
    code: str, *, mode: str, budget_fen: int, editor: Clerk, approver: Clerk, publisher: Clerk
) -> None:
    """A policy for everybody over 65; each step once more when nobody heard what became of it."""
    path = version(code)
    text = content(title=f"{code} 慰问金", budget_fen=budget_fen, mode=mode, benefit=code)
    await editor.put(path, {"content": text})
    await _surely(partial(editor.post, f"{path}/dry-runs"))
    await _surely(partial(approver.post, f"{path}/approvals"))
    await _surely(partial(publisher.post, f"{path}/publications"))


async def _surely(step: Callable[[], Awaitable[object]]) -> None:
    """A step that may be repeated, until it is heard; taken already is as good."""
    while True:
        try:
            await step()
        except httpx.TransportError:
            continue
        except Refused as refused:
            if refused.status != 409:
                raise
        return
