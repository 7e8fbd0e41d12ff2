"""The newest version of the directory, as it was read from the database. Values, never changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from oso.directory.v1.directory_pb2 import CERTIFICATE_STATUS_REVOKED, System
from oso.directory.v1.directory_service_pb2 import (
    DirectoryDelta,
    SignedDirectoryDelta,
    WatchDirectoryResponse,
)
from oso_registry.directory.entries import GENERAL, Kind, Place
from oso_registry.directory.publishing import DELTAS, ENTRIES, State, state_of
from oso_rpc.directory.signed import DELTA_DOMAIN
from oso_rpc.directory.view import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from oso_registry.store import Batch
    from oso_rpc.signing import Signer

# A message may have 4 MiB; a change that is larger goes as a snapshot.
_LARGEST_DELTA = 3 * 1024 * 1024
_KEPT_BYTES = 16 * 1024 * 1024
_NO_STATE = State(Version(0, 0), b"")


@dataclass(frozen=True)
class Contents:
    """The newest version, and how it came about.

    Attributes:
        state: Which version.
        entries: Its entries.
        revoked: Thumbprints of certificates that were revoked, now or in a version before.
        deltas: The last deltas as they are sent, by version.

    """

    state: State = _NO_STATE
    entries: Mapping[Place, bytes] = field(default_factory=dict)
    revoked: frozenset[bytes] = frozenset()
    deltas: Mapping[int, WatchDirectoryResponse] = field(default_factory=dict)

    def since(self, order: Version, delta_sha256: bytes) -> list[WatchDirectoryResponse] | None:
        """Give the deltas that lead here from a version; None when there are none to send."""
        if order.epoch != self.state.order.epoch or order.number > self.state.order.number:
            return None
        if order.number == self.state.order.number:
            return [] if delta_sha256 == self.state.delta_sha256 else None
        numbers = range(order.number + 1, self.state.order.number + 1)
        if any(number not in self.deltas for number in (numbers[0], numbers[-1])):
            return None
        first = DirectoryDelta.FromString(self.deltas[numbers[0]].delta.delta)
        if first.previous_sha256 != delta_sha256:
            return None  # it has another change under this number
        found = [self.deltas[number] for number in numbers]
        too_large = any(one.ByteSize() > _LARGEST_DELTA for one in found)
        return None if too_large else found


@dataclass(frozen=True)
class Found:
    """What was read: all entries, or only what changed."""

    state: State
    deltas: Sequence[bytes]
    entries: Mapping[Place, bytes] | None

    def after(self, known: Contents, signer: Signer) -> Contents:
        """Make the contents it leads to."""
        parsed = [DirectoryDelta.FromString(delta) for delta in self.deltas]
        signed = {
            delta.version: _signed(content, signer)
            for delta, content in zip(parsed, self.deltas, strict=True)
        }
        if self.entries is not None:
            systems = [
                System.FromString(content)
                for place, content in self.entries.items()
                if place.kind is Kind.SYSTEM
            ]
            return Contents(
                self.state, self.entries, known.revoked | _revoked(systems), _newest(signed)
            )
        entries, revoked = dict(known.entries), known.revoked
        for delta in parsed:
            _apply(entries, delta)
            revoked |= _revoked(delta.systems)
        return Contents(
            self.state,
            entries,
            revoked,
            _newest({**known.deltas, **signed}),
        )


def read(batch: Batch, known: State) -> Found | None:
    """Read what is new; None when nothing is."""
    connection = batch.connection
    if connection.dialect.name == "postgresql":
        # SQLite's transactions see one moment anyhow.
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    state = state_of(connection)
    if state is None or state == known:
        return None
    query = select(DELTAS.c.content).order_by(DELTAS.c.version)
    if state.order.epoch == known.order.epoch:
        query = query.where(DELTAS.c.version > known.order.number)
        deltas = [bytes(content) for content in connection.execute(query).scalars()]
        if len(deltas) == state.order.number - known.order.number and (
            _previous(deltas[0]) == known.delta_sha256
        ):
            return Found(state, deltas, None)
    everything = select(DELTAS.c.content).order_by(DELTAS.c.version)
    deltas = [bytes(content) for content in connection.execute(everything).scalars()]
    entries = {
        Place(Kind(row.kind), row.key): bytes(row.content)
        for row in connection.execute(select(ENTRIES))
    }
    return Found(state, deltas, entries)


def _previous(delta: bytes) -> bytes:
    return DirectoryDelta.FromString(delta).previous_sha256


def _signed(content: bytes, signer: Signer) -> WatchDirectoryResponse:
    return WatchDirectoryResponse(
        delta=SignedDirectoryDelta(
            delta=content, signature=signer.sign(DELTA_DOMAIN, content), key_id=signer.key_id
        )
    )


def _newest(deltas: Mapping[int, WatchDirectoryResponse]) -> dict[int, WatchDirectoryResponse]:
    """Keep the newest deltas, as many as memory is given for."""
    kept: dict[int, WatchDirectoryResponse] = {}
    size = 0
    for version in sorted(deltas, reverse=True):
        size += deltas[version].ByteSize()
        if size > _KEPT_BYTES:
            break
        kept[version] = deltas[version]
    return kept


def _apply(entries: dict[Place, bytes], delta: DirectoryDelta) -> None:
    removed = {
        Kind.SCHOOL: delta.removed_schools,
        Kind.SYSTEM: delta.removed_systems,
        Kind.DELIVERY_POINT: delta.removed_delivery_points,
    }
    for kind, keys in removed.items():
        for key in keys:
            entries.pop(Place(kind, key), None)
    new: list[tuple[Place, Any]] = [
        *((Place(Kind.SCHOOL, one.brin), one) for one in delta.schools),
        *((Place(Kind.SYSTEM, one.system_id), one) for one in delta.systems),
        *((Place(Kind.DELIVERY_POINT, one.routing_key), one) for one in delta.delivery_points),
    ]
    if delta.HasField("general"):
        new.append((GENERAL, delta.general))
    for place, entry in new:
        entries[place] = entry.SerializeToString(deterministic=True)


def _revoked(systems: Iterable[System]) -> frozenset[bytes]:
    return frozenset(
        certificate.sha256
        for system in systems
        for certificate in system.certificates
        if certificate.status == CERTIFICATE_STATUS_REVOKED
    )
