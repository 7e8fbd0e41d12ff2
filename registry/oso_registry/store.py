"""What OfficeHeart keeps, and one transaction's work on it.

A `Collection` joins a message of the contract with the table its resources lie in. A `Transaction`
reads and writes resources as messages; every change gets its line in the audit trail in the same
transaction, and its name is noted for the directory.

Writes are gathered and sent as one statement per table: importing the country's schools is a
handful of statements. Reads see what waits.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast

from google.protobuf.message import Message
from sqlalchemy import bindparam, delete, insert, select, text, update
from sqlalchemy.orm import class_mapper
from sqlmodel import Session

from oso.result.v1.result_code_pb2 import RESULT_CODE_RESOURCE_UNKNOWN
from oso_registry.columns import columns_of
from oso_registry.tables import AuditRow
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from oso_registry.calls import Caller
    from oso_registry.tables import ResourceRow

MIGRATIONS = "oso_registry:migrations"
# Names the lock on everything, for PostgreSQL: who takes part changes seldom, and one writer at a
# time keeps versions of the directory without gaps and etags honest.
_LOCK = 0x05_0A_12
# SQLite takes 32,766 values in a statement.
_AT_ONCE = 1000

M = TypeVar("M", bound=Message)


def table_of(row: type[Any]) -> Table:
    """Give the table of a SQLModel class."""
    return cast("Table", class_mapper(row).local_table)


class Collection(Generic[M]):
    """One kind of resource: its message and the table its columns lie in.

    The table has a column for each field of the message, of the same name (`columns.columns_of`);
    it may have more, for searching: `extra` gives their values.

    Attributes:
        message: The message's class.
        table: Its table.
        output_only: Fields a request cannot set (AIP-203).
        derived: Fields that follow from the rest, and are not kept.

    """

    def __init__(
        self,
        message: type[M],
        row: type[ResourceRow],
        *,
        output_only: Iterable[str] = (),
        derived: Iterable[str] = (),
        extra: Callable[[M], dict[str, Any]] | None = None,
    ) -> None:
        """Join a message with a table.

        Raises:
            TypeError: A field has no column.

        """
        self.message = message
        self.table = table_of(row)
        self.derived = frozenset(derived)
        self.output_only = self.derived | {
            *output_only,
            "name",
            "etag",
            "create_time",
            "update_time",
        }
        self._columns = [one for one in columns_of(message) if one.name not in self.derived]
        self._extra = extra
        if missing := {one.name for one in self._columns} - set(self.table.c.keys()):
            raise TypeError(f"{self.table.name} has no column for {sorted(missing)}")

    def row(self, message: M) -> dict[str, Any]:
        """Give the values of a message's row."""
        values = {column.name: column.given(message) for column in self._columns}
        if self._extra is not None:
            values |= self._extra(message)
        return values

    def read(self, row: Any) -> M:
        """Make the message of a row."""
        message = self.message()
        for column in self._columns:
            column.taken(message, row[column.name])
        return message


class Publisher(Protocol):
    """Told, before the commit, which resources a transaction changed."""

    def __call__(self, batch: Batch, touched: frozenset[str]) -> None:
        """Write what follows from it, in the same transaction."""
        ...


