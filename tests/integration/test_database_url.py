"""The databases that other tests stand on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from oso_store import Database, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from sqlalchemy import Connection


class _Raw:
    """A unit of work that is no more than its connection."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def foresee(self, works: Sequence[Callable[[_Raw], object]]) -> None:
        """Need nothing in advance."""

    def flush(self) -> None:
        """Keep nothing back."""

    def do(self, statement: str) -> list[object]:
        result = self.connection.execute(text(statement))
        return [row[0] for row in result] if result.returns_rows else []


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database[_Raw]]:
    database = Database(url, _Raw)
    await database.start()
    try:
        yield database
    finally:
        await database.close()


async def test_what_is_written_can_be_read(database_url: str) -> None:
    """A row written in one transaction is there for the next reader."""
    async with _opened(database_url) as database:
        await database.write(lambda unit: unit.do("CREATE TABLE pupil_count (n INTEGER)"))
        await database.write(lambda unit: unit.do("INSERT INTO pupil_count VALUES (7)"))

        assert [7] == await database.read(lambda unit: unit.do("SELECT n FROM pupil_count"))


async def test_each_test_has_its_own(database_url: str) -> None:
    """A table that another test made is not there."""
    async with _opened(database_url) as database:
        with pytest.raises(StoreUnavailableError):
            await database.read(lambda unit: unit.do("SELECT n FROM pupil_count"))


async def test_a_neighbours_fault_costs_nobody_else_a_write(database_url: str) -> None:
    """Of writes committed together, the one that fails leaves nothing and the others stand."""
    async with _opened(database_url) as database:
        await database.write(lambda unit: unit.do("CREATE TABLE kept (n INTEGER NOT NULL)"))
        statements = [
            "INSERT INTO kept VALUES (1)",
            "INSERT INTO kept VALUES (NULL)",
            "INSERT INTO kept VALUES (3)",
        ]

        outcomes = await asyncio.gather(
            *(database.write(partial(_Raw.do, statement=one)) for one in statements),
            return_exceptions=True,
        )

        assert [True, False, True] == [not isinstance(one, Exception) for one in outcomes]
        assert [1, 3] == await database.read(lambda unit: unit.do("SELECT n FROM kept ORDER BY n"))
