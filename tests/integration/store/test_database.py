"""Who pays when a transaction fails, and what is left of it: on both databases."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
from contextlib import asynccontextmanager, closing
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from oso_store import Database, SchemaError, StoreUnavailableError, statements

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import Connection


class _Unit:
    """A unit of work that runs statements, and counts how often one was made."""

    made = 0

    def __init__(self, connection: Connection) -> None:
        _Unit.made += 1
        self.connection = connection

    def foresee(self, works: Sequence[Callable[[_Unit], object]]) -> None:
        """Need nothing in advance."""

    def flush(self) -> None:
        """Keep nothing back."""

    def do(self, statement: str) -> None:
        self.connection.execute(text(statement))

    def add(self, *numbers: int) -> None:
        holders = statements.rows(self.connection, len(numbers), 1)
        statements.run(self.connection, f"INSERT INTO number VALUES {holders}", numbers)  # noqa: S608  placeholders only

    def all(self) -> list[int]:
        return [
            row[0] for row in statements.run(self.connection, "SELECT n FROM number ORDER BY n")
        ]


@asynccontextmanager
async def _opened(url: str, *, brief: bool = False) -> AsyncIterator[Database[_Unit]]:
    database = Database(url, _Unit, brief=brief)
    await database.start()
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture(params=[False, True], ids=["any work", "brief work"])
def brief(request: pytest.FixtureRequest) -> bool:
    """Whether the work is brief; what is promised is the same."""
    return bool(request.param)


@pytest.fixture
async def database(database_url: str, *, brief: bool) -> AsyncIterator[Database[_Unit]]:
    """A database with one table."""
    async with _opened(database_url, brief=brief) as made:
        await made.write(lambda unit: unit.do("CREATE TABLE number (n INTEGER PRIMARY KEY)"))
        yield made


async def test_many_rows_go_in_one_statement(database: Database[_Unit]) -> None:
    """Any number of rows is added and found again."""
    for begin, count in ((0, 1), (1000, 17), (2000, 700)):
        await database.write(lambda unit, b=begin, c=count: unit.add(*range(b, b + c)))  # type: ignore[misc]

    found = await database.read(_Unit.all)

    assert [0, *range(1000, 1017), *range(2000, 2700)] == found


async def test_work_that_raises_costs_nobody_else_a_write(database: Database[_Unit]) -> None:
    """An exception reaches the one who made it; what was gathered with it is written."""

    def faulty(unit: _Unit) -> None:
        unit.add(13)
        raise KeyError(13)

    works: list[Callable[[_Unit], None]] = [lambda unit, n=n: unit.add(n) for n in range(10)]  # type: ignore[misc]
    outcomes = await asyncio.gather(
        *(database.write(work) for work in (*works[:5], faulty, *works[5:])),
        return_exceptions=True,
    )

    assert [KeyError] == [type(one) for one in outcomes if one is not None]
    assert list(range(10)) == await database.read(_Unit.all)


async def test_a_connection_is_clean_after_a_fault(database: Database[_Unit]) -> None:
    """After work that raised, the next work starts with nothing of it."""

    def faulty(unit: _Unit) -> None:
        unit.add(13)
        raise KeyError(13)

    for _ in range(3):
        with pytest.raises(KeyError):
            await database.write(faulty)
        await database.write(lambda unit: unit.all())

    assert [] == await database.read(_Unit.all)


async def test_who_comes_second_sees_what_the_first_wrote(
    database: Database[_Unit], database_url: str, *, brief: bool
) -> None:
    """Two processes that add the same key at once: the second does its work anew, and finds it."""

    def add_once(number: int, unit: _Unit) -> bool:
        if number in unit.all():
            return False
        unit.add(number)
        return True

    async with _opened(database_url, brief=brief) as other:
        for number in range(10):
            answers = await asyncio.gather(
                *(one.write(partial(add_once, number)) for one in (database, other))
            )

            assert [False, True] == sorted(answers)
    assert list(range(10)) == await database.read(_Unit.all)


async def test_when_the_database_fails_nobody_is_tried_alone(
    tmp_path: Path, *, brief: bool
) -> None:
    """A database that cannot be opened fails all that wait at once, not one after another."""
    url = f"sqlite:///{tmp_path / 'nowhere' / 'x.sqlite'}"
    async with _opened(url, brief=brief) as database:
        _Unit.made = 0
        outcomes = await asyncio.gather(
            *(database.write(_Unit.all) for _ in range(20)), return_exceptions=True
        )

    assert {StoreUnavailableError} == {type(one) for one in outcomes}
    assert 0 == _Unit.made


async def test_brief_work_waits_for_another_process_and_stops_nobody(tmp_path: Path) -> None:
    """While another process writes, a write waits its turn, and the event loop goes on."""
    path = tmp_path / "x.sqlite"
    async with _opened(f"sqlite:///{path}", brief=True) as database:
        await database.write(lambda unit: unit.do("CREATE TABLE number (n INTEGER PRIMARY KEY)"))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO number VALUES (1)")
            writing = asyncio.create_task(database.write(_Unit.all))
            turns = 0
            async with asyncio.timeout(10):
                while turns < 20:
                    await asyncio.sleep(0.01)
                    turns += 1
            assert not writing.done()
            other.execute("COMMIT")

        assert [1] == await writing


async def test_brief_work_gives_up_on_a_database_that_stays_locked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who waits too long for another process is told; the next write finds everything in order."""
    monkeypatch.setattr("oso_store.database._BUSY_MILLISECONDS", 50)
    path = tmp_path / "x.sqlite"
    async with _opened(f"sqlite:///{path}", brief=True) as database:
        await database.write(lambda unit: unit.do("CREATE TABLE number (n INTEGER PRIMARY KEY)"))
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailableError):
                await database.write(lambda unit: unit.add(1))
            other.execute("ROLLBACK")

        await database.write(lambda unit: unit.add(2))

        assert [2] == await database.read(_Unit.all)


