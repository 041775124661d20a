"""The one way to PostgreSQL: bounded waits, and one refusal for every way it can be gone.

Tortoise finds `client_class` here by the engine name "core.database". A connection is waited for a
limited time, each statement has a limit here and on the server, and whatever says that the
database is away (refused, closed, no socket, frozen, restarting, full, read-only) becomes
`DatabaseGone`. A connection whose statement did not come back is thrown away: asking a frozen
server to cancel can wait for minutes.
"""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import asyncpg
from asyncpg.pool import Pool
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import (
    NestedTransactionContext,
    PoolConnectionWrapper,
    TransactionContext,
    TransactionContextPooled,
)
from tortoise.connection import get_connections
from tortoise.exceptions import TransactionManagementError

from core.errors import UpstreamFailed

ACQUIRE_SECONDS = 3.0
CONNECT_SECONDS = 3.0

_GONE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, cannot connect now, statement time-out
    asyncpg.InsufficientResourcesError,  # disk full, out of memory, too many connections
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
_CLOSED = (
    "connection is closed",
    "closed in the middle",
    "pool is clos",
    "released back to the pool",
)


class DatabaseGone(UpstreamFailed):
    """The database did not answer in time. Nothing is half written; try again."""

    code = "core.database_gone"
    message = "系统繁忙，请稍后再试"
    retry_after = 5


def connection_config(
    url: str, *, minsize: int = 2, maxsize: int = 10, statement_seconds: float = 5.0
) -> dict[str, Any]:
    """Tortoise's description of a connection, from postgres://user:password@host:port/name.

    A unix socket is given as ?host=/folder. `statement_seconds` bounds each statement.
    """
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    milliseconds = str(int(statement_seconds * 1000))
    credentials = {
        "host": query["host"][0] if "host" in query else parts.hostname,
        "port": parts.port or int(query.get("port", ["5432"])[0]),
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "database": parts.path.lstrip("/"),
        "minsize": minsize,
        "maxsize": maxsize,
        "timeout": CONNECT_SECONDS,
        "command_timeout": statement_seconds + 1,
        "server_settings": {
            "statement_timeout": milliseconds,
            "lock_timeout": milliseconds,
            "idle_in_transaction_session_timeout": "30000",
            "timezone": "UTC",
        },
    }
    return {"engine": "core.database", "credentials": credentials}


def is_gone(error: BaseException) -> bool:
    """Whether an error says that the database is away, rather than that we asked it wrongly."""
    if isinstance(error, asyncpg.InterfaceError):
        return any(words in str(error) for words in _CLOSED)
    if isinstance(error, TransactionManagementError):  # read-only, and idle for too long
        return isinstance(error.__cause__, _GONE)
    return isinstance(error, _GONE)


class _Connection(asyncpg.Connection):
    """Keeps no session state between users, so nothing is reset when it goes back to the pool."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        return ""


class _Pool(Pool):
    """Gives and takes connections without a task and a timer for each, as upstream has them."""

    def acquire(self, *, timeout: float | None = None) -> Any:
        """One that is idle at once; else wait for one, so long at most."""
        idle = not self._queue.empty()
        return super().acquire(timeout=None if idle else timeout or ACQUIRE_SECONDS)

    async def release(self, connection: Any, **_: Any) -> None:
        """Who is cancelled in the middle of it has dropped the connection: it is never lost."""
        if connection._con is not None:
            connection._con._on_release()
            await connection._holder.release(ACQUIRE_SECONDS)


class _Guarded:
    """Turns the driver's many ways of saying "gone" into one."""

    async def _translate_exceptions(
        self, func: Callable[..., Coroutine[Any, Any, Any]], *args: Any, **kwargs: Any
    ) -> Any:
        with _one_refusal():
            return await super()._translate_exceptions(func, *args, **kwargs)  # type: ignore[misc]


class _PooledConnection(PoolConnectionWrapper[Any]):
    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        if exc_val is not None and is_gone(exc_val):
            _throw_away(self.connection)
        await super().__aexit__(exc_type, exc_val, exc_tb)


class Client(_Guarded, AsyncpgDBClient):
    connection_class = _Connection

    async def create_pool(self, **kwargs: Any) -> Pool:
        defaults = {
            "init_size": None,
            "max_queries": 50_000,
            "max_inactive_connection_lifetime": 300.0,
            "connect": None,
            "setup": None,
            "init": None,
            "reset": None,
            "record_class": asyncpg.Record,
        }
        return await _Pool(None, **defaults | kwargs)

    def acquire_connection(self) -> PoolConnectionWrapper[Any]:
        return _PooledConnection(self, self._pool_init_lock)

    def _in_transaction(self) -> TransactionContext:
        return _PooledTransaction(_Transaction(self), self._pool_init_lock)


class _Transaction(_Guarded, TransactionWrapper):
    def _in_transaction(self) -> TransactionContext:
        return NestedTransactionContext(_Transaction(self))

    async def commit(self) -> None:
        await self._translate_exceptions(TransactionWrapper.commit)

    async def rollback(self) -> None:
        await self._translate_exceptions(TransactionWrapper.rollback)


class _PooledTransaction(TransactionContextPooled):
    """Upstream's context, which also gives its connection back when BEGIN fails."""

    async def __aenter__(self) -> Any:
        try:
            with _one_refusal():
                return await super().__aenter__()
        except BaseException:
            await self._give_back()
            raise

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        if isinstance(exc_val, DatabaseGone):
            _throw_away(self.client._connection)
            self.client._finalized = True  # there is nothing left to roll back
        with _one_refusal():
            await super().__aexit__(exc_type, exc_val, exc_tb)

    async def _give_back(self) -> None:
        connection = self.client._connection
        if connection is not None:
            _throw_away(connection)
            await self.client._parent._pool.release(connection)
        if hasattr(self, "token"):
            get_connections().reset(self.token)


@contextmanager
def _one_refusal() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if not is_gone(error):
            raise
        raise DatabaseGone(reason=type(error).__name__) from error


def _throw_away(connection: Any) -> None:
    """Drop the socket without a word to the server; the pool opens another when it is asked."""
    held = getattr(connection, "_con", None)  # what the pool's proxy holds until it is released
    if held is not None and not held.is_closed():
        held.terminate()


client_class = Client
