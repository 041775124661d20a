"""Delivers callbacks in the background, on each platform's ladder of retries. 通知重试"""

import asyncio
import contextlib
from datetime import timedelta
from urllib.parse import urlsplit, urlunsplit

import httpx
from msgspec import Struct

from sandbox.alipay import notices as alipay_notices
from sandbox.alipay.trades import let_time_pass
from sandbox.alipay.transfers import end_transfers
from sandbox.clock import skewed, stamp
from sandbox.fault_keys import change_keys
from sandbox.fault_letters import Fate
from sandbox.sms import pushes as sms_pushes
from sandbox.sms.messages import deliver_messages
from sandbox.wechat import pushes
from sandbox.wechat_pay import notices as wechat_pay_notices
from sandbox.wechat_pay.bills import close_overdue, finish_cancelling
from sandbox.wechat_pay.platform_keys import PROBE, notifying_key, probe_for_callback
from sandbox.wechat_pay.refund_endings import finish_refunds
from sandbox.world import World

ANSWER_WITHIN_SECONDS = 5
IDLE_SECONDS = 0.5
AT_ONCE = 32
LADDERS = {
    "wechat_pay": [15, 15, 30, 180, 600, 1200, 1800, 1800, 1800, 3600, *[10800] * 3, *[21600] * 2],
    "wechat": [5, 5],
    "alipay": [240, 600, 600, 3600, 7200, 21600, 54000],
    "sms_json": [60, 300, 1800],
    "sms_form": [60, 60],
}


class Callback(Struct):
    """One row of callbacks."""

    id: int
    event_id: str
    provider: str
    merchant: str
    url: str
    body: str
    attempts: int


