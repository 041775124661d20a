"""Several processes kept alive in one terminal and ended together. 进程看护"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from app.processes import end, kill_tree, spawn

_FIRST_PAUSE, _LONGEST_PAUSE, _SETTLED = 2.0, 30.0, 30.0
_TICK = 0.2

Say = Callable[[str], None]


class Service(Protocol):
    """Something that runs as a process of ours. `process` is None while it does not."""

    process: subprocess.Popen[bytes] | None

    @property
    def name(self) -> str: ...

    def start(self) -> object: ...

    def stop(self) -> None: ...


class Program:
    """A command as a service. Its output is appended to `log`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        env: Mapping[str, str],
        cwd: Path,
        log: Path,
        grace: float = 8.0,
    ) -> None:
        self.name = name
        self.process: subprocess.Popen[bytes] | None = None
        self._command = command
        self._env = env
        self._cwd = cwd
        self._log = log
        self._grace = grace

    def start(self) -> None:
        self.process = spawn(self._command, env=self._env, cwd=self._cwd, output=self._log)

    def ask_to_stop(self) -> None:
        """Do not wait: others are asked at the same time."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def stop(self) -> None:
        if self.process is not None:
            end(self.process, signal.SIGTERM, grace=self._grace)
            self.process = None


class Stopped(Exception):
    """A signal asked for the end."""


class Supervisor:
    """Starts services in order, brings back what dies, ends all in reverse order."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._services: list[Service] = []
        self._pauses: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._began: dict[str, float] = {}
        self._stopping = False

    def __enter__(self) -> "Supervisor":
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked)
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        for service in self._services:
            if isinstance(service, Program):
                service.ask_to_stop()
        for service in reversed(self._services):
            service.stop()

    def start(self, service: Service) -> None:
        self._services.append(service)  # first, so that a signal meanwhile still ends it
        self._began[service.name] = time.monotonic()
        service.start()

    def processes(self) -> dict[str, int]:
        return {one.name: one.process.pid for one in self._services if one.process is not None}

    def find_dead(self) -> str | None:
        """The name of one that ended by itself, or None."""
        dead = (one.name for one in self._services if _has_ended(one))
        return next(dead, None)

    def watch(self) -> None:
        """Keep everything alive until a signal comes: then Stopped."""
        while True:
            for service in self._services:
                self._look_at(service)
            time.sleep(_TICK)

    def _look_at(self, service: Service) -> None:
        name, at = service.name, time.monotonic()
        if name in self._due:
            if at >= self._due[name]:
                del self._due[name]
                self._began[name] = at
                self._bring_back(service)
        elif _has_ended(service):
            settled = at - self._began[name] > _SETTLED
            pause = _FIRST_PAUSE if settled else self._pauses.get(name, _FIRST_PAUSE)
            self._pauses[name] = min(pause * 2, _LONGEST_PAUSE)
            self._due[name] = at + pause
            self._say(f"{name} 意外结束（{_ending(service.process)}），{pause:.0f} 秒后重新启动")

    def _bring_back(self, service: Service) -> None:
        try:
            service.start()
        except Exception as error:  # it is tried again; the others go on meanwhile
            self._say(f"{service.name} 没有启动：{error}")
        else:
            self._say(f"{service.name} 已重新启动")

    def _asked(self, *_: object) -> None:
        if not self._stopping:
            self._stopping = True
            raise Stopped
        for pid in self.processes().values():  # asked twice: at once
            kill_tree(pid)
        os._exit(130)


def _has_ended(service: Service) -> bool:
    return service.process is None or service.process.poll() is not None


def _ending(process: subprocess.Popen[bytes] | None) -> str:
    code = process.returncode if process is not None else None
    if code is None:
        return "未运行"
    return f"信号 {-code}" if code < 0 else f"退出码 {code}"
