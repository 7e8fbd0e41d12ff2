"""A database with one group-committing writer.

Work is a function of a *unit of work*: something made around a SQLAlchemy connection (for example a
`Session`) that has a `flush`. The same function runs on both databases: on SQLite in a thread of
its own, or in the event loop when it is brief (ADR 0025); on PostgreSQL in SQLAlchemy's greenlet
over asyncpg.

`write` gathers what waits into one transaction and answers when that is on the disk: callers share
the cost of the commit (ADR 0006). Who pays when a transaction fails:

* work that raises: it alone; the others are done again without it;
* another process that came first (the same key, a deadlock) or a connection that was lost: nobody,
  for everything is done once more from the start, so it now sees what the other wrote;
* the database itself (full, read-only, gone): all.

Work may therefore run more than once; only its last run counts.

    StoreUnavailableError   the database did not take or give what was asked; nothing was changed
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import (
    DBAPIError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    SQLAlchemyError,
)

from oso_store.migration import upgrade

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncEngine

_MOST_AT_ONCE = 256
# Turns of the event loop before a transaction begins.
_GATHERING = 8
_BUSY_MILLISECONDS = 10_000
_BUSY_PAUSE_SECONDS = 0.01
# What a database throws, by whichever way it is spoken to.
_OF_THE_DATABASE = (SQLAlchemyError, sqlite3.Error, OSError)
# PostgreSQL's serialization_failure and deadlock_detected.
_CAME_FIRST = frozenset({"40001", "40P01"})


class UnitOfWork(Protocol):
    """What work is done with."""

    def foresee(self, works: Sequence[Callable[[Any], Any]]) -> None:
        """Read what the works of this transaction will ask for, if they say so, in one go."""
        ...

    def flush(self) -> None:
        """Send what waits to the database; called before the commit."""
        ...


U = TypeVar("U", bound=UnitOfWork)
T = TypeVar("T")
# What waits for its turn: the work, and who is told.
_Waiting: TypeAlias = "tuple[Callable[[U], Any], asyncio.Future[Any]]"


class StoreUnavailableError(Exception):
    """The database did not take or give what was asked; nothing was changed.

    Attributes:
        cause: Class name of what went wrong.

    """

    def __init__(self, cause: str) -> None:
        """Record the class name of what went wrong."""
        super().__init__(cause)
        self.cause = cause


class Database(Generic[U]):
    """One database. Make it, `start` it inside the event loop, `close` it."""

    def __init__(self, url: str, unit: Callable[[Connection], U], *, brief: bool = False) -> None:
        """Name the database and how a unit of work is made.

        Args:
            url: `sqlite:///path` or `postgresql+asyncpg://...`.
            unit: Makes a unit of work around a connection.
            brief: All that is written here takes well below a millisecond. On SQLite it is then
                done in the event loop itself, and only the disk is waited for in a thread.

        """
        self._unit = unit
        self._backend = _backend(url, brief=brief)
        self._waiting: deque[_Waiting[U]] = deque()
        self._work = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self._closing = False

    async def migrate(self, script_location: str, revision: str = "head") -> None:
        """Bring the tables to the newest form, or to the form of a revision.

        Args:
            script_location: Alembic's scripts, such as `oso_las:migrations`.
            revision: How far to go.

        Raises:
            SchemaError: The database was made by a newer version.
            StoreUnavailableError: It cannot be reached or changed.

        """
        work = partial(upgrade, script_location=script_location, revision=revision)
        await self._run(self._backend.migrate, work)

    async def start(self) -> None:
        """Begin to take writes."""
        self._writer = asyncio.create_task(self._write_all(), name="store-writer")

    async def close(self) -> None:
        """Finish what waits, then close."""
        self._closing = True
        self._work.set()
        if self._writer is not None:
            await self._writer
        await self._backend.close()

    async def write(self, work: Callable[[U], T]) -> T:
        """Do work in a transaction; return when it is on the disk.

        An exception of the work itself leaves nothing behind and reaches the caller. Work whose
        caller goes away before its turn is not done.

        Raises:
            StoreUnavailableError: The database failed, or was closed. Nothing was changed, unless
                the connection was lost during the commit itself: then nobody can know, and whoever
                asks again must find out (request_id does that).

        """
        return await self.submit(work)

    def submit(self, work: Callable[[U], T]) -> asyncio.Future[T]:
        """Have work done in a transaction, before the database closes; see `write`.

        For whoever has something else to do meanwhile. The future must be asked for its result:
        nobody else sees its exception.

        Raises:
            StoreUnavailableError: The database was closed.

        """
        if self._closing:
            raise StoreUnavailableError("closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append((work, future))
        self._work.set()
        return future

    async def read(self, work: Callable[[U], T]) -> T:
        """Do work that changes nothing.

        Raises:
            StoreUnavailableError: The database failed.

        """
        return await self._run(self._backend.read, lambda connection: work(self._unit(connection)))

    @staticmethod
    async def _run(
        how: Callable[[Callable[[Connection], T]], Awaitable[T]], work: Callable[[Connection], T]
    ) -> T:
        try:
            return await how(work)
        except _OF_THE_DATABASE as error:
            raise StoreUnavailableError(type(error).__name__) from error

    async def _write_all(self) -> None:
        last = 0
        while not self._closing:
            await self._work.wait()
            self._work.clear()
            while self._waiting:
                if last > 1:  # who is alone need not wait for others
                    await self._gather()
                batch = self._take()
                last = len(batch)
                await self._write_batch(batch)

    @staticmethod
    async def _gather() -> None:
        """Let calls that are on their way come in: one larger transaction costs less than two."""
        for _ in range(_GATHERING):
            await asyncio.sleep(0)

    def _take(self) -> list[_Waiting[U]]:
        """Take what waits, as much as fits in a transaction, but for callers who went away."""
        batch: list[_Waiting[U]] = []
        while self._waiting and len(batch) < _MOST_AT_ONCE:
            one = self._waiting.popleft()
            if not one[1].done():
                batch.append(one)
        return batch

    async def _write_batch(self, batch: list[_Waiting[U]], *, again: bool = True) -> None:
        if not batch:
            return
        results: list[Any] = []
        try:
            await self._run(self._backend.write, partial(self._do, batch, results))
        except Exception as error:  # noqa: BLE001  whatever it is, it belongs to whoever asked
            await self._sort_out(batch, results, error, again=again)
        else:
            _answer_all(batch, results)

    async def _sort_out(
        self, batch: list[_Waiting[U]], results: list[Any], error: Exception, *, again: bool
    ) -> None:
        """Find out whose fault it was that a batch failed; nobody pays for another."""
        # With results it failed in the commit, which may have happened: not twice, then.
        if again and not results and _is_passing(error):
            await self._write_batch(batch, again=False)
        elif len(batch) == 1 or _is_the_database(error):
            for _, future in batch:
                _answer(future, error=error)
        else:
            for one in batch:
                await self._write_batch([one])

    def _do(self, batch: list[_Waiting[U]], results: list[Any], connection: Connection) -> None:
        """Do the works; fill `results` when all that is left is the commit."""
        works = [work for work, _ in batch]
        unit = self._unit(connection)
        unit.foresee(works)
        given = [work(unit) for work in works]
        unit.flush()
        results.extend(given)


def _is_passing(error: Exception) -> bool:
    """Tell whether the same work may succeed when it is done anew."""
    cause = error.__cause__
    if isinstance(cause, (IntegrityError, sqlite3.IntegrityError)):
        return True
    return isinstance(cause, DBAPIError) and (
        cause.connection_invalidated or getattr(cause.orig, "sqlstate", None) in _CAME_FIRST
    )


def _is_the_database(error: Exception) -> bool:
    """Tell whether the database failed, whatever the work: then trying alone is of no use."""
    cause = error.__cause__
    if isinstance(cause, (OperationalError, sqlite3.OperationalError, InterfaceError, OSError)):
        return True
    return isinstance(cause, DBAPIError) and cause.connection_invalidated


def _answer_all(batch: list[_Waiting[U]], results: list[Any]) -> None:
    for (_, future), result in zip(batch, results, strict=True):
        _answer(future, result)


def _answer(
    future: asyncio.Future[Any], result: object = None, error: Exception | None = None
) -> None:
    if future.done():  # the caller went away; what was written stays written
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)


def _backend(url: str, *, brief: bool) -> _Sqlite | _Postgres:
    if not url.startswith("sqlite"):
        return _Postgres(url)
    return _BriefSqlite(url) if brief else _Sqlite(url)


class _Sqlite:
    """SQLite: one thread writes, others read. WAL, and every commit is seen to the disk."""

    def __init__(self, url: str) -> None:
        self._engine: Engine = create_engine(url)
        _make_private(self._engine.url.database)
        event.listen(self._engine, "connect", _prepare_sqlite)
        self._writing = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self._reading = ThreadPoolExecutor(2, thread_name_prefix="store-reader")
        # To take a connection for each commit costs as much as the commit.
        self._writer: Connection | None = None

    async def migrate(self, work: Callable[[Connection], None]) -> None:
        await self._in_thread(partial(self._migrate, work))

    async def write(self, work: Callable[[Connection], T]) -> T:
        return await self._in_thread(partial(self._write_here, work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(
            self._reading, partial(self._read, work)
        )

    async def _in_thread(self, do: Callable[[], T]) -> T:
        """Do something in the writer's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._writing, do)

    def _write_here(self, work: Callable[[Connection], T]) -> T:
        """In the writer's thread: do work in a transaction."""
        writer, driver = self._connected()
        try:
            driver.execute("BEGIN IMMEDIATE")
            result = work(writer)
            _commit(writer, driver)
        except BaseException:
            self._writer = None
            _abandon(writer, driver)
            raise
        return result

    def _connected(self) -> tuple[Connection, sqlite3.Connection]:
        if self._writer is None:
            self._writer = self._engine.connect()
        driver = self._writer.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            raise TypeError(driver)
        return self._writer, driver

    def _migrate(self, work: Callable[[Connection], None]) -> None:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            work(connection)
            connection.commit()

    def _read(self, work: Callable[[Connection], T]) -> T:
        with self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            return work(connection)

    async def close(self) -> None:
        await self._in_thread(self._close_writer)
        for threads in (self._writing, self._reading):
            await asyncio.to_thread(threads.shutdown)
        self._engine.dispose()

    def _close_writer(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


class _BriefSqlite(_Sqlite):
    """SQLite for work that is over before a thread would have begun it.

    Two threads that both run Python wait for each other at every statement, since each gives the
    interpreter's lock away and has to get it back. So the work is done in the event loop, and the
    thread sees the commit to the disk, which needs no lock (ADR 0025).
    """

    async def write(self, work: Callable[[Connection], T]) -> T:
        writer, driver = self._connected()
        try:
            await _begin(driver)
            result = work(writer)
            await self._in_thread(partial(_commit, writer, driver))
        except BaseException:
            self._writer = None
            self._writing.submit(_abandon, writer, driver)  # a commit may still be on its way there
            raise
        return result

    def _connected(self) -> tuple[Connection, sqlite3.Connection]:
        is_new = self._writer is None
        writer, driver = super()._connected()
        if is_new:
            driver.execute("PRAGMA busy_timeout=0")  # to wait is `_begin`'s, not the event loop's
        return writer, driver


async def _begin(driver: sqlite3.Connection) -> None:
    """Begin to write; wait for another process that does, while others are served."""
    until = _end_of_patience()
    while not _ran(driver, "BEGIN IMMEDIATE", until):  # noqa: ASYNC110  no event tells of others
        await asyncio.sleep(_BUSY_PAUSE_SECONDS)


def _end_of_patience() -> float:
    return time.monotonic() + _BUSY_MILLISECONDS / 1000


def _ran(driver: sqlite3.Connection, statement: str, until: float) -> bool:
    """Run a statement; tell whether it ran, or another process has the database just now.

    Raises:
        sqlite3.Error: It failed, or the other process still has it after `until`.

    """
    try:
        driver.execute(statement)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
            raise
        return False
    return True


def _commit(writer: Connection, driver: sqlite3.Connection) -> None:
    writer.commit()  # SQLAlchemy's own, if it took part
    driver.commit()


def _abandon(writer: Connection, driver: sqlite3.Connection) -> None:
    """Let go of a connection and of what was begun on it."""
    with suppress(sqlite3.Error):
        driver.rollback()
    with suppress(SQLAlchemyError):
        writer.invalidate()
        writer.close()


def _make_private(path: str | None) -> None:
    """Make the file, for its owner alone, if it is not there; SQLite gives its journal that mode.

    Left to SQLite it would be for everybody whom the umask does not keep out.
    """
    if path and path != ":memory:":
        with suppress(OSError):  # connecting tells, in an error that is ours
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    for pragma in (
        f"busy_timeout={_BUSY_MILLISECONDS}",
        "synchronous=FULL",
        "foreign_keys=ON",
        "wal_autocheckpoint=4000",  # pages, 16 MiB: a page changed often is copied less often
        "cache_size=-16384",  # KiB
    ):
        connection.execute(f"PRAGMA {pragma}")
    _use_wal(connection)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Have the file keep a write-ahead log.

    The first to say so needs the file for itself, and SQLite does not wait for that, whatever its
    busy_timeout: it says at once that the database is locked.
    """
    until = _end_of_patience()
    while not _ran(connection, "PRAGMA journal_mode=WAL", until):
        time.sleep(_BUSY_PAUSE_SECONDS)


class _Postgres:
    """PostgreSQL over asyncpg."""

    def __init__(self, url: str) -> None:
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415  only where it is used

        self._engine: AsyncEngine = create_async_engine(
            url,
            pool_pre_ping=True,
            connect_args={
                "server_settings": {"lock_timeout": "4000", "statement_timeout": "5000"},
                "timeout": 5,
            },
        )

    async def migrate(self, work: Callable[[Connection], None]) -> None:
        await self.write(work)

    async def write(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(work)

    async def read(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.connect() as connection:
            return await connection.run_sync(work)

    async def close(self) -> None:
        await self._engine.dispose()