class Batch:
    """The unit of work of `oso_store`: what one transaction of the database reads and writes."""

    def __init__(self, connection: Connection, publish: Publisher | None = None) -> None:
        """Work on a connection; `publish` is told of changes before the commit."""
        self.connection = connection
        self.session = Session(connection, autoflush=False)
        self._publish = publish
        self._known: dict[tuple[str, str], Any] = {}
        self._new: dict[tuple[str, str], Collection[Any]] = {}
        self._changed: dict[tuple[str, str], Collection[Any]] = {}
        self._removed: dict[tuple[str, str], Collection[Any]] = {}
        self._audit: list[dict[str, Any]] = []
        self._touched: set[str] = set()

    def foresee(self, _works: Sequence[Callable[[Any], Any]]) -> None:
        """Let nobody else write until the end of this transaction."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})

    def flush(self) -> None:
        """Send what waits to the database, and publish what follows from it."""
        self.send()
        if self._publish is not None and self._touched:
            self._publish(self, frozenset(self._touched))
            self.send()
        self._touched.clear()

    def send(self) -> None:
        """Send what waits to the database; one statement per table."""
        self.session.flush()
        for group in _by_table(self._removed):
            table = group[0][1].table
            self.connection.execute(
                delete(table).where(table.c.name == bindparam("of")),
                [{"of": name} for (_, name), _ in group],
            )
        for group in _by_table(self._new):
            self.connection.execute(insert(group[0][1].table), self._rows(group))
        for group in _by_table(self._changed):
            table = group[0][1].table
            values: dict[str, Any] = {one.name: bindparam(one.name) for one in table.c}
            del values["name"]
            self.connection.execute(
                update(table).where(table.c.name == bindparam("of")).values(values),
                [{"of": row.pop("name"), **row} for row in self._rows(group)],
            )
        if self._audit:
            self.connection.execute(insert(table_of(AuditRow)), self._audit)
        for gathered in (self._removed, self._new, self._changed, self._audit):
            gathered.clear()

    def _rows(self, group: list[tuple[tuple[str, str], Collection[Any]]]) -> list[dict[str, Any]]:
        return [collection.row(self._known[key]) for key, collection in group]

    def get(self, collection: Collection[M], name: str) -> M | None:
        """Find a resource; the message is the caller's own to change."""
        key = (collection.table.name, name)
        if key not in self._known:
            self.load(collection, [name])
        found = self._known[key]
        return None if found is None else _copy(found)

    def load(self, collection: Collection[M], names: Iterable[str]) -> None:
        """Read many resources at once, for `get` to find."""
        kind, table = collection.table.name, collection.table
        wanted = [name for name in dict.fromkeys(names) if (kind, name) not in self._known]
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            self._known.update({(kind, name): None for name in some})
            rows = self.connection.execute(select(table).where(table.c.name.in_(some))).mappings()
            for row in rows:
                self._known[kind, row["name"]] = collection.read(row)

    def list(
        self,
        collection: Collection[M],
        *where: ColumnElement[bool],
        after: str = "",
        limit: int | None = None,
    ) -> list[M]:
        """List resources by name, from `after` on (not included)."""
        self.send()
        table = collection.table
        query = select(table).where(*where).order_by(table.c.name).limit(limit)
        if after:
            query = query.where(table.c.name > after)
        return [collection.read(row) for row in self.connection.execute(query).mappings()]

    def put(self, collection: Collection[M], message: M) -> M | None:
        """Write a resource; give how it was before, None when it was not there."""
        name = _name(message)
        key = (collection.table.name, name)
        before = self.get(collection, name)
        self._known[key] = _copy(message)
        if key in self._removed:
            del self._removed[key]
            self._changed[key] = collection
        elif before is None:
            self._new[key] = collection
        elif key not in self._new:
            self._changed[key] = collection
        self._touched.add(name)
        return before

    def remove(self, collection: Collection[M], name: str) -> M | None:
        """Take a resource away; give how it was, None when it was not there."""
        key = (collection.table.name, name)
        before = self.get(collection, name)
        if before is None:
            return None
        self._known[key] = None
        self._changed.pop(key, None)
        if self._new.pop(key, None) is None:
            self._removed[key] = collection
        self._touched.add(name)
        return before

    def record(self, **entry: Any) -> None:
        """Add a line to the audit trail."""
        self._audit.append(entry)


