"""Named places where a test kills the process, to prove that the next start finds what was left."""

import os
import signal

_armed: str | None = None


def crashpoint(name: str) -> None:
    """Nothing, unless this very point was armed: then the process dies as by `kill -9`."""
    if name == _armed:
        os.kill(os.getpid(), signal.SIGKILL)


def arm(name: str | None) -> None:
    """Choose the point at which this process dies. `app` refuses it in production."""
    global _armed
    _armed = name
