"""The directory on disk, so that a restart without OfficeHeart knows who takes part.

    directory.pb         the last snapshot, as it was signed
    directory.pb.words   what was said since: deltas and heartbeats, as they were signed, one after
                         another (4 bytes of length, then a WatchDirectoryResponse)
    directory.pb.seen    the newest version ever seen: what is older is refused

Read back, every word is verified again. What was cut off at the end, as by a power failure, is left
out; anything else that is wrong makes the whole refused.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from oso.directory.v1.directory_service_pb2 import WatchDirectoryResponse
from oso_rpc.directory.chain import NOTHING, Chain, Known
from oso_rpc.directory.errors import (
    DirectoryEpochError,
    DirectoryInvalidError,
    DirectoryOlderError,
)
from oso_rpc.directory.view import Version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_LENGTH_BYTES = 4


class DirectoryCache:
    """The files of one follower. Its methods touch the disk: call them in a thread."""

    def __init__(self, path: Path) -> None:
        """Name the file of the snapshot; the others lie beside it."""
        self._snapshot = path
        self._words = path.with_name(f"{path.name}.words")
        self._seen = path.with_name(f"{path.name}.seen")

    def seen(self) -> Version:
        """Give the newest version ever seen.

        Raises:
            DirectoryInvalidError: The file says nothing one can read.
            OSError: It cannot be read.

        """
        try:
            epoch, number = self._seen.read_text(encoding="ascii").split()
            return Version(int(epoch), int(number))
        except FileNotFoundError:
            return NOTHING
        except ValueError:
            raise DirectoryInvalidError from None

    def load(self, chain: Chain) -> Known | None:
        """Read what is kept, and verify all of it; None when nothing is.

        Raises:
            DirectoryError: It was tampered with, is somebody else's, or older than what was seen.
            OSError: It cannot be read.

        """
        seen = self.seen()
        try:
            snapshot = self._snapshot.read_bytes()
        except FileNotFoundError:
            return None
        # The snapshot may be older than what was seen: the words after it make up for that.
        known = chain.after_snapshot(None, NOTHING, snapshot)
        words = self._words.read_bytes() if self._words.exists() else b""
        for word in _read(words):
            known = _taken(chain, known, word)
        if known.view.epoch < seen.epoch:
            raise DirectoryEpochError(known.view.version, seen.number)
        if known.view.order < seen:
            raise DirectoryOlderError(known.view.version, seen.number)
        return known

    def replace(self, snapshot: bytes, order: Version) -> None:
        """Keep a snapshot in place of everything.

        Raises:
            OSError: It cannot be written.

        """
        # In this order: words of before the snapshot are left out when read, and `seen` never says
        # more than is kept.
        _replace_file(self._snapshot, snapshot)
        self._words.unlink(missing_ok=True)
        self._mark(order)

    def append(self, words: Iterable[WatchDirectoryResponse], order: Version) -> None:
        """Keep what was said after what is kept; `order` is the version that makes.

        Raises:
            OSError: It cannot be written.

        """
        content = b"".join(_record(word) for word in words)
        with self._words.open("ab") as file:
            begin = file.tell()
            try:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                # A half record would hide the whole ones that come after it.
                with suppress(OSError):
                    os.ftruncate(file.fileno(), begin)
                raise
        self._mark(order)

    def mend(self) -> None:
        """Cut off what a power failure left of a record, so that others can follow.

        Raises:
            OSError: It cannot be written.

        """
        if self._words.exists():
            words = self._words.read_bytes()
            whole = sum(_LENGTH_BYTES + len(one) for one in _records(words))
            if whole < len(words):
                os.truncate(self._words, whole)

    def is_long(self) -> bool:
        """Tell whether a new snapshot would be less to read than what was said since the last."""
        try:
            return self._words.stat().st_size > self._snapshot.stat().st_size
        except OSError:
            return False

    def _mark(self, order: Version) -> None:
        if order != self.seen():
            _replace_file(self._seen, f"{order.epoch} {order.number}\n".encode("ascii"))


def _taken(chain: Chain, known: Known, word: WatchDirectoryResponse) -> Known:
    try:
        match word.WhichOneof("word"):
            case "delta":
                return chain.after_delta(known, word.delta)
            case "heartbeat":
                return chain.after_heartbeat(known, word.heartbeat)
    except DirectoryOlderError:
        return known  # of before the snapshot: the file was not emptied any more
    raise DirectoryInvalidError


def _record(word: WatchDirectoryResponse) -> bytes:
    content = word.SerializeToString()
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


def _records(content: bytes) -> Iterator[bytes]:
    """Give the whole records; a last one that was cut off is left out."""
    at = 0
    while len(content) - at >= _LENGTH_BYTES:
        size = int.from_bytes(content[at : at + _LENGTH_BYTES], "big")
        at += _LENGTH_BYTES
        if at + size > len(content):
            return
        yield content[at : at + size]
        at += size


def _read(content: bytes) -> Iterator[WatchDirectoryResponse]:
    for record in _records(content):
        try:
            yield WatchDirectoryResponse.FromString(record)
        except DecodeError:
            raise DirectoryInvalidError from None


def _replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader finds the old one or the new one, also after a power failure.

    Raises:
        OSError: It cannot be written; then the old one is still there.

    """
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with scratch.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        scratch.unlink(missing_ok=True)
