"""What is arriving, before it is believed: a folder for each session and delivery point.

Bytes are written as they come. A broken transfer goes on where it stopped, also after the process
was killed; what does not match its digest is thrown away whole. Nothing here waits for the disk but
`see_to_disk` and `hand_over`, and what reads or deletes much: call those in a thread.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import shutil
from typing import TYPE_CHECKING, BinaryIO

from google.protobuf.message import DecodeError

from oso.exchange.v1.manifest_pb2 import Manifest, SignedManifest
from oso_las.attachments import open_private
from oso_las.manifest import ManifestError
from oso_las.model import BeingFetchedError

if TYPE_CHECKING:
    from pathlib import Path

    from oso_las.attachments import PartFiles

_BLOCK = 1024 * 1024
_FLUSH_EVERY = 4 * 1024 * 1024
_LOCK_SUFFIX = ".lock"
_ROUTING_KEY = len("-") + 20  # characters


class SessionLock:
    """A session in the hands of one process, until `release` or the end of the process.

    Two that write the same parts would spoil each other's bytes.
    """

    def __init__(self, incoming: Path, session_id: str) -> None:
        """Take the session.

        Raises:
            BeingFetchedError: Another one has it.

        """
        self._path = incoming / f"{session_id}{_LOCK_SUFFIX}"
        while True:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(self._descriptor)
                raise BeingFetchedError(session_id) from None
            if self._is_in_place():
                return
            os.close(self._descriptor)  # its owner removed it while we came

    def _is_in_place(self) -> bool:
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._path.stat())
        except FileNotFoundError:
            return False

    def release(self) -> None:
        """Give the session free."""
        self._path.unlink(missing_ok=True)
        os.close(self._descriptor)


def sessions_in(incoming: Path) -> set[str]:
    """Give the id of every session that has something in the folder of what is arriving."""
    folders = {path.name[:-_ROUTING_KEY] for path in incoming.iterdir() if path.is_dir()}
    return folders | {path.stem for path in incoming.glob(f"*{_LOCK_SUFFIX}")}


def folder_name(session_id: str, routing_key: str) -> str:
    """Name the folder of what arrives in a session from a delivery point."""
    return f"{session_id}-{routing_key}"


def discard_session(incoming: Path, session_id: str) -> None:
    """Throw away all that came in a session.

    Raises:
        BeingFetchedError: It is still coming.

    """
    lock = SessionLock(incoming, session_id)
    try:
        discard_folders(incoming, session_id)
    finally:
        lock.release()


def discard_folders(incoming: Path, session_id: str) -> None:
    """Throw away all that came in a session, which the caller has the lock of."""
    for folder in incoming.glob(f"{session_id}-*"):
        Staging(folder).discard()


class Staging:
    """The parts of one delivery as far as they have come.

    Attributes:
        part_number: Part that comes next.
        offset: Byte of it that comes next.

    """

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is made yet."""
        self._folder = folder
        self._manifest = Manifest()
        self._digest = hashlib.sha256()
        self._is_on_disk = False
        self.part_number = 0
        self.offset = 0

    @property
    def is_complete(self) -> bool:
        """Whether every byte of the manifest has come, and was verified."""
        return self.part_number == len(self._manifest.parts)

    @property
    def is_large(self) -> bool:
        """Whether to see it to the disk takes long."""
        return sum(part.size for part in self._manifest.parts) > _FLUSH_EVERY

    def kept_manifest(self) -> SignedManifest | None:
        """Give the manifest of a transfer that was broken off; None for a fresh one."""
        try:
            return SignedManifest.FromString((self._folder / "manifest").read_bytes())
        except (FileNotFoundError, DecodeError):  # half of it, where the machine stopped
            return None

    def begin(self, signed: SignedManifest, manifest: Manifest) -> None:
        """Begin a fresh transfer of a manifest that was verified.

        Raises:
            OSError: ENOSPC when what is announced does not fit on the disk; nothing is begun.

        """
        self.discard()
        size = sum(part.size for part in manifest.parts)
        if size > shutil.disk_usage(self._folder.parent).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder.parent))
        self._folder.mkdir(mode=0o700)
        with open_private(self._folder / "manifest") as file:
            file.write(signed.SerializeToString())
        self.go_on(manifest)

    def go_on(self, manifest: Manifest) -> None:
        """Take up a transfer: find what is here, and digest the last part as far as it has come."""
        self._manifest = manifest
        self.part_number, self.offset, self._digest = 0, 0, hashlib.sha256()
        while self.part_number < len(manifest.parts):
            place = self._place(self.part_number)
            if not place.exists():
                break
            self._digest_of(place)
            if self.offset < manifest.parts[self.part_number].size:
                break
            self._finish_part()
        self._skip_empty()

    def _digest_of(self, place: Path) -> None:
        """Digest what is here of a part; cut off what is more than the manifest says."""
        size = self._manifest.parts[self.part_number].size
        with open_private(place) as file:
            file.truncate(min(size, place.stat().st_size))
            while block := file.read(_BLOCK):
                self._digest.update(block)
                self.offset += len(block)

    def write(self, part_number: int, offset: int, data: bytes) -> None:
        """Add bytes; verify the part when it is whole.

        They are on the disk when `see_to_disk` was called.

        Args:
            part_number: The part they are of: the one that comes next.
            offset: Where in it they begin: where it ends so far.
            data: The bytes.

        Raises:
            ManifestError: They do not follow what is here, are more than the manifest says, or not
                the ones it means. For the last two, nothing is kept.
            OSError: They cannot be written. What came so far is kept.

        """
        if self.is_complete or (part_number, offset) != (self.part_number, self.offset):
            raise ManifestError("bytes do not follow each other")
        end, size = offset + len(data), self._manifest.parts[part_number].size
        if end > size:
            self.discard()
            raise ManifestError("part is longer than the manifest says")
        with open_private(self._place(part_number)) as file:
            file.seek(offset)
            file.write(data)
            if end // _FLUSH_EVERY != offset // _FLUSH_EVERY:
                _flush(file, end)
        self._digest.update(data)
        self.offset = end
        if end == size:
            self._finish_part()
            self._skip_empty()

    def see_to_disk(self) -> None:
        """Return when every part, all of which have come, is on the disk."""
        for part in self._manifest.parts:
            with self._place(part.part_number).open("rb") as file:
                os.fsync(file.fileno())
        self._is_on_disk = True

    def _finish_part(self) -> None:
        if self._digest.digest() != self._manifest.parts[self.part_number].sha256:
            self.discard()
            raise ManifestError("digest of a part is wrong")
        self.part_number += 1
        self.offset, self._digest = 0, hashlib.sha256()

    def _skip_empty(self) -> None:
        while not self.is_complete and self._manifest.parts[self.part_number].size == 0:
            open_private(self._place(self.part_number)).close()
            self._finish_part()

    def _place(self, part_number: int) -> Path:
        return self._folder / f"part-{part_number}"

    def read_dossier(self) -> bytes:
        """Give the bytes of the dossier part."""
        return (self._folder / "part-0").read_bytes()

    def hand_over(self, files: PartFiles) -> None:
        """Move all parts, verified, to their place; nothing stays here."""
        if not self._is_on_disk:
            self.see_to_disk()
        files.adopt([(self._place(one.part_number), one.sha256) for one in self._manifest.parts])
        self.discard()

    def discard(self) -> None:
        """Throw away what has come."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self.part_number, self.offset, self._digest = 0, 0, hashlib.sha256()
        self._is_on_disk = False


def _flush(file: BinaryIO, size: int) -> None:
    """Begin to write to the disk what was written so far; forget what is there.

    Else a large attachment fills the machine's memory with pages that nobody reads, pushes out
    those of others, and all of it waits for one long fsync.
    """
    if hasattr(os, "posix_fadvise"):  # not on macOS
        file.flush()
        os.posix_fadvise(file.fileno(), 0, size, os.POSIX_FADV_DONTNEED)
