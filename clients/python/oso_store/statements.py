"""Statements written out, for what a system does thousands of times a minute.

They go to SQLite's driver without SQLAlchemy in between, whose result objects cost more than the
statements. And they take as many rows as there are: sixteen rows in one statement are one call of
the database; sixteen executions are sixteen, and each gives the interpreter's lock away and has to
wait for it again.

The text of such a statement depends on the number of rows and on the driver, and on nothing a
caller sent. At most 32,000 values fit in one (SQLite's limit is 32,766, PostgreSQL's 32,767).
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection


def run(
    connection: Connection, statement: str, values: tuple[Any, ...] = ()
) -> Sequence[Sequence[Any]]:
    """Run a statement with the placeholders of `rows` and `listed`; give the rows it returns.

    Values come as the driver has them: on SQLite a boolean is 0 or 1.

    Raises:
        sqlite3.Error: SQLite failed.
        SQLAlchemyError: PostgreSQL failed.

    """
    driver = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        return driver.execute(statement, values).fetchall()
    result = connection.exec_driver_sql(statement, values)
    return result.all() if result.returns_rows else []


def rows(connection: Connection, count: int, width: int) -> str:
    """Give the placeholders of rows: `(?, ?), (?, ?)`, or as the driver wants them."""
    return _rows(connection.dialect.paramstyle, count, width)


def listed(connection: Connection, count: int) -> str:
    """Give the placeholders of a list of values: `(?, ?)`, or as the driver wants them."""
    return _rows(connection.dialect.paramstyle, 1, count)


@cache
def _rows(style: str, count: int, width: int) -> str:
    def one(number: int) -> str:
        return "?" if style == "qmark" else f"${number}"

    return ", ".join(
        "(" + ", ".join(one(row * width + column + 1) for column in range(width)) + ")"
        for row in range(count)
    )
