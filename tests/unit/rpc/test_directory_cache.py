"""The directory on disk: read back, what is tampered with, foreign or older is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oso.directory.v1.directory_service_pb2 import WatchDirectoryResponse
from oso_rpc.directory import (
    DirectoryEpochError,
    DirectoryError,
    DirectoryGapError,
    DirectoryInvalidError,
    DirectoryOlderError,
    DirectorySignatureError,
    Version,
)
from oso_rpc.directory.cache import DirectoryCache
from oso_rpc.directory.chain import NOTHING, Chain

from .words import EPOCH, Words

if TYPE_CHECKING:
    from pathlib import Path


class Kept:
    """A cache with a snapshot, two deltas and a heartbeat in it."""

    def __init__(self, folder: Path) -> None:
        """Keep them."""
        self.words = Words()
        self.chain = Chain(self.words.keys)
        self.snapshot = folder / "directory.pb"
        self.log = folder / "directory.pb.words"
        self.seen = folder / "directory.pb.seen"
        self.cache = DirectoryCache(self.snapshot)
        self.cache.replace(self.words.snapshot("00AA"), Version(EPOCH, 1))
        self.say(self.delta("00BB"))
        self.say(self.delta("00CC"), WatchDirectoryResponse(heartbeat=self.words.heartbeat()))

    def delta(self, *brins: str) -> WatchDirectoryResponse:
        """Make the next change."""
        return WatchDirectoryResponse(delta=self.words.delta(*brins))

    def say(self, *words: WatchDirectoryResponse) -> None:
        """Keep words."""
        self.cache.append(words, Version(EPOCH, self.words.version))


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    """Give a cache with a history in it."""
    return Kept(tmp_path)


def test_what_was_kept_is_read_back(kept: Kept) -> None:
    """The snapshot with all words after it gives the version and the age there was."""
    known = kept.cache.load(kept.chain)

    assert known is not None
    assert Version(EPOCH, 3) == known.view.order == kept.cache.seen()
    assert kept.words.time == known.issue_time
    assert all(known.view.school(brin) for brin in ("00AA", "00BB", "00CC"))


def test_an_empty_cache_has_nothing(tmp_path: Path) -> None:
    """Where nothing was kept, nothing is known, and nothing was seen."""
    cache = DirectoryCache(tmp_path / "directory.pb")

    assert cache.load(Chain({})) is None
    assert NOTHING == cache.seen()
    assert not cache.is_long()


def _read(kept: Kept) -> str:
    """Read a cache; give the reason why it is refused, empty when it is not."""
    try:
        kept.cache.load(kept.chain)
    except DirectoryError as error:
        return type(error).__name__
    return ""


@pytest.mark.parametrize("file", ["snapshot", "log"])
def test_every_changed_byte_is_noticed(kept: Kept, file: str) -> None:
    """A byte changed anywhere in what was kept makes all of it refused."""
    kept.say(kept.delta("00DD"))  # so that the last word is one whose loss is missed
    path: Path = getattr(kept, file)
    good = path.read_bytes()

    unnoticed = []
    for place in range(len(good)):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x10]) + good[place + 1 :])
        if not _read(kept):
            unnoticed.append(place)

    assert [] == unnoticed


@pytest.mark.parametrize("cut", [1, 50, 10_000])
def test_what_was_cut_off_is_older_than_what_was_seen(kept: Kept, cut: int) -> None:
    """Words that were taken away, to undo a revocation say, are missed."""
    content = kept.log.read_bytes()
    last = len(content) - len(WatchDirectoryResponse(heartbeat=kept.words.heartbeat())
                              .SerializeToString())  # fmt: skip
    kept.log.write_bytes(content[: max(0, last - 4 - cut)])

    with pytest.raises(DirectoryOlderError):
        kept.cache.load(kept.chain)


def test_an_older_snapshot_put_back_is_refused(kept: Kept) -> None:
    """A whole cache of before, put back in its place, is older than what was seen."""
    before = {path: path.read_bytes() for path in (kept.snapshot, kept.log)}
    kept.say(kept.delta("00DD"))
    for path, content in before.items():
        path.write_bytes(content)

    with pytest.raises(DirectoryOlderError):
        kept.cache.load(kept.chain)


def test_a_cache_of_before_a_restore_is_refused(kept: Kept) -> None:
    """What belongs to an epoch before the one that was seen is refused, whatever its number."""
    kept.seen.write_text(f"{EPOCH + 1} 1\n", encoding="ascii")

    with pytest.raises(DirectoryEpochError):
        kept.cache.load(kept.chain)


def test_somebody_elses_cache_is_refused(kept: Kept) -> None:
    """What another OfficeHeart signed is refused."""
    with pytest.raises(DirectorySignatureError):
        kept.cache.load(Chain(Words().keys))


def test_a_word_left_out_is_missed(kept: Kept) -> None:
    """A delta taken out of the middle leaves a gap."""
    kept.log.unlink()
    kept.delta("00DD")
    kept.say(kept.delta("00EE"))

    with pytest.raises(DirectoryGapError):
        kept.cache.load(kept.chain)


def test_a_power_failure_costs_the_last_word_only(kept: Kept) -> None:
    """A record that was half written is left out, and what follows can be read."""
    whole = kept.log.read_bytes()
    kept.log.write_bytes(whole + b"\0\0\1\0half")
    known = kept.cache.load(kept.chain)
    kept.cache.mend()
    kept.say(kept.delta("00DD"))
    after = kept.cache.load(kept.chain)

    assert known is not None
    assert after is not None
    assert (3, 4) == (known.view.version, after.view.version)


def test_words_of_before_a_snapshot_are_left_out(kept: Kept) -> None:
    """A power failure between the new snapshot and emptying the words leaves both: it is whole."""
    before = kept.log.read_bytes()
    kept.cache.replace(kept.words.snapshot("00AA"), Version(EPOCH, 3))
    assert not kept.log.exists()
    kept.log.write_bytes(before)

    known = kept.cache.load(kept.chain)

    assert known is not None
    assert Version(EPOCH, 3) == known.view.order


def test_a_mark_one_cannot_read_is_refused(kept: Kept) -> None:
    """Without knowing what was seen, nothing that was kept is believed."""
    kept.seen.write_text("much", encoding="ascii")

    with pytest.raises(DirectoryInvalidError):
        kept.cache.load(kept.chain)


def test_a_word_of_another_kind_is_refused(kept: Kept) -> None:
    """A record that is neither delta nor heartbeat is not skipped."""
    kept.say(WatchDirectoryResponse())

    with pytest.raises(DirectoryInvalidError):
        kept.cache.load(kept.chain)


def test_a_long_history_asks_for_a_snapshot(kept: Kept) -> None:
    """When more was said since the snapshot than it is long, a new one is worth asking for."""
    assert kept.cache.is_long()

    kept.cache.replace(kept.words.snapshot(*(f"{n:02d}ZZ" for n in range(100))), Version(EPOCH, 3))

    assert not kept.cache.is_long()
