"""What is arriving: taken up where it stopped, thrown away when it is not what was announced."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oso.exchange.v1.manifest_pb2 import Manifest, SignedManifest
from oso_las.attachments import PartFiles
from oso_las.manifest import ManifestError
from oso_las.model import BeingFetchedError
from oso_las.staging import (
    SessionLock,
    Staging,
    discard_session,
    folder_name,
    sessions_in,
)

if TYPE_CHECKING:
    from pathlib import Path

PARTS = (b"the dossier", b"", b"an attachment", b"")


def _manifest(parts: tuple[bytes, ...] = PARTS) -> Manifest:
    manifest = Manifest()
    for number, content in enumerate(parts):
        sha256 = hashlib.sha256(content).digest()
        manifest.parts.add(part_number=number, size=len(content), sha256=sha256)
    return manifest


def _begun(folder: Path) -> Staging:
    staging = Staging(folder)
    staging.begin(SignedManifest(manifest=b"kept"), _manifest())
    return staging


def test_parts_that_came_whole_are_handed_over(tmp_path: Path) -> None:
    """Every part, empty ones too, ends in its place."""
    files = PartFiles(tmp_path)
    staging = _begun(files.incoming / "s")
    staging.write(0, 0, b"the ")
    staging.write(0, 4, b"dossier")
    assert (2, 0) == (staging.part_number, staging.offset)
    staging.write(2, 0, b"an attachment")

    assert staging.is_complete
    assert b"the dossier" == staging.read_dossier()
    staging.hand_over(files)
    for content in PARTS:
        assert content == files.read(hashlib.sha256(content).digest())


@settings(max_examples=50)
@given(data=st.data())
def test_wherever_it_stops_it_goes_on_there(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """After any number of breaks the bytes are those that were announced."""
    folder = tmp_path_factory.mktemp("staging") / "s"
    staging = _begun(folder)
    while not staging.is_complete:
        rest = PARTS[staging.part_number][staging.offset :]
        count = data.draw(st.integers(1, len(rest)))
        staging.write(staging.part_number, staging.offset, rest[:count])
        place = (staging.part_number, staging.offset)
        if data.draw(st.booleans()):
            staging = Staging(folder)
            assert staging.kept_manifest() == SignedManifest(manifest=b"kept")
            staging.go_on(_manifest())
            assert place == (staging.part_number, staging.offset)

    assert PARTS == tuple((folder / f"part-{number}").read_bytes() for number in range(4))


@pytest.mark.parametrize("content", [b"the dossieR", b"the dossier!", b"the dossier and more"])
def test_bytes_that_were_not_announced_are_thrown_away(tmp_path: Path, content: bytes) -> None:
    """Other bytes or too many: nothing of the delivery is kept."""
    staging = _begun(tmp_path / "s")

    with pytest.raises(ManifestError):
        staging.write(0, 0, content)

    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize(("part_number", "offset"), [(0, 5), (0, 3), (1, 0), (2, 0), (9, 0)])
def test_bytes_that_do_not_follow_are_refused(
    tmp_path: Path, part_number: int, offset: int
) -> None:
    """A gap, a repetition or another part is refused; what is here stays as it was."""
    staging = _begun(tmp_path / "s")
    staging.write(0, 0, b"the ")

    with pytest.raises(ManifestError):
        staging.write(part_number, offset, b"dossier")

    assert (0, 4) == (staging.part_number, staging.offset)
    assert b"the " == (tmp_path / "s" / "part-0").read_bytes()


def test_leftovers_that_were_spoiled_are_found(tmp_path: Path) -> None:
    """A finished part that changed on disk meanwhile is not gone on with."""
    _begun(tmp_path / "s").write(0, 0, b"the dossier")
    (tmp_path / "s" / "part-0").write_bytes(b"the dossieR")

    with pytest.raises(ManifestError):
        Staging(tmp_path / "s").go_on(_manifest())


def test_half_a_manifest_is_none(tmp_path: Path) -> None:
    """A manifest that was cut when the machine stopped counts as not there."""
    _begun(tmp_path / "s")
    (tmp_path / "s" / "manifest").write_bytes(b"\x0a\x7f")

    assert Staging(tmp_path / "s").kept_manifest() is None


def test_what_cannot_fit_is_not_begun(tmp_path: Path) -> None:
    """A delivery larger than the disk is refused before its first byte is written."""
    manifest = _manifest()
    manifest.parts[2].size = 2**62

    with pytest.raises(OSError, match="space"):
        Staging(tmp_path / "s").begin(SignedManifest(), manifest)

    assert [] == list(tmp_path.iterdir())


def test_a_session_is_in_the_hands_of_one(tmp_path: Path) -> None:
    """A second one is refused until the first gives it free; then no lock is left."""
    lock = SessionLock(tmp_path, "a")
    with pytest.raises(BeingFetchedError):
        SessionLock(tmp_path, "a")
    SessionLock(tmp_path, "b").release()

    lock.release()

    SessionLock(tmp_path, "a").release()
    assert [] == list(tmp_path.iterdir())


def test_a_session_that_still_comes_in_is_not_thrown_away(tmp_path: Path) -> None:
    """What another process is writing is left alone; afterwards it goes, and nothing else."""
    session, other = str(uuid.uuid4()), str(uuid.uuid4())
    for one in (session, other):
        _begun(tmp_path / folder_name(one, "0000000700000SS00001"))
    lock = SessionLock(tmp_path, session)
    with pytest.raises(BeingFetchedError):
        discard_session(tmp_path, session)
    assert {session, other} == sessions_in(tmp_path)
    lock.release()

    discard_session(tmp_path, session)

    assert {other} == sessions_in(tmp_path)
