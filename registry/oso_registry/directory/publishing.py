"""Versions of the directory: one for each transaction that changes it, without gaps.

Everything is written in the transaction of the change itself: there is no moment at which a change
holds and its version does not, and a change that cannot be told is not made. Nothing is signed
here; what is given out is signed where it is given out (`published`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import protovalidate
from sqlalchemy import delete, insert, select, update

from oso.directory.v1.directory_pb2 import Directory
from oso.directory.v1.directory_service_pb2 import DirectoryDelta
from oso_registry.directory.entries import (
    GENERAL,
    Kind,
    Place,
    affected,
    entries_at,
    everything,
    expired_since,
)
from oso_registry.directory.tables import DirectoryDeltaRow, DirectoryEntryRow, DirectoryStateRow
from oso_registry.store import microseconds_of, table_of
from oso_rpc.directory.view import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from oso_registry.store import Batch
    from oso_rpc.clock import Clock

# Who was away for longer than so many changes gets a snapshot, which is then the smaller one.
KEPT = 1000
_AT_ONCE = 1000
STATE, ENTRIES, DELTAS = map(table_of, (DirectoryStateRow, DirectoryEntryRow, DirectoryDeltaRow))


@dataclass(frozen=True)
class State:
    """Which version is the newest.

    Attributes:
        order: Its epoch and number.
        delta_sha256: Digest of the delta that led to it; empty in the first of an epoch.

    """

    order: Version
    delta_sha256: bytes


def state_of(connection: Connection) -> State | None:
    """Read which version is the newest; None before the first."""
    row = connection.execute(select(STATE)).mappings().one_or_none()
    if row is None:
        return None
    return State(Version(row["epoch"], row["version"]), bytes(row["delta_sha256"]))


class DirectoryPublisher:
    """Writes what follows from a change for the directory; a `store.Publisher`."""

    def __init__(self, clock: Clock) -> None:
        """Take the clock."""
        self._clock = clock

    def __call__(self, batch: Batch, touched: frozenset[str]) -> None:
        """Publish what changed with resources of these names; a version only if something did.

        Raises:
            protovalidate.ValidationError: No reader would take what the entry would be.

        """
        now = self._clock.now()
        if state_of(batch.connection) is None:
            self.complete(batch)
        else:
            self._publish(batch, affected(batch, touched), now)

    def complete(self, batch: Batch) -> None:
        """Publish all that is not as it was published: after an upgrade, or for the first time."""
        batch.send()
        known = _known(batch.connection)
        self._publish(batch, everything(batch) | known.keys(), self._clock.now())

    def is_due(self, batch: Batch, since: datetime) -> bool:
        """Tell whether something changed by time alone since a moment."""
        now = self._clock.now()
        made = entries_at(batch, [GENERAL], now)
        known = _known(batch.connection, [GENERAL])
        return made != known or bool(expired_since(batch, since, now))

    def elapse(self, batch: Batch, since: datetime) -> None:
        """Publish what changed by time alone since a moment: accepted years, and what expired."""
        now = self._clock.now()
        self._publish(batch, expired_since(batch, since, now) | {GENERAL}, now)

    def begin_epoch(self, batch: Batch) -> None:
        """Begin a new count of versions, for numbers may come a second time, as after a restore.

        Readers refuse what is of an older epoch from the first word of the new one on.
        """
        state = state_of(batch.connection)
        if state is not None:
            self._begin(batch.connection, state.order)

    def _begin(self, connection: Connection, before: Version) -> None:
        epoch = max(microseconds_of(self._clock.now()), before.epoch + 1)
        first = {"only": 1, "epoch": epoch, "version": before.number + 1, "delta_sha256": b""}
        for table in (STATE, DELTAS):
            connection.execute(delete(table))
        connection.execute(insert(STATE), first)

    def _publish(self, batch: Batch, places: set[Place], now: datetime) -> None:
        connection = batch.connection
        made = entries_at(batch, places, now)
        known = _known(connection, places)
        changed = {place: entry for place, entry in made.items() if entry != known.get(place)}
        state = state_of(connection)
        if not changed and state is not None:
            return
        _write_entries(connection, changed)
        if state is None:
            _require_sound(_delta(Version(1, 1), b"", changed, now))
            self._begin(connection, Version(0, 0))
            return
        order = Version(state.order.epoch, state.order.number + 1)
        delta = _delta(order, state.delta_sha256, changed, now)
        _require_sound(delta)
        _write_delta(connection, order, delta.SerializeToString(deterministic=True))


def _delta(
    order: Version, previous: bytes, changed: Mapping[Place, bytes | None], now: datetime
) -> DirectoryDelta:
    delta = DirectoryDelta(epoch=order.epoch, version=order.number, previous_sha256=previous)
    delta.issue_time.FromDatetime(now)
    lists: dict[Kind, tuple[Any, Any]] = {
        Kind.SCHOOL: (delta.schools, delta.removed_schools),
        Kind.SYSTEM: (delta.systems, delta.removed_systems),
        Kind.DELIVERY_POINT: (delta.delivery_points, delta.removed_delivery_points),
    }
    for place in sorted(changed):
        entry = changed[place]
        if place.kind is Kind.GENERAL:
            delta.general.SetInParent()
            delta.general.MergeFromString(entry or b"")
        elif entry is None:
            lists[place.kind][1].append(place.key)
        else:
            lists[place.kind][0].add().MergeFromString(entry)
    return delta


def _require_sound(delta: DirectoryDelta) -> None:
    """Refuse what readers would refuse: it would stop them all."""
    protovalidate.validate(delta)
    whole = Directory(version=delta.version, issue_time=delta.issue_time)
    whole.MergeFrom(delta.general)
    protovalidate.validate(whole)


def _known(connection: Connection, places: Iterable[Place] | None = None) -> dict[Place, bytes]:
    """Read entries as they were published: these, or all."""
    row = ENTRIES.c
    queries = [select(ENTRIES)]
    if places is not None:
        queries = [
            select(ENTRIES).where(row.kind == kind, row.key.in_(keys))
            for kind, keys in _by_kind(places)
        ]
    return {
        Place(Kind(found["kind"]), found["key"]): bytes(found["content"])
        for query in queries
        for found in connection.execute(query).mappings()
    }


def _write_entries(connection: Connection, changed: Mapping[Place, bytes | None]) -> None:
    for kind, keys in _by_kind(changed):
        connection.execute(delete(ENTRIES).where(ENTRIES.c.kind == kind, ENTRIES.c.key.in_(keys)))
    new = [
        {"kind": int(place.kind), "key": place.key, "content": entry}
        for place, entry in changed.items()
        if entry is not None
    ]
    if new:
        connection.execute(insert(ENTRIES), new)


def _write_delta(connection: Connection, order: Version, content: bytes) -> None:
    connection.execute(
        insert(DELTAS), {"version": order.number, "epoch": order.epoch, "content": content}
    )
    connection.execute(
        update(STATE).values(version=order.number, delta_sha256=hashlib.sha256(content).digest())
    )
    connection.execute(delete(DELTAS).where(DELTAS.c.version <= order.number - KEPT))


def _by_kind(places: Iterable[Place]) -> Iterator[tuple[int, Sequence[str]]]:
    """Give the keys of each kind, in lists that a statement can take."""
    keys: dict[int, list[str]] = {}
    for place in places:
        keys.setdefault(int(place.kind), []).append(place.key)
    for kind, some in keys.items():
        for start in range(0, len(some), _AT_ONCE):
            yield kind, some[start : start + _AT_ONCE]
