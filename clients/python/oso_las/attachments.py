"""Parts of dossiers as files, named by their digest.

A part is written beside its place, seen to the disk, and moved to its place in one step: there is
never half a part under its name. Files and folders are for their owner only.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOCK = 1024 * 1024


class DamagedPartError(Exception):
    """A part on disk is not what its name says.

    Attributes:
        sha256: The digest it should have.

    """

    def __init__(self, sha256: bytes) -> None:
        """Record the digest."""
        super().__init__(sha256.hex())
        self.sha256 = sha256


class PartFiles:
    """A folder of parts."""

    def __init__(self, folder: Path) -> None:
        """Make the folder if it is not there."""
        self._folder = folder
        self.incoming = folder / "incoming"
        self.incoming.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, sha256: bytes) -> Path:
        """Give where the part of a digest is."""
        name = sha256.hex()
        return self._folder / name[:2] / name

    def has(self, sha256: bytes) -> bool:
        """Tell whether a part is here."""
        return self.path(sha256).is_file()

    def add(self, content: bytes) -> bytes:
        """Store bytes; give their digest. Stored once however often they are added."""
        sha256 = hashlib.sha256(content).digest()
        if not self.has(sha256):
            scratch = self.incoming / f"add-{os.getpid()}-{sha256.hex()}"
            with open_private(scratch) as file:
                file.truncate()
                file.write(content)
            self.adopt(scratch, sha256)
        return sha256

    def add_file(self, source: Path) -> tuple[bytes, int]:
        """Store a copy of a file, however large; give digest and size."""
        scratch = self.incoming / f"add-{os.getpid()}-{id(source)}"
        digest, size = hashlib.sha256(), 0
        try:
            with source.open("rb") as reader, open_private(scratch) as writer:
                writer.truncate()
                for block in _blocks(reader):
                    digest.update(block)
                    size += len(block)
                    writer.write(block)
            self.adopt(scratch, digest.digest())
        finally:
            scratch.unlink(missing_ok=True)
        return digest.digest(), size

    def adopt(self, scratch: Path, sha256: bytes) -> None:
        """Move a finished file, whose digest the caller has verified, to its place."""
        place = self.path(sha256)
        place.parent.mkdir(mode=0o700, exist_ok=True)
        with scratch.open("rb+") as file:
            os.fsync(file.fileno())
        scratch.replace(place)
        descriptor = os.open(place.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

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


def open_private(path: Path) -> BinaryIO:
    """Open a file to read and write, for its owner alone; make it if it is not there."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block