class Courier:
    """`time_scale` shortens the ladder; `base` is where public addresses really lead."""

    def __init__(
        self, world: World, client: httpx.AsyncClient, *, time_scale: float = 1, base: str = ""
    ) -> None:
        self._world = world
        self._client = client
        self._time_scale = time_scale
        self._base = base.rstrip("/")
        self._on_their_way: set[int] = set()
        self._late: set[int] = set()

    async def run(self) -> None:
        """Until cancelled: deliver what is due, and do what time does to transfers."""
        async with asyncio.TaskGroup() as tries:
            while True:
                self._world.posted.clear()
                await self.let_time_work()
                for callback in self._due():
                    tries.create_task(self._try(callback))
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._world.posted.wait(), IDLE_SECONDS)

    async def let_time_work(self) -> None:
        """What ends by itself has ended by now, and what comes late has come."""
        close_overdue(self._world)
        finish_cancelling(self._world)
        finish_refunds(self._world)
        let_time_pass(self._world)
        end_transfers(self._world)
        deliver_messages(self._world)
        await self._world.faults.catch_up(self._world.clock.now())

    async def deliver_due(self) -> int:
        """Try each callback that is due, once. Says how many there were.

        One after another: of two at once chance would say which comes first, and no seed plays
        the same again.
        """
        due = self._due()
        for callback in due:
            await self._try(callback)
        return len(due)

    def _due(self) -> list[Callback]:
        """Those due and not on their way, as many as there is room for; now on their way."""
        due = self._world.book.find_all(
            Callback,
            "SELECT * FROM callbacks WHERE state = 'pending' AND next_at <= ?"
            " ORDER BY next_at LIMIT ?",
            stamp(self._world.clock.now()),
            AT_ONCE + len(self._on_their_way),
        )
        waiting = [callback for callback in due if callback.id not in self._on_their_way]
        chosen = waiting[: AT_ONCE - len(self._on_their_way)]
        self._on_their_way |= {callback.id for callback in chosen}
        return chosen

    async def _try(self, callback: Callback) -> None:
        """One slow listener holds up nobody else."""
        status, answer, headers = None, b"", dict[str, str]()
        fate = self._fate(callback)
        if fate.waits_seconds:
            self._put_off(callback, fate.waits_seconds)
            return
        try:
            with skewed(fate.skew_seconds):
                headers, content = self._letter(callback)
            headers, content = fate.spoil(headers, content)
            async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                status, answer = await self._post(callback, fate, headers, content)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, KeyError) as error:
            answer = type(error).__name__.encode()  # KeyError: a merchant the city has no more
        finally:
            self._on_their_way.discard(callback.id)
        heard = _is_acknowledged(callback.provider, status, answer)
        if headers.get("Wechatpay-Signature", "").startswith(PROBE):  # comes again, truly signed
            self._world.book.count_call("wechat_pay probe", "believed" if heard else "refused")
            heard = False
        self._record(callback, status, answer, heard=heard)
        self._world.posted.set()

    def _fate(self, callback: Callback) -> Fate:
        """What goes wrong with this try. What was put off before comes through."""
        target = urlsplit(callback.url).path
        strike = self._world.faults.on_callback(target) if callback.id not in self._late else None
        self._late.discard(callback.id)
        if strike is not None and strike.fault == "key_rotation":
            change_keys(self._world, target, strike.rule.code)
        return Fate(strike)

    def _put_off(self, callback: Callback, seconds: float) -> None:
        """No try was made; those that are due meanwhile overtake it."""
        next_at = self._world.clock.now() + timedelta(seconds=seconds / self._time_scale)
        self._world.book.write(
            "UPDATE callbacks SET next_at = ? WHERE id = ?", stamp(next_at), callback.id
        )
        self._late.add(callback.id)
        self._on_their_way.discard(callback.id)

    async def _post(
        self, callback: Callback, fate: Fate, headers: dict[str, str], content: bytes
    ) -> tuple[int | None, bytes]:
        """What the listener said, if it was asked and was heard."""
        url = self._destination(callback.url)
        answers = await asyncio.gather(
            *(self._client.post(url, headers=headers, content=content) for _ in range(fate.copies))
        )
        if not answers or not fate.is_heard:
            return None, b"nothing came back"
        return answers[0].status_code, answers[0].content

    def _letter(self, callback: Callback) -> tuple[dict[str, str], bytes]:
        at = self._world.clock.now()
        if callback.provider == "alipay":
            app = self._world.alipay_apps[callback.merchant]
            return alipay_notices.letter(app, callback.body, at=at)
        if callback.provider == "wechat":
            return pushes.letter(callback.body)
        if callback.provider in sms_pushes.SUPPLIERS:
            own = self._world.keys.machines[callback.provider]
            return sms_pushes.letter(own, callback.provider, callback.url, callback.body, at=at)
        merchant = self._world.merchants[callback.merchant]
        key = notifying_key(self._world, merchant, callback.event_id)
        headers, content = wechat_pay_notices.letter(merchant, callback.body, at=at, key=key)
        return headers | probe_for_callback(self._world, merchant.mchid), content

    def _destination(self, url: str) -> str:
        """The address itself, or its path below the base, as if a name server said so."""
        if not self._base:
            return url
        parts = urlsplit(url)
        return self._base + urlunsplit(("", "", parts.path, parts.query, ""))

    def _record(
        self, callback: Callback, status: int | None, answer: bytes, *, heard: bool
    ) -> None:
        now = self._world.clock.now()
        ladder = LADDERS[callback.provider]
        if heard:
            state, next_at = "delivered", now
        elif callback.attempts < len(ladder):
            wait = timedelta(seconds=ladder[callback.attempts] / self._time_scale)
            state, next_at = "pending", now + wait
        else:
            state, next_at = "given_up", now
        self._world.book.write(
            "UPDATE callbacks SET state = :state, attempts = attempts + 1, next_at = :next_at,"
            " last_status = :status, last_answer = :answer, delivered_at = :delivered_at"
            " WHERE id = :id",
            state=state,
            next_at=stamp(next_at),
            status=status,
            answer=answer[:200].decode(errors="replace"),
            delivered_at=stamp(now) if state == "delivered" else None,
            id=callback.id,
        )


def _is_acknowledged(provider: str, status: int | None, answer: bytes) -> bool:
    if status is None:
        return False
    if provider == "alipay":
        return alipay_notices.is_acknowledged(status, answer)
    if provider == "wechat":
        return pushes.is_acknowledged(status, answer)
    if provider in sms_pushes.SUPPLIERS:
        return sms_pushes.is_acknowledged(provider, status, answer)
    return wechat_pay_notices.is_acknowledged(status)
