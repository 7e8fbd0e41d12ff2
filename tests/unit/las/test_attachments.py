"""Part files: whole under their name, or not there."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from typing import TYPE_CHECKING

import pytest

from oso_las.attachments import DamagedPartError, PartFiles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> PartFiles:
    """An empty folder of parts."""
    return PartFiles(tmp_path / "parts")


def _all(files: PartFiles) -> list[Path]:
    return [path for path in files.incoming.parent.rglob("*") if path.is_file()]


def test_what_was_added_is_read_back(files: PartFiles) -> None:
    """Bytes come back as they were, under the digest that was given."""
    sha256 = files.add(b"content")

    assert hashlib.sha256(b"content").digest() == sha256
    assert b"content" == files.read(sha256)


def test_the_same_bytes_are_stored_once(files: PartFiles) -> None:
    """However many dossiers share an attachment, there is one file."""
    assert files.add(b"content") == files.add(b"content")

    assert 1 == len(_all(files))


def test_files_and_folders_are_for_their_owner(tmp_path: Path) -> None:
    """Whatever the process's umask, nobody else can read a part."""
    before = os.umask(0)
    try:
        files = PartFiles(tmp_path / "parts")
        files.add(b"content")
        copied = files.copy(files.path(files.add(b"other")))
    finally:
        os.umask(before)

    for path in [copied.scratch, *(tmp_path / "parts").rglob("*"), tmp_path / "parts"]:
        assert 0 == stat.S_IMODE(path.stat().st_mode) & 0o077, path


@pytest.mark.parametrize("spoiled", [b"", b"contenT", b"content and more"])
def test_a_part_that_was_changed_is_never_given_out(files: PartFiles, spoiled: bytes) -> None:
    """A changed or cut file is damaged, not content."""
    sha256 = files.add(b"content")
    files.path(sha256).write_bytes(spoiled)

    with pytest.raises(DamagedPartError):
        files.read(sha256)


def test_a_part_that_is_gone_is_damaged(files: PartFiles) -> None:
    """A missing file is told like a changed one."""
    with pytest.raises(DamagedPartError):
        files.read(bytes(32))


def test_adding_again_mends_a_damaged_part(files: PartFiles) -> None:
    """That a file of the name is there is not taken for the content being there."""
    sha256 = files.add(b"content")
    files.path(sha256).write_bytes(b"con")

    files.add(b"content")

    assert b"content" == files.read(sha256)


def test_a_copy_is_no_part_until_it_is_adopted(files: PartFiles, tmp_path: Path) -> None:
    """A file is copied beside the parts with digest and size; adopting it makes it a part."""
    source = tmp_path / "source"
    source.write_bytes(b"x" * 3_000_000)

    copy = files.copy(source)

    assert (hashlib.sha256(source.read_bytes()).digest(), 3_000_000) == (copy.sha256, copy.size)
    assert not files.path(copy.sha256).exists()
    files.adopt([(copy.scratch, copy.sha256)])
    assert source.read_bytes() == files.read(copy.sha256)
    assert not list(files.incoming.iterdir())


def test_a_file_that_cannot_be_copied_leaves_nothing(files: PartFiles, tmp_path: Path) -> None:
    """A source that is not there is told, and no scratch file stays."""
    with pytest.raises(FileNotFoundError):
        files.copy(tmp_path / "none")

    assert [] == _all(files)


def test_sweeping_takes_what_nothing_names(files: PartFiles) -> None:
    """Parts no row names and copies nobody adopted go; what is named or just touched stays."""
    named, orphan = files.add(b"named"), files.add(b"orphan")
    copy = files.copy(files.path(named))
    yesterday = time.time() - 86_400
    for path in _all(files):
        os.utime(path, (yesterday, yesterday))
    fresh = files.add(b"fresh")

    assert 2 == files.sweep({named}, before=time.time() - 3600)

    assert (b"named", b"fresh") == (files.read(named), files.read(fresh))
    assert not files.path(orphan).exists()
    assert not copy.scratch.exists()


def test_adding_again_keeps_an_old_orphan_from_the_broom(files: PartFiles) -> None:
    """A part that is added again counts as fresh, for its row is about to be written."""
    sha256 = files.add(b"content")
    yesterday = time.time() - 86_400
    os.utime(files.path(sha256), (yesterday, yesterday))

    files.add(b"content")

    assert 0 == files.sweep(set(), before=time.time() - 3600)
