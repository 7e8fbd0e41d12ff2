"""Credentials that change while a process runs: what is not whole is never taken."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import structlog

from oso_registry.testing import Landscape
from oso_rpc.credentials import NotEnrolledError
from oso_rpc.credentials_source import CredentialsSource

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """Give a landscape with two systems."""
    made = Landscape(tmp_path)
    made.add_system("las-a")
    made.add_system("las-b")
    return made


@pytest.fixture
def source(landscape: Landscape) -> CredentialsSource:
    """Take up the credentials of the first."""
    return CredentialsSource(landscape.files("las-a"))


async def test_what_did_not_change_is_not_read(source: CredentialsSource) -> None:
    """A look at files that are as they were gives the same credentials, and no line in the log."""
    before = source.current
    with structlog.testing.capture_logs() as logs:
        await source.refresh()

    assert source.current is before
    assert [] == logs


async def test_a_new_pair_is_taken_up(landscape: Landscape, source: CredentialsSource) -> None:
    """After a renewal the new pair is in use, the one before is known, and the log says so."""
    before = source.current.identity
    made = landscape.renew("las-a").identity
    with structlog.testing.capture_logs() as logs:
        await source.refresh()

    assert made == source.current.identity
    for one in (before, made):
        found = source.shown(one.certificate_sha256)
        assert found is not None
        assert one == found.identity
    assert source.shown(bytes(32)) is None
    assert ["credentials_taken_up"] == [one["event"] for one in logs]


async def test_new_roots_are_taken_up(
    landscape: Landscape, source: CredentialsSource, tmp_path: Path
) -> None:
    """Another root beside ours is trusted from the next connection on."""
    (tmp_path / "other").mkdir()
    both = landscape.root_file.read_bytes() + Landscape(tmp_path / "other").root_file.read_bytes()
    before = source.current.identity
    landscape.root_file.write_bytes(both)

    await source.refresh()

    assert both == source.current.authority_pem
    assert before == source.current.identity


def _half(landscape: Landscape) -> None:
    path = landscape.certificate_file("las-a")
    path.write_bytes(path.read_bytes()[:300])


def _empty(landscape: Landscape) -> None:
    landscape.certificate_file("las-a").write_bytes(b"")


def _gone(landscape: Landscape) -> None:
    landscape.certificate_file("las-a").unlink()


def _of_another_key(landscape: Landscape) -> None:
    landscape.certificate_file("las-a").write_bytes(
        landscape.certificate_file("las-b").read_bytes()
    )


def _another_system(landscape: Landscape) -> None:
    for path in (landscape.certificate_file, landscape.key_file):
        path("las-a").write_bytes(path("las-b").read_bytes())


def _open_key(landscape: Landscape) -> None:
    landscape.key_file("las-a").chmod(0o644)
    landscape.key_file("las-a").write_bytes(landscape.key_file("las-a").read_bytes())


def _no_roots(landscape: Landscape) -> None:
    landscape.root_file.write_bytes(b"")


def _strange_roots(landscape: Landscape) -> None:
    folder = landscape.folder / "other"
    folder.mkdir()
    landscape.root_file.write_bytes(Landscape(folder).root_file.read_bytes())


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (_half, "ValueError"),
        (_empty, "ValueError"),
        (_gone, "NotEnrolledError"),
        (_of_another_key, "KeyMismatchError"),
        (_another_system, "OtherSystemError"),
        (_open_key, "KeyFileExposedError"),
        (_no_roots, "ValueError"),
        (_strange_roots, "ChainBrokenError"),
    ],
)
async def test_what_is_not_whole_is_never_taken(
    landscape: Landscape,
    source: CredentialsSource,
    spoil: Callable[[Landscape], None],
    reason: str,
) -> None:
    """Whatever is written over the files: what was in use stays in use, and the log says why."""
    before = source.current
    spoil(landscape)
    with structlog.testing.capture_logs() as logs:
        await source.refresh()
        await source.refresh()

    assert source.current is before
    assert [("credentials_refused", reason)] == [(one["event"], one["reason"]) for one in logs]


async def test_what_is_mended_is_taken(landscape: Landscape, source: CredentialsSource) -> None:
    """After a half-written file the whole one is taken up."""
    path = landscape.certificate_file("las-a")
    whole = path.read_bytes()
    _half(landscape)
    await source.refresh()
    path.write_bytes(whole)
    made = landscape.renew("las-a").identity
    await source.refresh()

    assert made == source.current.identity


async def test_what_was_in_use_at_a_moment(landscape: Landscape, source: CredentialsSource) -> None:
    """Until others can have heard of the new one, what they know is the one before."""
    before = source.current.identity
    landscape.renew("las-a")
    await source.refresh()
    now = datetime.now(UTC)
    seen = {
        minutes: source.shown_at(now + timedelta(minutes=minutes)).identity == before
        for minutes in (-60, -1, 9, 11)
    }

    assert {-60: True, -1: True, 9: True, 11: False} == seen


def test_who_is_not_enrolled_is_told_how(landscape: Landscape) -> None:
    """Without a certificate nothing starts; the text names the command that helps."""
    with pytest.raises(NotEnrolledError) as caught:
        CredentialsSource(landscape.files("las-new"))

    assert "enroll" in caught.value.text("nl")
