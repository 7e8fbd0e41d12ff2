"""Following the directory at OfficeHeart: its stream, in force within a moment and kept on disk."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import structlog

from oso.directory.v1.directory_service_pb2 import WatchDirectoryRequest, WatchDirectoryResponse
from oso.directory.v1.directory_service_pb2_grpc import DirectoryServiceStub
from oso_rpc.channel import Connection
from oso_rpc.directory.cache import DirectoryCache
from oso_rpc.directory.chain import NOTHING, Chain, Known
from oso_rpc.directory.current import MAX_AGE, CurrentDirectory
from oso_rpc.directory.errors import DirectoryError, DirectoryGapError, DirectoryInvalidError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import timedelta
    from pathlib import Path

    from oso.directory.v1.directory_service_pb2 import SnapshotPart
    from oso_rpc.clock import Clock
    from oso_rpc.credentials_source import CredentialsSource
    from oso_rpc.directory.view import DirectoryView, Version

# Ten times a directory of the whole country: what claims to be larger is not one.
_LARGEST_SNAPSHOT = 64 * 1024 * 1024
_SAVE_AGAIN_SECONDS = 5.0
_RECONNECT = (
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 10_000),
)
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class OfficeHeart:
    """Where the directory comes from.

    Attributes:
        address: Where OfficeHeart listens, `host:port`.
        system_id: Who must answer there.
        credentials: What to show and trust; may change.

    """

    address: str
    system_id: str
    credentials: CredentialsSource


@dataclass
class Pauses:
    """How long to wait before trying again: longer every time, and never as long as others do.

    Attributes:
        first: The first pause, in seconds.
        longest: The longest one.
        chance: Gives a number from 0 to 1, another one every time.

    """

    first: float = 0.2
    longest: float = 30.0
    chance: Callable[[], float] = random.SystemRandom().random
    _next: float = field(default=0.0, init=False)

    def begin(self) -> None:
        """Start with the first pause again: it went well."""
        self._next = 0.0

    def give(self) -> float:
        """Give the next pause, in seconds."""
        self._next = min(self._next * 2, self.longest) or self.first
        return self._next * (0.5 + self.chance() / 2)


class DirectoryFollower(CurrentDirectory):
    """The directory in force, as OfficeHeart streams it.

    A word that is not signed by a trusted key, does not follow upon what is known, or is older, is
    refused: what is known stays in force until its time, and the stream is begun anew. What is
    believed is in force at once, and saved behind that.
    """

    def __init__(
        self,
        office_heart: OfficeHeart,
        cache: Path,
        trusted_keys: Mapping[str, bytes],
        *,
        clock: Clock,
        max_age: timedelta = MAX_AGE,
        pauses: Pauses | None = None,
    ) -> None:
        """Name OfficeHeart, the file to keep the directory in, and the keys that may sign it."""
        super().__init__(clock, max_age)
        self._office_heart = office_heart
        self._cache = DirectoryCache(cache)
        self._chain = Chain(trusted_keys)
        self._pauses = pauses or Pauses()
        self._known: Known | None = None
        self._seen: Version = NOTHING
        self._from_the_start = False
        self._news = asyncio.Event()
        self._to_save = _Unsaved()

    def load(self) -> None:
        """Take what was kept into force; what is no good is logged, and left until a snapshot.

        Touches the disk: before the loop has other work, or in a thread.
        """
        try:
            self._seen = self._cache.seen()
            self._cache.mend()
            known = self._cache.load(self._chain)
        except (DirectoryError, OSError) as error:
            _log.error("directory_refused", reason=type(error).__name__, source="cache")
            return
        if known is not None:
            self._take(known)
            _log.info("directory_loaded", version=known.view.version)

    async def until(self, holds: Callable[[DirectoryView], object]) -> DirectoryView:
        """Wait until something holds of the newest version known; give that."""
        while self._known is None or not holds(self._known.view):
            await self._news.wait()
        return self._known.view

    async def arrived(self, seconds: float) -> bool:
        """Wait until there is a directory; tell whether it came in so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.until(lambda _: True)
        return self._known is not None

    async def watch(self) -> None:
        """Follow OfficeHeart, until cancelled; what is believed but not kept yet is kept then."""
        saving = asyncio.create_task(self._save_all(), name="directory-save")
        one = self._office_heart
        connection = Connection(one.address, one.system_id, one.credentials, _RECONNECT)
        try:
            while True:
                try:
                    await self._follow(DirectoryServiceStub(connection.channel()))
                except grpc.aio.AioRpcError as error:
                    _log.warning("directory_stream_lost", status=error.code().name)
                except Exception as error:  # noqa: BLE001  whatever it is, the next word may be good
                    if isinstance(error, DirectoryGapError):
                        self._from_the_start = True  # the whole mends what was left out
                    _log.error("directory_refused", reason=type(error).__name__, source="stream")
                await asyncio.sleep(self._pauses.give())
        finally:
            self._to_save.close()
            await saving
            await connection.close()

    async def _follow(self, stub: DirectoryServiceStub) -> None:
        """Take the words of one stream.

        Raises:
            AioRpcError: The stream broke off.
            DirectoryError: A word is refused.

        """
        snapshot = bytearray()
        call: Any = stub.WatchDirectory(await self._request())
        try:
            async for word in call:
                if word.WhichOneof("word") == "snapshot":
                    if _is_whole(snapshot, word.snapshot):
                        await self._take_snapshot(bytes(snapshot))
                        snapshot.clear()
                    continue
                if snapshot:
                    raise DirectoryInvalidError
                known = await asyncio.to_thread(self._judge, word)
                self._take(known)
                self._to_save.add(word, known.view.order)
                self._pauses.begin()
        finally:
            call.cancel()

    async def _request(self) -> WatchDirectoryRequest:
        """Say what we have, and whether it is time for a snapshot."""
        if self._known is None:
            return WatchDirectoryRequest()
        view = self._known.view
        return WatchDirectoryRequest(
            epoch=view.epoch,
            version=view.version,
            delta_sha256=view.delta_sha256,
            snapshot=self._from_the_start or await asyncio.to_thread(self._cache.is_long),
        )

    async def _take_snapshot(self, snapshot: bytes) -> None:
        known = await asyncio.to_thread(
            self._chain.after_snapshot, self._known, self._seen, snapshot
        )
        self._take(known)
        self._to_save.begin_anew(snapshot, known.view.order)
        self._from_the_start = False
        self._pauses.begin()
        _log.info("directory_loaded", version=known.view.version)

    def _judge(self, word: WatchDirectoryResponse) -> Known:
        if self._known is None:
            raise DirectoryInvalidError
        match word.WhichOneof("word"):
            case "delta":
                return self._chain.after_delta(self._known, word.delta)
            case "heartbeat":
                return self._chain.after_heartbeat(self._known, word.heartbeat)
        raise DirectoryInvalidError

    def _take(self, known: Known) -> None:
        self._known = known
        self._seen = max(self._seen, known.view.order)
        self.hold(known.view, known.issue_time)
        self._news.set()
        self._news = asyncio.Event()

    async def _save_all(self) -> None:
        """Keep what comes, behind its being in force; again when the disk did not take it."""
        while (batch := await self._to_save.take()) is not None:
            try:
                await asyncio.to_thread(batch.save, self._cache)
            except OSError as error:
                _log.error("directory_not_saved", error=type(error).__name__)
                if self._to_save.closed.is_set():
                    return
                self._to_save.put_back(batch)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_SAVE_AGAIN_SECONDS):
                        await self._to_save.closed.wait()


