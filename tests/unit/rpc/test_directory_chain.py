"""What may follow upon what: every word of OfficeHeart against what is known already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from google.protobuf.message import DecodeError

from oso.directory.v1.directory_pb2 import Directory
from oso.directory.v1.directory_service_pb2 import (
    DirectoryDelta,
    SignedDirectoryDelta,
    SignedDirectoryHeartbeat,
)
from oso_rpc.directory import (
    DirectoryEpochError,
    DirectoryError,
    DirectoryGapError,
    DirectoryInvalidError,
    DirectoryOlderError,
    DirectorySignatureError,
    Version,
)
from oso_rpc.directory.chain import NOTHING, Chain, Known
from oso_rpc.directory.signed import DELTA_DOMAIN, HEARTBEAT_DOMAIN

from .words import EPOCH, Words

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def words() -> Words:
    """Give an OfficeHeart that has said nothing yet."""
    return Words()


@pytest.fixture
def chain(words: Words) -> Chain:
    """Give a judge who trusts its key."""
    return Chain(words.keys)


@pytest.fixture
def known(words: Words, chain: Chain) -> Known:
    """Take its first snapshot, of one school."""
    return chain.after_snapshot(None, NOTHING, words.snapshot("00AA"))


def test_changes_follow_upon_the_snapshot(words: Words, chain: Chain, known: Known) -> None:
    """Deltas in their order add, replace and take away, and leave earlier views as they were."""
    second = chain.after_delta(known, words.delta("00BB", "00AA"))
    third = chain.after_delta(second, words.delta(removed_schools=["00AA"]))

    assert (1, 2, 3) == tuple(one.view.version for one in (known, second, third))
    assert known.view.school("00BB") is None
    assert second.view.school("00AA") is not None
    assert third.view.school("00AA") is None
    assert third.view.school("00BB") is not None
    assert words.time == third.issue_time


def test_general_part_is_replaced_whole(words: Words, chain: Chain, known: Known) -> None:
    """What is no list of entries comes whole when it changes, and stays when it does not."""
    changed = words.delta("00BB")
    same = chain.after_delta(known, changed)
    general = Directory(accepted_dossier_years=["2020.1"])
    other = chain.after_delta(same, _delta_with(words, general))

    assert ("2019.1",) == same.view.accepted_dossier_years
    assert ("2020.1",) == other.view.accepted_dossier_years


def _delta_with(words: Words, general: Directory) -> SignedDirectoryDelta:
    """Sign a delta with a general part."""
    delta = DirectoryDelta.FromString(words.delta().delta)
    delta.general.CopyFrom(general)
    content = delta.SerializeToString()
    return SignedDirectoryDelta(
        delta=content,
        signature=words.signer.sign(DELTA_DOMAIN, content),
        key_id=words.signer.key_id,
    )


def test_every_changed_bit_of_a_word_is_noticed(words: Words, chain: Chain, known: Known) -> None:
    """A delta or heartbeat with one bit changed anywhere is refused."""
    delta = words.delta("00BB").SerializeToString()
    for place in range(len(delta)):
        bad = bytearray(delta)
        bad[place] ^= 1
        with pytest.raises((DirectoryError, DecodeError)):
            chain.after_delta(known, SignedDirectoryDelta.FromString(bytes(bad)))

    words = Words()
    chain = Chain(words.keys)
    known = chain.after_snapshot(None, NOTHING, words.snapshot())
    beat = words.heartbeat().SerializeToString()
    for place in range(len(beat)):
        bad = bytearray(beat)
        bad[place] ^= 1
        with pytest.raises((DirectoryError, DecodeError)):
            chain.after_heartbeat(known, SignedDirectoryHeartbeat.FromString(bytes(bad)))


def _left_out(words: Words) -> SignedDirectoryDelta:
    words.delta("00BB")
    return words.delta("00CC")


def _of_another_line(words: Words) -> SignedDirectoryDelta:
    """Sign a delta with the right number, of a history in which something else came before."""
    words.head = b"x" * 32
    return words.delta("00BB")


def _of_a_later_epoch(words: Words) -> SignedDirectoryDelta:
    words.epoch += 1
    return words.delta("00BB")


def _of_before(words: Words) -> SignedDirectoryDelta:
    words.version -= 1
    return words.delta("00BB")


def _of_an_older_epoch(words: Words) -> SignedDirectoryDelta:
    words.epoch -= 1
    return words.delta("00BB")


def _of_a_stranger(_words: Words) -> SignedDirectoryDelta:
    return Words().delta("00BB")


def _under_our_name(words: Words) -> SignedDirectoryDelta:
    delta = Words().delta("00BB")
    delta.key_id = words.signer.key_id
    return delta


def _of_nonsense(words: Words) -> SignedDirectoryDelta:
    return words.delta("no brin")


def _of_a_bad_general_part(words: Words) -> SignedDirectoryDelta:
    return _delta_with(words, Directory(accepted_dossier_years=["nineteen"]))


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (_left_out, DirectoryGapError),
        (_of_another_line, DirectoryGapError),
        (_of_a_later_epoch, DirectoryGapError),
        (_of_before, DirectoryOlderError),
        (_of_an_older_epoch, DirectoryEpochError),
        (_of_a_stranger, DirectorySignatureError),
        (_under_our_name, DirectorySignatureError),
        (_of_nonsense, DirectoryInvalidError),
        (_of_a_bad_general_part, DirectoryInvalidError),
    ],
)
def test_a_delta_that_does_not_follow_is_refused(
    words: Words,
    chain: Chain,
    known: Known,
    make: Callable[[Words], SignedDirectoryDelta],
    error: type[DirectoryError],
) -> None:
    """A delta left out, moved, older, somebody else's or no delta at all is refused as such."""
    with pytest.raises(error) as caught:
        chain.after_delta(known, make(words))

    assert error is type(caught.value)