class Transaction:
    """What one call does: its reads and writes, who asks, and when.

    Attributes:
        caller: Who asks.
        now: The moment of the work; every time it writes is this one.
        batch: The transaction of the database it is part of, perhaps with others' work.

    """

    def __init__(
        self, batch: Batch, caller: Caller, now: datetime, method: str = "", request_id: str = ""
    ) -> None:
        """Work in a batch on behalf of a caller."""
        self.batch = batch
        self.caller = caller
        self.now = now
        self._method = method
        self._request_id = request_id

    @property
    def session(self) -> Session:
        """The session, for queries on tables that hold no resources."""
        return self.batch.session

    def get(self, collection: Collection[M], name: str) -> M | None:
        """Find a resource; the message is the caller's own to change."""
        return self.batch.get(collection, name)

    def require(self, collection: Collection[M], name: str) -> M:
        """Find a resource.

        Raises:
            OsoError: RESOURCE_UNKNOWN.

        """
        found = self.batch.get(collection, name)
        if found is None:
            raise OsoError(RESULT_CODE_RESOURCE_UNKNOWN, resource=name)
        return found

    def load(self, collection: Collection[M], names: Iterable[str]) -> None:
        """Read many resources at once, for `get` to find."""
        self.batch.load(collection, names)

    def list(
        self,
        collection: Collection[M],
        *where: ColumnElement[bool],
        after: str = "",
        limit: int | None = None,
    ) -> list[M]:
        """List resources by name, from `after` on (not included)."""
        return self.batch.list(collection, *where, after=after, limit=limit)

    def put(self, collection: Collection[M], message: M, *, renew: bool = False) -> M:
        """Write a resource and its line in the audit trail; give it with its new etag and times.

        A resource that would not change is left as it is: no line, no new etag. With `renew` it
        gets both all the same, because something that belongs to it changed.
        """
        written: Any = _copy(message)
        for field in collection.derived:
            written.ClearField(field)
        known: Any = self.batch.get(collection, written.name)
        if known is None:
            written.etag = ""
            written.create_time.FromDatetime(self.now)
        else:
            written.create_time.CopyFrom(known.create_time)
            written.update_time.CopyFrom(known.update_time)
            written.etag = known.etag
            if written == known and not renew:
                return cast("M", written)
        written.update_time.FromDatetime(self.now)
        written.etag = _etag(written)
        before = self.batch.put(collection, written)
        self._record(written.name, before, written)
        return cast("M", written)

    def remove(self, collection: Collection[M], name: str) -> None:
        """Take a resource away, and write its line in the audit trail."""
        before = self.batch.remove(collection, name)
        if before is not None:
            self._record(name, before, None)

    def note(self, name: str) -> None:
        """Write a line in the audit trail about a resource that itself stays as it is."""
        self._record(name, None, None)

    def _record(self, name: str, before: Message | None, after: Message | None) -> None:
        either = after if after is not None else before
        self.batch.record(
            time=microseconds_of(self.now),
            system_id=self.caller.system_id,
            method=self._method,
            request_id=self._request_id,
            resource=name,
            message_type=either.DESCRIPTOR.full_name if either is not None else "",
            before=None if before is None else before.SerializeToString(deterministic=True),
            after=None if after is None else after.SerializeToString(deterministic=True),
        )


def microseconds_of(moment: datetime) -> int:
    """Give an aware moment in microseconds since 1970; exact."""
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _copy(message: M) -> M:
    made = type(message)()
    made.CopyFrom(message)
    return made


def _name(message: Any) -> str:
    return str(message.name)


def _etag(message: Message) -> str:
    """Make an etag: the same content at the same moment has the same one."""
    return hashlib.sha256(message.SerializeToString(deterministic=True)).hexdigest()[:16]


def _by_table(
    gathered: dict[tuple[str, str], Collection[Any]],
) -> list[list[tuple[tuple[str, str], Collection[Any]]]]:
    groups: dict[str, list[tuple[tuple[str, str], Collection[Any]]]] = {}
    for one in gathered.items():
        groups.setdefault(one[0][0], []).append(one)
    return list(groups.values())