async def test_work_nobody_waits_for_any_more_is_not_done(database: Database[_Unit]) -> None:
    """A caller that went away before its turn leaves nothing behind."""
    gone = [asyncio.create_task(database.write(lambda unit: unit.add(13))) for _ in range(3)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    await database.write(lambda unit: unit.add(1))

    assert [1] == await database.read(_Unit.all)


async def test_closing_finishes_what_waits_and_takes_no_more(
    database: Database[_Unit], database_url: str, *, brief: bool
) -> None:
    """What was asked before the close is on the disk; what is asked after it is refused."""
    async with _opened(database_url, brief=brief) as other:
        waiting = [asyncio.create_task(other.write(lambda unit: unit.add(1)))]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)

    with pytest.raises(StoreUnavailableError):
        await other.write(lambda unit: unit.add(2))
    assert [1] == await database.read(_Unit.all)


async def test_two_processes_may_start_at_once(database_url: str) -> None:
    """Both bring the tables to their newest form; the second finds the work done."""
    databases = [Database(database_url, _Unit) for _ in range(8)]
    try:
        await asyncio.gather(*(one.migrate("oso_trafficcenter:migrations") for one in databases))
    finally:
        for one in databases:
            await one.close()


async def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    """A version that does not know the tables' form does not touch them."""
    async with _opened(database_url) as database:
        await database.migrate("oso_trafficcenter:migrations")
        await database.write(
            lambda unit: unit.do("UPDATE alembic_version SET version_num = '9999'")
        )

        with pytest.raises(SchemaError):
            await database.migrate("oso_trafficcenter:migrations")


@pytest.mark.usefixtures("an_open_umask")
async def test_a_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    """Whatever the umask, nobody else can read the database or what goes with it."""
    async with _opened(f"sqlite:///{tmp_path / 'a.sqlite'}") as database:
        await database.write(partial(_Unit.do, statement="CREATE TABLE number (n INTEGER)"))

        modes = _modes(tmp_path)

    assert dict.fromkeys(["a.sqlite", "a.sqlite-shm", "a.sqlite-wal"], 0o600) == modes


def _modes(folder: Path) -> dict[str, int]:
    return {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


@pytest.fixture
def an_open_umask() -> Iterator[None]:
    """Let new files be for everybody, as far as the umask goes."""
    before = os.umask(0)
    yield
    os.umask(before)
