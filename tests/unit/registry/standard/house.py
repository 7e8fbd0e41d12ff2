"""An OfficeHeart on its first day, in a database in memory, and whoever may call it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy import create_engine
from sqlmodel import SQLModel

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1.dossier_year_pb2 import DossierYear
from oso_registry.calls import OFFICE, Caller
from oso_registry.standard.initial import initial_standard
from oso_registry.store import Batch, Transaction
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
REGISTRAR = Caller("registrar", roles.ROLE_REGISTRAR)
AUDITOR = Caller("auditor", roles.ROLE_AUDITOR)
HELPDESK = Caller("helpdesk", roles.ROLE_HELPDESK)
LAS = Caller("las", roles.ROLE_LAS, "suppliers/00000099000000901000")
SUPPLIER = Caller("supplier", roles.ROLE_SUPPLIER, "suppliers/00000099000000901000")


def at(days: float) -> Timestamp:
    """Give the moment so many days from now."""
    moment = Timestamp()
    moment.FromDatetime(NOW + timedelta(days=days))
    return moment


def year(start: float | None = None, end: float | None = None, name: str = "") -> DossierYear:
    """Make a year that is accepted from one day to another, counted from now."""
    made = DossierYear(name=f"dossierYears/{name}" if name else "")
    if start is not None:
        made.start_time.CopyFrom(at(start))
    if end is not None:
        made.end_time.CopyFrom(at(end))
    return made


def refusal(error: OsoError) -> str:
    """Give the reason of a refusal, and its data or the fields that are wrong."""
    fields = " ".join(f"{field}: {text}" for field, text in error.violations)
    data = " ".join(f"{name}={value}" for name, value in error.metadata.items())
    return f"{error.name} {fields or data}".strip()


def outcome(work: Callable[..., object], *arguments: Any, **named: Any) -> str:
    """Call something; give why it was refused, empty when it was not."""
    try:
        work(*arguments, **named)
    except OsoError as error:
        return refusal(error)
    return ""


class House:
    """The OfficeHeart."""

    def __init__(self) -> None:
        """Found it, three months ago."""
        self._connection = create_engine("sqlite://").connect()
        _database_of(self._connection).deserialize(_founded())
        self.batch = Batch(self._connection)

    def call(self, caller: Caller = REGISTRAR, days: float = 0) -> Transaction:
        """Let somebody work, some days from now."""
        return Transaction(self.batch, caller, NOW + timedelta(days=days))

    def close(self) -> None:
        """Forget it."""
        self.batch.session.close()
        _close(self._connection)


@cache
def _founded() -> bytes:
    """Found one, for all tests; give its database."""
    connection = create_engine("sqlite://").connect()
    SQLModel.metadata.create_all(connection)
    batch = Batch(connection)
    initial_standard(Transaction(batch, OFFICE, NOW - timedelta(days=90)))
    batch.flush()
    batch.session.close()
    connection.commit()
    content: bytes = _database_of(connection).serialize()
    _close(connection)
    return content


def _database_of(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _close(connection: Connection) -> None:
    connection.close()
    connection.engine.dispose()
