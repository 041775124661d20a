"""Signing in, staying in, and proving who one is. 登录与实名"""

from contextlib import suppress
from datetime import timedelta
from itertools import count

from core.models import AuditEntry, HumanTask
from identity.models import Account, Person, RefreshToken, Session
from identity.providers import CodeUsed
from identity.real_names import verify_real_name
from identity.refreshing import refresh
from identity.sessions import log_in, token_hash
from identity.tokens import Audience
from tests.crash_flows import Flow, Scene, the_caller
from tests.fakes.identity import NO_CACHE, FakePopulationRegister, FakeProvider, make_issuer

NAME, NUMBER = "王桂兰", "330100195103089023"


class SigningIn(Flow):
    """A code may be lost with the process; the next tap brings another, and the same account."""

    points = ("identity.after_exchange",)

    async def prepare(self, scene: Scene) -> None:
        pass

    async def act(self, scene: Scene) -> None:
        for number in count(1):
            with suppress(CodeUsed):
                await _tap(scene, f"openid-a#{number}")
                return

    async def check(self, scene: Scene) -> None:
        account, session = await Account.get(), await Session.get()
        assert session.account_id == account.id
        assert await RefreshToken.all().count() == 1


class Refreshing(Flow):
    """A09: the answer was lost with the process; the same token brings the same successor."""

    points = ("identity.after_refresh",)
    again_after = timedelta(seconds=10)

    async def prepare(self, scene: Scene) -> None:
        token = await _tap(scene, "openid-a")
        (scene.outside / "token").write_text(token)

    async def act(self, scene: Scene) -> None:
        token = (scene.outside / "token").read_text()
        pair = await refresh(
            token, Audience.RESIDENT, issuer=make_issuer(), states=NO_CACHE, at=scene.at
        )
        (scene.outside / "successor").write_text(pair.refresh_token)

    async def check(self, scene: Scene) -> None:
        living = await RefreshToken.get(used_at=None)
        assert living.token_hash == token_hash((scene.outside / "successor").read_text())
        assert await RefreshToken.all().count() == 2
        assert (await Session.get()).ended_at is None


class ProvingNames(Flow):
    points = ("identity.after_register",)

    async def prepare(self, scene: Scene) -> None:
        await _tap(scene, "openid-a")

    async def act(self, scene: Scene) -> None:
        await verify_real_name(
            await the_caller(scene.at),
            name=NAME,
            id_number=NUMBER,
            register=FakePopulationRegister({NUMBER: (NAME, True)}),
            vault=scene.vault,
            states=NO_CACHE,
            department="330199-data",
            at=scene.at,
        )

    async def check(self, scene: Scene) -> None:
        person, account = await Person.get(), await Account.get()
        assert account.person_id == person.id
        assert await AuditEntry.filter(action="account.real_name").count() == 1
        assert not await HumanTask.exists()


async def _tap(scene: Scene, code: str) -> str:
    signed_in = await log_in(code, provider=FakeProvider(), issuer=make_issuer(), at=scene.at)
    return signed_in.refresh_token
