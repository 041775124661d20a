"""A process of its own that does one flow and dies at a named point of it."""

from datetime import datetime
from pathlib import Path

from msgspec import Struct

from app.database import database
from core.clock import now, set_offset
from core.crashpoints import arm
from tests.crash_flows import Flow, Scene
from tests.crash_flows.benefits import Claiming, Finishing, Matching
from tests.crash_flows.fees import Applying, Asking, Keeping, Preparing
from tests.crash_flows.messages import Sending
from tests.crash_flows.payouts import ToAlipay, ToBank, ToWallet
from tests.crash_flows.people import ProvingNames, Refreshing, SigningIn
from tests.crash_flows.pushes import Hearing
from tests.forking import serve
from tests.given import make_vault

FLOWS: dict[str, Flow] = {
    type(flow).__name__: flow
    for flow in (
        SigningIn(),
        Refreshing(),
        ProvingNames(),
        Preparing(),
        Keeping(),
        Applying(),
        Asking(),
        ToWallet(),
        ToAlipay(),
        ToBank(),
        Matching(),
        Claiming(),
        Finishing(),
        Hearing(),
        Sending(),
    )
}


class Errand(Struct, frozen=True):
    database_url: str
    flow: str
    dies_at: str
    outside: str
    at: datetime


async def run(errand: Errand) -> None:
    set_offset(errand.at - now())
    arm(errand.dies_at or None)
    scene = Scene(make_vault(), Path(errand.outside), errand.at)
    async with database(errand.database_url, minsize=1, maxsize=2):
        await FLOWS[errand.flow].act(scene)


if __name__ == "__main__":
    serve(Errand, run)
