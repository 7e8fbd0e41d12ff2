"""Bringing tables to their newest form, with Alembic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

if TYPE_CHECKING:
    from sqlalchemy import Connection, MetaData

# Names the lock on the tables' form, for PostgreSQL.
_LOCK = 0x05_0A_10


class SchemaError(Exception):
    """The database was made by a newer version than this one; it is left alone."""


def upgrade(connection: Connection, script_location: str, revision: str = "head") -> None:
    """Run the migrations a database has not had yet, inside the caller's transaction.

    Args:
        connection: To the database.
        script_location: Alembic's scripts, such as `oso_las:migrations`.
        revision: How far to go; the newest form unless said otherwise.

    Raises:
        SchemaError: It has had migrations this version does not know.

    """
    # Alembic takes a third of a second to import; commands that change no tables should not wait
    # for it.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", script_location)
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    if connection.dialect.name == "postgresql":
        # Two processes that start together: the second waits, and finds the work done.
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    have = MigrationContext.configure(connection).get_current_revision()
    if have == scripts.get_current_head():
        return
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise SchemaError(str(error)) from error


def run_env(metadata: MetaData) -> None:
    """Run the scripts on the connection at hand, for each system's `migrations/env.py`."""
    from alembic import context  # noqa: PLC0415

    context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
    context.run_migrations()
