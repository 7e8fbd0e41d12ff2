"""What is given out of the directory: a snapshot, deltas, heartbeats.

Follows the database, for another process may have written. What was read is a value that never
changes; a watcher holds no more than the version it has, so a slow one costs nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from oso.directory.v1.directory_service_pb2 import (
    DirectoryHeartbeat,
    SignedDirectoryHeartbeat,
    WatchDirectoryResponse,
)
from oso_registry.calls import failed
from oso_registry.directory.contents import Contents, read
from oso_registry.directory.publishing import State
from oso_registry.directory.snapshot import Snapshot, make_snapshot
from oso_rpc.directory.signed import HEARTBEAT_DOMAIN
from oso_rpc.directory.view import Version

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable
    from datetime import timedelta

    from oso.directory.v1.directory_service_pb2 import WatchDirectoryRequest
    from oso_registry.store import Batch
    from oso_rpc.clock import Clock
    from oso_rpc.signing import Signer
    from oso_store import Database

# Another process of ours may have written: so often is that looked at.
_LOOK_SECONDS = 0.25
# Whether a version is the newest is only said by who could look so shortly ago.
_SURE_SECONDS = 5.0
# A snapshot made before serves as long as the changes since are less than such a part of it.
_WORTH_A_SNAPSHOT = 8
_log = structlog.get_logger(__name__)


class Published:
    """The directory as it is given out. `keep_up` and `beat` run as tasks."""

    def __init__(
        self, database: Database[Batch], signer: Signer, clock: Clock, heartbeat: timedelta
    ) -> None:
        """Take where it is kept, the key that signs it, and how often age is told."""
        self._database = database
        self._signer = signer
        self._clock = clock
        self._every = heartbeat
        self._contents = Contents()
        self._snapshot: Snapshot | None = None
        self._making = asyncio.Lock()
        self._reading = asyncio.Lock()
        self._heartbeat: tuple[State, WatchDirectoryResponse] | None = None
        self._news = asyncio.Event()
        self._look = asyncio.Event()
        self._looked = 0.0

    @property
    def contents(self) -> Contents:
        """The newest version that was read."""
        return self._contents

    def look(self) -> None:
        """Look at the database now: something may have been written."""
        self._look.set()

    async def refresh(self) -> None:
        """Read what is new in the database, and tell watchers.

        Raises:
            StoreUnavailableError: The database failed.

        """
        async with self._reading:
            known = self._contents
            found = await self._database.read(lambda batch: read(batch, known.state))
            self._looked = asyncio.get_running_loop().time()
            if found is not None:
                self._contents = await asyncio.to_thread(found.after, known, self._signer)
                self._tell()

    async def keep_up(self) -> None:
        """Follow the database, until cancelled."""
        while True:
            self._look.clear()
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001  the next look may go well, and must be taken
                _log.error("directory_not_read", error=type(error).__name__)
            with suppress(TimeoutError):
                # Not wait_for: in Python 3.11 it may take a cancellation for an answer.
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._look.wait()

    async def beat(self) -> None:
        """Say now and then that the newest version still is, until cancelled."""
        while True:
            await asyncio.sleep(self._every.total_seconds())
            if asyncio.get_running_loop().time() - self._looked <= _SURE_SECONDS:
                self._heartbeat = None
                self._tell()
            else:
                _log.error("directory_heartbeat_missed")

    async def words(self, request: WatchDirectoryRequest) -> AsyncGenerator[WatchDirectoryResponse]:
        """Give a watcher what it lacks, and then every change, without an end.

        Raises:
            OsoError: CONDITION_FAILED when it has a newer version than the database.

        """
        at = State(Version(request.epoch, request.version), request.delta_sha256)
        if at.order > self._contents.state.order:
            await self.refresh()  # it may have been told by another process
        _require_not_ahead(at.order, self._contents.state.order)
        told: WatchDirectoryResponse | None = None
        whole = request.snapshot
        while True:
            news, contents = self._news, self._contents
            deltas = None if whole else contents.since(at.order, at.delta_sha256)
            if deltas is None:
                snapshot = await self._whole(at.order)
                at, whole = snapshot.state, False
                for part in snapshot.parts:
                    yield part
                continue
            for delta in deltas:
                yield delta
            at = contents.state
            if self._contents is not contents:
                continue
            # A change says itself when it was made; what is caught up with may be of long ago.
            if told is None or not deltas:
                heartbeat = self._heartbeat_of(at)
                if heartbeat is not told:
                    told = heartbeat
                    yield heartbeat
            await news.wait()

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def _whole(self, least: Version) -> Snapshot:
        """Give a snapshot that is no older than a version of its epoch: made seldom, kept."""
        async with self._making:
            contents, kept = self._contents, self._snapshot
            if kept is not None and (
                kept.state.order.epoch != least.epoch or kept.state.order >= least
            ):
                since = contents.since(kept.state.order, kept.state.delta_sha256)
                if since is not None and _WORTH_A_SNAPSHOT * _bytes(since) <= kept.size:
                    return kept
            now = self._clock.now()
            made = await asyncio.to_thread(make_snapshot, contents, self._signer, now)
            self._snapshot = made
            return made

    def _heartbeat_of(self, state: State) -> WatchDirectoryResponse:
        if self._heartbeat is None or self._heartbeat[0] != state:
            made = DirectoryHeartbeat(
                epoch=state.order.epoch,
                version=state.order.number,
                delta_sha256=state.delta_sha256,
            )
            made.issue_time.FromDatetime(self._clock.now())
            content = made.SerializeToString(deterministic=True)
            signed = SignedDirectoryHeartbeat(
                heartbeat=content,
                signature=self._signer.sign(HEARTBEAT_DOMAIN, content),
                key_id=self._signer.key_id,
            )
            self._heartbeat = state, WatchDirectoryResponse(heartbeat=signed)
        return self._heartbeat[1]


def _require_not_ahead(watcher: Version, ours: Version) -> None:
    """Refuse a watcher that was told more than the database knows.

    Raises:
        OsoError: CONDITION_FAILED: the database was put back without OfficeHeart being told.

    """
    if watcher > ours:
        _log.error("directory_watcher_ahead", version=watcher.number, ours=ours.number)
        raise failed(f"directory version {watcher.number} is newer than {ours.number}")


def _bytes(words: Iterable[WatchDirectoryResponse]) -> int:
    return sum(word.ByteSize() for word in words)