def test_deltas_cannot_be_put_in_another_order(words: Words, chain: Chain, known: Known) -> None:
    """The second of two deltas is refused before the first, and the first after the second."""
    first, second = words.delta("00BB"), words.delta("00CC")
    after = chain.after_delta(chain.after_delta(known, first), second)

    with pytest.raises(DirectoryGapError):
        chain.after_delta(known, second)
    with pytest.raises(DirectoryOlderError):
        chain.after_delta(after, first)


def test_a_heartbeat_makes_younger(words: Words, chain: Chain, known: Known) -> None:
    """A heartbeat about the version that is known moves the moment its age counts from."""
    after = chain.after_heartbeat(known, words.heartbeat())

    assert known.view is after.view
    assert known.issue_time < after.issue_time == words.time


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"version": 2}, DirectoryGapError),
        ({"epoch": EPOCH + 1}, DirectoryGapError),
        ({"delta_sha256": b"x" * 32}, DirectoryGapError),
        ({"epoch": EPOCH - 1}, DirectoryEpochError),
        ({"version": 0}, DirectoryInvalidError),
    ],
)
def test_a_heartbeat_about_something_else_is_refused(
    words: Words, chain: Chain, known: Known, changes: dict[str, int], error: type[DirectoryError]
) -> None:
    """A heartbeat does not make a version younger that it is not about."""
    with pytest.raises(error) as caught:
        chain.after_heartbeat(known, words.heartbeat(**changes))

    assert error is type(caught.value)


def test_a_heartbeat_about_an_older_version_is_refused(
    words: Words, chain: Chain, known: Known
) -> None:
    """A heartbeat that is held back until a change has come makes nothing younger."""
    old = words.heartbeat()
    after = chain.after_delta(known, words.delta("00BB"))

    with pytest.raises(DirectoryOlderError):
        chain.after_heartbeat(after, old)


def test_one_word_does_not_pass_for_another(words: Words, chain: Chain, known: Known) -> None:
    """A signature over one kind of word is worth nothing under another kind."""
    beat = words.heartbeat()
    as_delta = SignedDirectoryDelta(
        delta=beat.heartbeat, signature=beat.signature, key_id=beat.key_id
    )

    assert HEARTBEAT_DOMAIN != DELTA_DOMAIN
    with pytest.raises(DirectorySignatureError):
        chain.after_delta(known, as_delta)


def test_an_older_snapshot_is_refused(words: Words, chain: Chain, known: Known) -> None:
    """A snapshot of before what is known, or of before what was ever seen, is refused."""
    old = words.snapshot("00AA")
    after = chain.after_delta(known, words.delta("00BB"))

    with pytest.raises(DirectoryOlderError):
        chain.after_snapshot(after, NOTHING, old)
    with pytest.raises(DirectoryOlderError):
        chain.after_snapshot(None, Version(EPOCH, 2), old)


def test_a_restored_office_heart_begins_a_new_epoch(
    words: Words, chain: Chain, known: Known
) -> None:
    """After a restore lower numbers of a newer epoch are taken, and the old epoch no longer."""
    for brin in ("00BB", "00CC"):
        known = chain.after_delta(known, words.delta(brin))
    before = words.delta("00DD")
    words.epoch, words.version, words.head = EPOCH + 1, 2, b""
    restored = chain.after_snapshot(known, known.view.order, words.snapshot("00AA"))

    assert Version(EPOCH + 1, 2) == restored.view.order
    assert restored.view.school("00BB") is None
    with pytest.raises(DirectoryEpochError):
        chain.after_delta(restored, before)


def test_a_directory_signed_by_hand_gives_way_to_the_stream(words: Words, chain: Chain) -> None:
    """Whatever its version, a directory without an epoch is older than the first of the stream."""
    words.epoch, words.version = 0, 900
    by_hand = chain.after_snapshot(None, NOTHING, words.snapshot("00AA"))
    words.epoch, words.version = EPOCH, 1

    assert 1 == chain.after_snapshot(by_hand, NOTHING, words.snapshot("00AA")).view.version


def test_the_same_snapshot_again_makes_nothing_older(
    words: Words, chain: Chain, known: Known
) -> None:
    """A snapshot of the version that is known does not undo what a heartbeat said of it."""
    again = words.snapshot("00AA")
    after = chain.after_heartbeat(known, words.heartbeat())

    assert after.issue_time == chain.after_snapshot(after, NOTHING, again).issue_time
