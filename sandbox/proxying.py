"""`python -m sandbox proxy`: a fault proxy that takes its orders from standard input, one a line.

latency 0.2 | freeze | thaw | reset | swallow | refuse | mend | quit
order reset|reset_after|truncate|flip|drop [up|down] [TEXT]
"""

import asyncio
import sys
from typing import cast, get_args

from sandbox.fault_proxy import Blow, FaultProxy, Way


async def serve(port: int, to: str, *, seed: int = 0) -> None:
    """Until `quit` or the end of the input. What is not understood is said, and changes nothing."""
    host, _, target = to.rpartition(":")
    async with FaultProxy(host or "127.0.0.1", int(target), seed=seed, listen=port) as proxy:
        _say(f"proxy: 127.0.0.1:{proxy.port} to {to}")
        while line := await asyncio.to_thread(sys.stdin.readline):
            words = line.split()
            if words == ["quit"]:
                return
            if words:
                _say("ok" if obey(proxy, words) else f"what is {line.strip()!r}?")


def obey(proxy: FaultProxy, words: list[str]) -> bool:
    """Do what one line says; False when it says nothing we know."""
    plain = {
        "freeze": proxy.freeze,
        "thaw": proxy.thaw,
        "reset": proxy.reset,
        "mend": proxy.mend,
    }
    match words:
        case [word] if word in plain:
            plain[word]()
        case ["swallow" | "refuse" as word]:
            proxy.swallows, proxy.refuses = word == "swallow", word == "refuse"
        case ["latency", seconds] if _is_number(seconds):
            proxy.latency_seconds = float(seconds)
        case ["order", blow, *rest] if blow in get_args(Blow):
            way = rest[0] if rest and rest[0] in get_args(Way) else "up"
            text = " ".join(rest[1:] if rest and rest[0] == way else rest)
            proxy.order(cast(Blow, blow), containing=text.encode(), way=cast(Way, way))
        case _:
            return False
    return True


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
