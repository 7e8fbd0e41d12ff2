"""Writing files so that there is the old one or the new one, never half of one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_whole(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a file in one step, in the place of what is there; its owner alone can read it.

    Content may come in blocks. When making them fails, its error passes through here, and what was
    there is as it was.

    Raises:
        OSError: It cannot be written; what was there is as it was.

    """
    scratch = _scratch(path, content)
    try:
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)


def write_new(path: Path, content: bytes | Iterable[bytes]) -> None:
    """Write a new file in one step, as `write_whole`; its owner alone can read it.

    Raises:
        FileExistsError: There is one already; it is as it was.
        OSError: It cannot be written.

    """
    scratch = _scratch(path, content)
    try:
        os.link(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def _scratch(path: Path, content: bytes | Iterable[bytes]) -> Path:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123  opened with its mode from the start
            file.writelines((content,) if isinstance(content, bytes) else content)
            file.flush()
            os.fsync(descriptor)
    except BaseException:  # whatever it is, half a dossier must not stay behind
        scratch.unlink(missing_ok=True)
        raise
    return scratch
