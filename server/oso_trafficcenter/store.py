"""What the Traffic Center keeps, and one transaction's work on it.

Writes of one transaction are gathered and sent as one statement per table at the end: with many
callers in one transaction (see `oso_store`) that is what makes durable decisions cheap. Until then
reads see them here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sqlalchemy import delete, func, insert, select, text, tuple_, update
from sqlalchemy.orm import class_mapper

from oso.trafficcenter.v1.session_pb2 import SessionEvent
from oso_rpc.clock import moment
from oso_store import statements
from oso_trafficcenter.model import (
    NotificationRecord,
    SessionRecord,
    moment_of,
    whole_microseconds,
)
from oso_trafficcenter.tables import (
    OPEN_SESSIONS,
    AnswerRow,
    EventRow,
    NotificationRow,
    SessionRow,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sqlalchemy import Connection, Table

    from oso.trafficcenter.v1.session_pb2 import SessionEventType

MIGRATIONS = "oso_trafficcenter:migrations"
# How many sessions expire, and answers go, in one transaction: others wait for it.
SWEPT_AT_ONCE = 500

# A mapper may stand on more than a table; each of these stands on one.
_SESSION = cast("Table", class_mapper(SessionRow).local_table)
_EVENT = cast("Table", class_mapper(EventRow).local_table)
_ANSWER = cast("Table", class_mapper(AnswerRow).local_table)
_NOTIFICATION = cast("Table", class_mapper(NotificationRow).local_table)

# What every decision needs is written out (`oso_store.statements`), for as many rows as there are:
# building these statements anew took SQLAlchemy longer than the databases take to do them. No value
# is ever part of the text, and the text is the same on both databases.
_COLUMNS = tuple(one.name for one in fields(SessionRecord))
# Places of the moments among them; every name that ends in `_time` is one.
_MOMENTS = tuple(place for place, name in enumerate(_COLUMNS) if name.endswith("_time"))
_CHANGEABLE = ("state", "close_time", "result", "source_routing_key", "manifest_sha256")
_ADD_SESSIONS = f"INSERT INTO session ({', '.join(_COLUMNS)}) VALUES {{}}"  # noqa: S608  names only
_CHANGE_SESSIONS = f"{_ADD_SESSIONS} ON CONFLICT (session_id) DO UPDATE SET " + ", ".join(
    f"{name} = excluded.{name}" for name in _CHANGEABLE
)
_ADD_ANSWERS = (
    "INSERT INTO answer (system_id, request_id, request_sha256, granted, content, create_time)"
    " VALUES {}"
)
_ADD_EVENTS = "INSERT INTO event (sequence, session_id, content) VALUES {}"
_FIND_SESSIONS = f"SELECT {', '.join(_COLUMNS)} FROM session WHERE session_id IN {{}}"  # noqa: S608  names only
# In a fixed order, so that two processes never wait for each other's locks. SQLite has one writer.
_LOCKED = {"postgresql": " ORDER BY session_id FOR UPDATE"}
_FIND_ANSWERS = (
    "SELECT system_id, request_id, request_sha256, granted, content FROM answer"
    " WHERE request_id IN {}"
)
_FIND_EVENTS = "SELECT session_id, content FROM event WHERE session_id IN {}"
_LAST_EVENT = "SELECT max(sequence) FROM event"
# Names the lock on the end of the journal, for PostgreSQL.
_JOURNAL_LOCK = 0x05_0A_11

Result = TypeVar("Result")


@dataclass(frozen=True)
class Answer:
    """What was answered under a request_id.

    Attributes:
        request_sha256: Digest of the request, to tell a repetition from another request.
        granted: Whether `content` is a response; otherwise a google.rpc.Status.
        content: The bytes.

    """

    request_sha256: bytes
    granted: bool
    content: bytes


@dataclass(frozen=True)
class Work(Generic[Result]):
    """Work in a transaction that says beforehand what it will read.

    Attributes:
        do: The work.
        session_id: Session it will ask for; empty for none.
        request: System and request_id whose answer it will ask for.

    """

    do: Callable[[Transaction], Result]
    session_id: str = ""
    request: tuple[str, str] | None = None

    def __call__(self, tx: Transaction) -> Result:
        """Do it."""
        return self.do(tx)


class Transaction:
    """One transaction's work: the unit of work of `oso_store`.

    On PostgreSQL several processes may serve. Their locks are always taken in the same order, so
    they never wait for each other in a circle: first the sessions, by id, in one query; then the
    end of the journal; then the new rows. The sweep skips sessions that are locked.
    """

    def __init__(self, connection: Connection) -> None:
        """Work on a connection."""
        self._connection = connection
        self._sessions: dict[str, SessionRecord | None] = {}
        self._new: set[str] = set()
        self._changed: set[str] = set()
        self._new_notifications: list[NotificationRecord] = []
        self._used_keys: dict[bytes, datetime] = {}
        self._answers: dict[tuple[str, str], Answer | None] = {}
        self._answer_rows: list[tuple[Any, ...]] = []
        self._event_rows: list[tuple[Any, ...]] = []
        self._last_sequence: int | None = None

    def foresee(self, works: Sequence[Callable[[Transaction], Any]]) -> None:
        """Read what the works will ask for: one query for all sessions, one for all answers.

        With sixteen callers in a transaction this saves most of its queries, and each query is a
        chance to wait for the interpreter's lock.
        """
        known = [work for work in works if isinstance(work, Work)]
        self._load_sessions({work.session_id for work in known if work.session_id})
        self._load_answers({work.request for work in known if work.request is not None})

    def _load_sessions(self, session_ids: set[str]) -> None:
        if not session_ids:
            return
        self._sessions.update(dict.fromkeys(session_ids))
        locked = _LOCKED.get(self._connection.dialect.name, "")
        for row in self._find(_FIND_SESSIONS + locked, session_ids):
            self._sessions[row[0]] = _record(row)

    def _load_answers(self, requests: set[tuple[str, str]]) -> None:
        if not requests:
            return
        self._answers.update(dict.fromkeys(requests))
        found = self._find(_FIND_ANSWERS, {request_id for _, request_id in requests})
        for system_id, request_id, digest, granted, content in found:
            self._answers[system_id, request_id] = Answer(digest, bool(granted), content)

    def _find(self, statement: str, ids: set[str]) -> Sequence[Any]:
        text_of_all = statement.format(statements.listed(self._connection, len(ids)))
        return statements.run(self._connection, text_of_all, tuple(ids))

    def session(self, session_id: str) -> SessionRecord | None:
        """Find a session; on PostgreSQL it is locked until the end of the transaction."""
        if session_id not in self._sessions:
            self._load_sessions({session_id})
        return self._sessions[session_id]

    def look_up(self, session_id: str) -> SessionRecord | None:
        """Find a session to show, not to change: without a lock."""
        rows = self._find(_FIND_SESSIONS, {session_id})
        return _record(rows[0]) if rows else None

    def look_up_all(self, session_ids: set[str]) -> dict[str, SessionRecord]:
        """Find many sessions to show, by id; those that are not there are left out."""
        rows = self._find(_FIND_SESSIONS, session_ids) if session_ids else ()
        return {row[0]: _record(row) for row in rows}

    def add_session(self, record: SessionRecord) -> None:
        """Add a new session."""
        self._sessions[record.session_id] = record
        self._new.add(record.session_id)

    def change_session(self, record: SessionRecord) -> None:
        """Put a changed session in the place of the one that was read."""
        self._sessions[record.session_id] = record
        if record.session_id not in self._new:
            self._changed.add(record.session_id)

    def lapsed_sessions(self, now: datetime, limit: int = SWEPT_AT_ONCE) -> list[SessionRecord]:
        """Find open sessions whose time is over, the oldest first."""
        query = (
            select(*(_SESSION.c[name] for name in _COLUMNS))
            .where(text(OPEN_SESSIONS))
            .where(_SESSION.c.expire_time <= whole_microseconds(now))
            .order_by(_SESSION.c.expire_time)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        rows = self._connection.execute(query).all()
        found = [_record(row) for row in rows if row.session_id not in self._sessions]
        self._sessions.update({record.session_id: record for record in found})
        return found

    def add_notification(self, record: NotificationRecord) -> None:
        """Add a new notification."""
        self._new_notifications.append(record)

    def coupling_key(self, sha256: bytes) -> NotificationRecord | None:
        """Find the notification a coupling key was handed out with, by the digest of the key."""
        found = next(
            (one for one in self._new_notifications if one.coupling_sha256 == sha256), None
        )
        if found is None:
            query = select(_NOTIFICATION).where(_NOTIFICATION.c.coupling_sha256 == sha256)
            row = self._connection.execute(query).mappings().first()
            found = _notification(dict(row)) if row and sha256 else None
        if found is not None and sha256 in self._used_keys:
            return replace(found, use_time=self._used_keys[sha256])
        return found

    def use_coupling_key(self, sha256: bytes, now: datetime) -> None:
        """Write down that the dossier of a coupling key was delivered."""
        self._used_keys[sha256] = now

    def notifications_between(
        self, source_brin: str, target_routing_key: str, since: datetime
    ) -> Counter[str]:
        """Count what a source reported for a target since a moment, by session."""
        between = (source_brin, target_routing_key)
        query = (
            select(_NOTIFICATION.c.session_id, func.count())
            .where(_NOTIFICATION.c.source_brin == source_brin)
            .where(_NOTIFICATION.c.target_routing_key == target_routing_key)
            .where(_NOTIFICATION.c.issue_time >= whole_microseconds(since))
            .group_by(_NOTIFICATION.c.session_id)
        )
        found: Counter[str] = Counter()
        for session_id, count in self._connection.execute(query).all():
            found[session_id] = count
        found.update(
            one.session_id
            for one in self._new_notifications
            if (one.source_brin, one.target_routing_key) == between
        )
        return found

    def count_reports(
        self, session_id: str, kind: SessionEventType.ValueType, since: datetime
    ) -> int:
        """Count the lines of a kind in a session since a moment that were no refusals."""
        query = select(_EVENT.c.content).where(_EVENT.c.session_id == session_id)
        contents = [*self._connection.execute(query).scalars()]
        contents += [content for _, of, content in self._event_rows if of == session_id]
        lines = map(SessionEvent.FromString, contents)
        return sum(
            one.type == kind and not one.refused and moment(one.time) >= since for one in lines
        )

    def forget_notifications(self, before: datetime) -> None:
        """Drop notifications that were reported before a moment."""
        self._connection.execute(
            delete(_NOTIFICATION).where(_NOTIFICATION.c.issue_time < whole_microseconds(before))
        )

    def record(self, session_id: str, event: SessionEvent) -> None:
        """Add a line to the journal; it gets the next number."""
        if self._last_sequence is None:
            self._last_sequence = self._end_of_journal()
        self._last_sequence += 1
        event.sequence = self._last_sequence
        content = event.SerializeToString(deterministic=True)
        self._event_rows.append((self._last_sequence, session_id, content))

    def _end_of_journal(self) -> int:
        if self._connection.dialect.name == "postgresql":
            # One process at a time writes at the end; a sequence of the database would leave gaps.
            self._connection.execute(
                text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _JOURNAL_LOCK}
            )
        return self.last_sequence()

    def events(self, session_id: str, after: int, limit: int) -> list[SessionEvent]:
        """Read the lines of a session from number `after` on (not included)."""
        query = (
            select(_EVENT.c.content)
            .where(_EVENT.c.session_id == session_id, _EVENT.c.sequence > after)
            .order_by(_EVENT.c.sequence)
            .limit(limit)
        )
        return [SessionEvent.FromString(row) for row in self._connection.execute(query).scalars()]

    def journal(self, after: int, limit: int) -> list[tuple[str, SessionEvent]]:
        """Read the journal from number `after` on (not included): session id and line."""
        query = (
            select(_EVENT.c.session_id, _EVENT.c.content)
            .where(_EVENT.c.sequence > after)
            .order_by(_EVENT.c.sequence)
            .limit(limit)
        )
        rows = self._connection.execute(query).all()
        return [(session_id, SessionEvent.FromString(content)) for session_id, content in rows]

    def events_of_all(self, session_ids: set[str]) -> list[tuple[str, SessionEvent]]:
        """Read all lines of many sessions: session id and line, in no order."""
        rows = self._find(_FIND_EVENTS, session_ids) if session_ids else ()
        return [(session_id, SessionEvent.FromString(content)) for session_id, content in rows]

    def last_sequence(self) -> int:
        """Give the number of the last line of the journal; 0 while there is none."""
        ((last,),) = statements.run(self._connection, _LAST_EVENT)
        return int(last or 0)

    def answer(self, system_id: str, request_id: str) -> Answer | None:
        """Find what was answered under a request_id."""
        if (system_id, request_id) not in self._answers:
            self._load_answers({(system_id, request_id)})
        return self._answers[system_id, request_id]

    def add_answer(self, system_id: str, request_id: str, answer: Answer, now: datetime) -> None:
        """Keep what is answered under a request_id."""
        self._answers[system_id, request_id] = answer
        made = (answer.request_sha256, answer.granted, answer.content, whole_microseconds(now))
        self._answer_rows.append((system_id, request_id, *made))

    def forget_answers(self, before: datetime, limit: int = SWEPT_AT_ONCE) -> int:
        """Drop answers given before a moment, the oldest first; give how many."""
        key = (_ANSWER.c.request_id, _ANSWER.c.system_id)
        oldest = (
            select(*key)
            .where(_ANSWER.c.create_time < whole_microseconds(before))
            .order_by(_ANSWER.c.create_time)
            .limit(limit)
        )
        return self._connection.execute(delete(_ANSWER).where(tuple_(*key).in_(oldest))).rowcount

    def flush(self) -> None:
        """Send what was gathered."""
        self._send(_ADD_SESSIONS, [_row(self._sessions[one]) for one in self._new])
        self._send(_CHANGE_SESSIONS, [_row(self._sessions[one]) for one in self._changed])
        self._flush_notifications()
        self._send(_ADD_ANSWERS, self._answer_rows)
        self._send(_ADD_EVENTS, self._event_rows)
        self._new, self._changed = set(), set()
        self._answer_rows, self._event_rows = [], []

    def _flush_notifications(self) -> None:
        if self._new_notifications:
            rows = [_stored(one) for one in self._new_notifications]
            self._connection.execute(insert(_NOTIFICATION), rows)
            self._new_notifications = []
        for sha256, now in self._used_keys.items():
            self._connection.execute(
                update(_NOTIFICATION)
                .where(_NOTIFICATION.c.coupling_sha256 == sha256)
                .values(use_time=whole_microseconds(now))
            )
        self._used_keys = {}

    def _send(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        if rows:
            holders = statements.rows(self._connection, len(rows), len(rows[0]))
            values = tuple(chain.from_iterable(rows))
            statements.run(self._connection, statement.format(holders), values)


def _row(record: SessionRecord | None) -> list[Any]:
    """Give a session as a row, in the order of `_COLUMNS`."""
    if record is None:
        raise ValueError("a session that does not exist cannot be written")
    row = list(record.__dict__.values())
    for place in _MOMENTS:
        if row[place] is not None:
            row[place] = whole_microseconds(row[place])
    return row


def _record(row: Sequence[Any]) -> SessionRecord:
    """Give a row, in the order of `_COLUMNS`, as a session."""
    values = list(row)
    for place in _MOMENTS:
        if values[place] is not None:
            values[place] = moment_of(values[place])
    return SessionRecord(*values)


def _stored(record: NotificationRecord) -> dict[str, Any]:
    """Give a notification as it is stored."""
    return {
        name: whole_microseconds(value) if isinstance(value, datetime) else value
        for name, value in record.__dict__.items()
    }


def _notification(stored: Mapping[str, Any]) -> NotificationRecord:
    """Give what is stored as a notification."""
    made: dict[str, Any] = {
        name: moment_of(value) if name.endswith("_time") and value is not None else value
        for name, value in stored.items()
    }
    return NotificationRecord(**made)
