"""Files that are there whole or not at all, also after the power failed."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def replace_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that readers see the old one or the new one, and see it to the disk.

    Raises:
        OSError: It cannot be written, and the old one is still there; or its name could not be seen
            to the disk, and readers see the new one.

    """
    with _scratch(path, content, mode) as scratch:
        scratch.replace(path)


def create_private(path: Path, content: bytes) -> None:
    """Write a new private file, whole or not at all.

    Raises:
        FileExistsError: There is one already; a key is never overwritten.
        OSError: It cannot be written.

    """
    with _scratch(path, content, 0o600) as scratch:
        path.hardlink_to(scratch)


@contextmanager
def _scratch(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """Write beside a file; what is done with it there is seen to the disk as well."""
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)  # of one that was cut off: half, perhaps
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  opened with its mode from the start
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        yield scratch
    finally:
        scratch.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """See the names in a folder to the disk.

    Raises:
        OSError: It cannot be done.

    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
