"""What a follower does with parts, pauses, and a disk that does not take what it should keep."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1.directory_service_pb2 import SnapshotPart, WatchDirectoryResponse
from oso_rpc.directory import DirectoryInvalidError, Version
from oso_rpc.directory.cache import DirectoryCache
from oso_rpc.directory.chain import Chain
from oso_rpc.directory.follower import (
    _LARGEST_SNAPSHOT,
    DirectoryFollower,
    OfficeHeart,
    Pauses,
    _is_whole,
    _Unsaved,
)
from oso_rpc.errors import OsoError

from .words import EPOCH, NOW, Words

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """A clock that stands still until it is moved."""

    time = NOW

    def now(self) -> datetime:
        """Give the moment it was set to."""
        return self.time


def _follower(words: Words, cache: Path, clock: Clock, max_age: timedelta) -> DirectoryFollower:
    nobody: Any = None  # nothing is sent in a unit test
    return DirectoryFollower(
        OfficeHeart("127.0.0.1:1", "officeheart", nobody),
        cache,
        words.keys,
        clock=clock,
        max_age=max_age,
    )


def test_age_counts_from_the_last_word(tmp_path: Path) -> None:
    """So long after the last word, also a heartbeat, nothing is in force any more."""
    words, clock, max_age = Words(), Clock(), timedelta(hours=2)
    cache = DirectoryCache(tmp_path / "directory.pb")
    cache.replace(words.snapshot("00AA"), Version(EPOCH, 1))
    words.time = NOW + timedelta(hours=1)
    beat = _heartbeat(words)
    cache.append([beat], Version(EPOCH, 1))
    follower = _follower(words, tmp_path / "directory.pb", clock, max_age)
    follower.load()

    clock.time = words.time + max_age
    assert 1 == follower.view().version

    clock.time += timedelta(seconds=1)
    with pytest.raises(OsoError) as caught:
        follower.view()
    assert "DIRECTORY_EXPIRED" == caught.value.name


def test_nothing_is_in_force_before_the_first_word(tmp_path: Path) -> None:
    """A follower that was told nothing yet, or has what is no good, refuses everybody."""
    words = Words()
    (tmp_path / "bad.pb").write_bytes(b"nonsense")

    for name in ("none.pb", "bad.pb"):
        follower = _follower(words, tmp_path / name, Clock(), timedelta(hours=2))
        follower.load()
        with pytest.raises(OsoError):
            follower.view()


_CHANCES = [0.0, 1.0, 0.5, 0.0, 1.0, 0.3]


def test_pauses_get_longer_until_it_goes_well() -> None:
    """Pauses double up to the longest, by chance up to half of each less, and begin anew."""
    pauses = Pauses(first=0.2, longest=1.0, chance=iter(_CHANCES).__next__)

    given = [pauses.give() for _ in range(5)]
    pauses.begin()

    assert pytest.approx([0.1, 0.4, 0.6, 0.5, 1.0]) == given
    assert pytest.approx(0.13) == pauses.give()


def test_parts_make_a_whole() -> None:
    """A snapshot is whole when it has as many bytes as was said."""
    snapshot = bytearray()

    told = [_is_whole(snapshot, SnapshotPart(content=part, size=5)) for part in (b"ab", b"cde")]

    assert [False, True] == told
    assert b"abcde" == snapshot


@pytest.mark.parametrize(
    "part",
    [
        SnapshotPart(content=b"abc", size=2),
        SnapshotPart(content=b"", size=2),
        SnapshotPart(content=b"a" * 10, size=0),
    ],
)
def test_parts_that_make_no_whole_are_refused(part: SnapshotPart) -> None:
    """More than was said, or nothing at all, is no part of a snapshot."""
    with pytest.raises(DirectoryInvalidError):
        _is_whole(bytearray(), part)


def test_a_snapshot_without_an_end_is_refused() -> None:
    """Whoever claims a directory larger than any is not given the memory for it."""
    with pytest.raises(DirectoryInvalidError):
        _is_whole(
            bytearray(_LARGEST_SNAPSHOT), SnapshotPart(content=b"a", size=_LARGEST_SNAPSHOT * 2)
        )


def _delta(words: Words, *brins: str) -> WatchDirectoryResponse:
    return WatchDirectoryResponse(delta=words.delta(*brins))


def _heartbeat(words: Words) -> WatchDirectoryResponse:
    return WatchDirectoryResponse(heartbeat=words.heartbeat())


async def test_what_the_disk_did_not_take_is_kept_in_order(tmp_path: Path) -> None:
    """What comes while a write fails is written after what failed, and nothing is lost."""
    words, unsaved = Words(), _Unsaved()
    unsaved.begin_anew(words.snapshot("00AA"), Version(EPOCH, 1))
    unsaved.add(_delta(words, "00BB"), Version(EPOCH, 2))
    batch = await unsaved.take()
    unsaved.add(_delta(words, "00CC"), Version(EPOCH, 3))
    assert batch is not None
    with pytest.raises(OSError, match="No such file"):
        batch.save(DirectoryCache(tmp_path / "nowhere" / "directory.pb"))

    unsaved.put_back(batch)
    unsaved.close()
    again, end = await unsaved.take(), await unsaved.take()
    cache = DirectoryCache(tmp_path / "directory.pb")
    assert again is not None
    again.save(cache)
    known = cache.load(Chain(words.keys))

    assert end is None
    assert known is not None
    assert Version(EPOCH, 3) == known.view.order == cache.seen()


async def test_a_newer_snapshot_makes_what_failed_superfluous() -> None:
    """What was not written is not written any more when a snapshot has come since."""
    words, unsaved = Words(), _Unsaved()
    unsaved.add(_delta(words, "00AA"), Version(EPOCH, 2))
    batch = await unsaved.take()
    unsaved.begin_anew(b"snapshot", Version(EPOCH, 5))
    assert batch is not None

    unsaved.put_back(batch)
    again = await unsaved.take()

    assert again is not None
    assert ((b"snapshot", Version(EPOCH, 5)), []) == (again.snapshot, again.words)


async def test_of_heartbeats_in_a_row_the_last_is_kept() -> None:
    """While the disk takes nothing, heartbeats do not heap up in memory."""
    words, unsaved = Words(), _Unsaved()
    first = _delta(words, "00AA")
    beats = [_heartbeat(words) for _ in range(3)]
    for word in (first, *beats):
        unsaved.add(word, Version(EPOCH, 2))

    batch = await unsaved.take()

    assert batch is not None
    assert [first, beats[-1]] == batch.words