@dataclass(frozen=True)
class _Batch:
    """What is to be written in one go: a snapshot, if there is one, and words after it."""

    snapshot: tuple[bytes, Version] | None
    words: list[WatchDirectoryResponse]
    order: Version

    def save(self, cache: DirectoryCache) -> None:
        """Write it.

        Raises:
            OSError: It cannot be written, or not all of it.

        """
        if self.snapshot is not None:
            cache.replace(*self.snapshot)
        if self.words:
            cache.append(self.words, self.order)


class _Unsaved:
    """What is in force and not on disk yet. Lives in the event loop."""

    def __init__(self) -> None:
        self._waiting = _Batch(None, [], NOTHING)
        self._some = asyncio.Event()
        self.closed = asyncio.Event()

    def add(self, word: WatchDirectoryResponse, order: Version) -> None:
        """Add a word; `order` is the version it makes."""
        words = self._waiting.words
        if words and words[-1].HasField("heartbeat") and word.HasField("heartbeat"):
            words.pop()  # while the disk does not take them, the last one says it all
        self._put(_Batch(self._waiting.snapshot, [*words, word], order))

    def begin_anew(self, snapshot: bytes, order: Version) -> None:
        """Have a snapshot take the place of what waits."""
        self._put(_Batch((snapshot, order), [], order))

    async def take(self) -> _Batch | None:
        """Take what waits, once there is something; None when all is written and it was closed."""
        await self._some.wait()
        batch, self._waiting = self._waiting, _Batch(None, [], NOTHING)
        if not self.closed.is_set():
            self._some.clear()
        return batch if batch.snapshot is not None or batch.words else None

    def put_back(self, batch: _Batch) -> None:
        """Have what was not written wait again, before what came meanwhile."""
        newer = self._waiting
        if newer.snapshot is None:
            words = [*batch.words, *newer.words]
            order = newer.order if newer.words else batch.order
            self._put(_Batch(batch.snapshot, words, order))

    def close(self) -> None:
        """Let `take` give what is left, and then None."""
        self.closed.set()
        self._some.set()

    def _put(self, batch: _Batch) -> None:
        self._waiting = batch
        self._some.set()


def _is_whole(snapshot: bytearray, part: SnapshotPart) -> bool:
    """Add a part; tell whether it was the last.

    Raises:
        DirectoryInvalidError: There is more than was said, or than any directory has.

    """
    snapshot += part.content
    if not part.content or len(snapshot) > min(part.size, _LARGEST_SNAPSHOT):
        raise DirectoryInvalidError
    return len(snapshot) == part.size
