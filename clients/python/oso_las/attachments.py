"""Parts of dossiers as files, named by their digest.

A part is written beside its place, seen to the disk, and moved to its place in one step: there is
never half a part under its name. Files and folders are for their owner only. Everything here
blocks: call it in a thread.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_BLOCK = 1024 * 1024
_COPY_PREFIX = "copy-"


class DamagedPartError(Exception):
    """A part on disk is not what its name says.

    Attributes:
        sha256: The digest it should have.

    """

    def __init__(self, sha256: bytes) -> None:
        """Record the digest."""
        super().__init__(sha256.hex())
        self.sha256 = sha256


@dataclass(frozen=True)
class Copy:
    """A file that was copied beside the parts, and is none yet.

    Attributes:
        scratch: Where the copy is.
        sha256: Digest of its bytes.
        size: How many there are.

    """

    scratch: Path
    sha256: bytes
    size: int


class PartFiles:
    """A folder of parts."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is not there."""
        self._folder = folder
        self.incoming = folder / "incoming"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.incoming.mkdir(mode=0o700, exist_ok=True)

    def path(self, sha256: bytes) -> Path:
        """Give where the part of a digest is."""
        return self._folder / sha256.hex()

    def add(self, content: bytes) -> bytes:
        """Store bytes; give their digest. Stored once however often they are added."""
        sha256 = hashlib.sha256(content).digest()
        if self._is_here(sha256):
            # Another process may have put it there just now: we may not count on its fsync.
            _see_folder_to_disk(self._folder)
            return sha256
        scratch = self._scratch()
        try:
            with open_private(scratch) as file:
                file.write(content)
                see_to_disk(file)
            self.adopt([(scratch, sha256)])
        finally:
            scratch.unlink(missing_ok=True)
        return sha256

    def _is_here(self, sha256: bytes) -> bool:
        """Tell whether a part is here and whole; if so, `sweep` leaves it alone for a while."""
        try:
            os.utime(self.path(sha256))
            self.read(sha256)
        except (FileNotFoundError, DamagedPartError):
            return False
        return True

    def copy(self, source: Path) -> Copy:
        """Copy a file, however large, beside the parts; `adopt` or unlink what it gives.

        Raises:
            OSError: It cannot be read, or ours cannot be written. Nothing is left behind.

        """
        scratch = self._scratch()
        digest, size = hashlib.sha256(), 0
        try:
            with source.open("rb") as reader, open_private(scratch) as writer:
                for block in _blocks(reader):
                    digest.update(block)
                    size += len(block)
                    writer.write(block)
                see_to_disk(writer)
        except OSError:
            scratch.unlink(missing_ok=True)
            raise
        return Copy(scratch, digest.digest(), size)

    def adopt(self, scratches: Sequence[tuple[Path, bytes]]) -> None:
        """Move finished files to their places.

        Args:
            scratches: Each file with its digest. The caller has verified it and seen the file to
                the disk (`see_to_disk`).

        """
        for scratch, sha256 in scratches:
            scratch.replace(self.path(sha256))
        _see_folder_to_disk(self._folder)

    def open(self, sha256: bytes) -> BinaryIO:
        """Open a part to read it; whoever does verifies it.

        Raises:
            DamagedPartError: It is missing.

        """
        try:
            return self.path(sha256).open("rb")
        except FileNotFoundError:
            raise DamagedPartError(sha256) from None

    def read(self, sha256: bytes) -> bytes:
        """Read a part whole, and verify it.

        Raises:
            DamagedPartError: It is missing or was changed.

        """
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise DamagedPartError(sha256) from None
        if hashlib.sha256(content).digest() != sha256:
            raise DamagedPartError(sha256)
        return content

    def sweep(self, in_use: Collection[bytes], before: float) -> int:
        """Delete parts and copies that nothing names and nobody touched lately; give how many.

        A process that was killed between files and rows leaves such files; no pupil's papers may
        stay behind in them.

        Args:
            in_use: Digests of the parts that rows name.
            before: Seconds since 1970; what was touched later is left alone, for its row may be
                about to be written.

        """
        names = {sha256.hex() for sha256 in in_use}
        deleted = 0
        parts = (path for path in self._folder.iterdir() if path != self.incoming)
        for path in [*parts, *self.incoming.glob(f"{_COPY_PREFIX}*")]:
            with contextlib.suppress(FileNotFoundError):  # another process was first
                if path.name not in names and path.stat().st_mtime < before:
                    path.unlink()
                    deleted += 1
        return deleted

    def _scratch(self) -> Path:
        descriptor, name = tempfile.mkstemp(prefix=_COPY_PREFIX, dir=self.incoming)  # mode 0600
        os.close(descriptor)
        return Path(name)


def open_private(path: Path) -> BinaryIO:
    """Open a file to read and write, for its owner alone; make it if it is not there."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


def see_to_disk(file: BinaryIO) -> None:
    """Return when all that was written to a file is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def _see_folder_to_disk(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block
