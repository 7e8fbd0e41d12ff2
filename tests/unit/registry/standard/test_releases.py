"""Releases of the test-code table: a draft, then published, and kept for ever."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from oso.directory.v1.directory_pb2 import TestCodeTable as InForce
from oso.registry.v1 import test_code_pb2 as contract
from oso.registry.v1.test_code_pb2 import TestCodeRelease as Release
from oso.registry.v1.test_code_service_pb2 import ListTestCodeReleasesRequest
from oso_dossier.code_table import read_table
from oso_registry.standard.codes import add_code, change_code, remove_code
from oso_registry.standard.entries import code_of
from oso_registry.standard.exchange import export_codes
from oso_registry.standard.in_force import table_in_force
from oso_registry.standard.initial import initial_standard, read_first_release
from oso_registry.standard.releases import (
    STEPS,
    begin_release,
    change_release,
    codes_of,
    compare_releases,
    discard_release,
    get_release,
    list_releases,
    publish_release,
)
from oso_registry.standard.resources import CURRENT, TEST_CODE_RELEASES, TEST_CODES

from . import house as of

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_registry.calls import Caller

    from .house import House

_FIRST, _DRAFT = "testCodeReleases/0001", "testCodeReleases/0002"
_CODES = 175
_DREM8 = f"{_DRAFT}/testCodes/DREM8"
_ENTRY = read_table(read_first_release())[0]


def _begin(house: House, note: str = "Nieuwe normen") -> Release:
    return begin_release(house.call(), Release(note=note))


def _change(house: House, code: str = _DREM8) -> None:
    given = contract.TestCode(name=code, display_name="Anders")
    change_code(house.call(), given, FieldMask())


def test_on_the_first_day_there_is_a_release_in_force(house: House) -> None:
    """The first release, whole; and loading it again changes nothing."""
    before = house.call().list(TEST_CODE_RELEASES)
    initial_standard(house.call(days=1))

    current = get_release(house.call(of.LAS), CURRENT)
    assert [current] == before == house.call().list(TEST_CODE_RELEASES)
    assert (_FIRST, 1, contract.TEST_CODE_RELEASE_STATE_PUBLISHED, _CODES, of.at(-90)) == (
        current.name, current.number, current.state, current.code_count, current.publish_time
    )  # fmt: skip
    assert hashlib.sha256(read_first_release()).digest() == current.sha256
    assert read_first_release() == export_codes(house.call(of.LAS), CURRENT).content


def test_a_draft_begins_as_a_copy_of_the_release_in_force(house: House) -> None:
    """The next number, the same codes, no digest and no publication yet; only the note is taken."""
    given = Release(
        name="testCodeReleases/0009", number=9, note="Nieuw", code_count=9, sha256=b"x", etag="x"
    )

    draft = begin_release(house.call(), given)

    assert (_DRAFT, 2, contract.TEST_CODE_RELEASE_STATE_DRAFT, _CODES, "Nieuw", b"") == (
        draft.name, draft.number, draft.state, draft.code_count, draft.note, draft.sha256
    )  # fmt: skip
    assert not draft.HasField("publish_time")
    assert [] == compare_releases(house.call(), _FIRST, _DRAFT)
    assert _CODES == len(codes_of(house.call(), _DRAFT))
    copied = house.call().require(TEST_CODES, _DREM8)
    assert (of.at(0), of.at(0)) == (copied.create_time, copied.update_time)


def test_there_is_one_draft_at_most(house: House) -> None:
    """A second is refused, with the name of the first."""
    _begin(house)

    assert f"RESOURCE_EXISTS resource={_DRAFT}" == of.outcome(
        begin_release, house.call(), Release()
    )


@pytest.mark.parametrize("note", ["x" * 1001, "a\0", "a\x1b[31m", "a\u202eb"])
def test_a_note_that_cannot_be_shown_is_refused(house: House, note: str) -> None:
    """One that is too long, or has what nobody sees: to begin a draft, and in a draft."""
    begun = of.outcome(begin_release, house.call(), Release(note=note))
    _begin(house, "Eerste regel\ntweede regel")
    changed = of.outcome(change_release, house.call(), Release(name=_DRAFT, note=note), FieldMask())

    assert begun.startswith("REQUEST_INVALID test_code_release.note")
    assert begun == changed


def test_without_a_release_in_force_a_draft_begins_empty(house: House) -> None:
    """An OfficeHeart that was made before there was a table; then nothing is in force."""
    for code in codes_of(house.call(), _FIRST):
        house.call().remove(TEST_CODES, code.name)
    house.call().remove(TEST_CODE_RELEASES, _FIRST)

    draft = _begin(house)

    assert (_FIRST, 0) == (draft.name, draft.code_count)
    assert "NO_TEST_CODES" == of.outcome(get_release, house.call(), CURRENT)
    assert None is table_in_force(house.call())
    assert f"CONDITION_FAILED detail={_FIRST}: 0 codes" == of.outcome(
        publish_release, house.call(), _FIRST
    )


def test_what_is_published_is_in_force_and_the_one_before_is_kept(house: House) -> None:
    """The directory tells of the new one; the old one still gives the same bytes."""
    before = export_codes(house.call(), _FIRST)
    _begin(house)
    _change(house)

    published = publish_release(house.call(days=1), _DRAFT)

    content = export_codes(house.call(of.LAS), CURRENT).content
    assert (contract.TEST_CODE_RELEASE_STATE_PUBLISHED, of.at(1)) == (
        published.state, published.publish_time
    )  # fmt: skip
    assert hashlib.sha256(content).digest() == published.sha256
    assert b"DREM8;Anders;" in content
    assert InForce(
        release=_DRAFT, publish_time=of.at(1), sha256=published.sha256
    ) == table_in_force(house.batch)
    kept = export_codes(house.call(of.LAS), _FIRST)
    assert contract.TEST_CODE_RELEASE_STATE_SUPERSEDED == kept.test_code_release.state
    assert before.content == kept.content
    assert before.test_code_release.sha256 == kept.test_code_release.sha256


def test_a_release_is_given_out_as_it_was_published(house: House) -> None:
    """Not as its rows are written out today: whoever has its digest has it for ever."""
    tx = house.call()
    code = tx.require(TEST_CODES, f"{_FIRST}/testCodes/DREM8")
    code.display_name = "Touched by hand"
    tx.put(TEST_CODES, code)

    assert read_first_release() == export_codes(house.call(), _FIRST).content


def test_a_draft_without_news_is_not_published(house: House) -> None:
    """The codes of the release in force are no new release; nor are none at all."""
    _begin(house)

    refused = of.outcome(publish_release, house.call(), _DRAFT)
    for code in codes_of(house.call(), _DRAFT):
        remove_code(house.call(), code.name)

    assert f"TEST_CODES_UNCHANGED resource={_DRAFT} current={_FIRST}" == refused
    assert f"CONDITION_FAILED detail={_DRAFT}: 0 codes" == of.outcome(
        publish_release, house.call(), _DRAFT
    )


def test_a_published_release_never_changes(house: House) -> None:
    """Whatever would change it is refused, whether it is in force or was before."""
    _begin(house)
    _change(house)
    publish_release(house.call(), _DRAFT)
    before = [house.call().list(collection) for collection in (TEST_CODE_RELEASES, TEST_CODES)]

    for name in (_FIRST, _DRAFT):
        code = contract.TestCode(name=f"{name}/testCodes/DREM8", display_name="Weer anders")
        assert {f"TEST_CODES_PUBLISHED resource={name}"} == {
            of.outcome(change_release, house.call(), Release(name=name, note="x"), FieldMask()),
            of.outcome(discard_release, house.call(), name),
            of.outcome(publish_release, house.call(), name),
            of.outcome(change_code, house.call(), code, FieldMask()),
            of.outcome(remove_code, house.call(), code.name),
        }
    assert before == [
        house.call().list(collection) for collection in (TEST_CODE_RELEASES, TEST_CODES)
    ]


def test_the_note_of_a_draft_is_changed_and_nothing_else_of_it(house: House) -> None:
    """What is ours to say is not taken from a request (AIP-203)."""
    known = _begin(house)
    given = Release(
        name=_DRAFT, note="Anders", number=9, code_count=9, sha256=b"x" * 32,
        state=contract.TEST_CODE_RELEASE_STATE_PUBLISHED,
    )  # fmt: skip

    made = change_release(house.call(days=1), given, FieldMask(paths=["*"]))

    assert known.etag != made.etag
    known.note, known.etag = "Anders", made.etag
    known.update_time.CopyFrom(of.at(1))
    assert known == made


def test_a_draft_that_is_thrown_away_leaves_nothing(house: House) -> None:
    """Its codes go too, and the next draft has its number."""
    _begin(house)

    discard_release(house.call(), _DRAFT)

    assert [] == codes_of(house.call(), _DRAFT)
    assert f"RESOURCE_UNKNOWN resource={_DRAFT}" == of.outcome(get_release, house.call(), _DRAFT)
    assert (_DRAFT, _CODES) == ((again := _begin(house)).name, again.code_count)


def test_an_etag_that_is_not_the_present_one_is_refused(house: House) -> None:
    """A code that somebody else changed counts as well: nobody publishes what he did not see."""
    seen = _begin(house)
    _change(house)
    stale = f"ETAG_STALE resource={_DRAFT}"

    assert [stale] * 3 == [
        of.outcome(publish_release, house.call(), _DRAFT, seen.etag),
        of.outcome(discard_release, house.call(), _DRAFT, seen.etag),
        of.outcome(
            change_release, house.call(), Release(name=_DRAFT, note="x", etag=seen.etag),
            FieldMask(),
        ),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["testCodeReleases/0009", "testCodeReleases/1", "x", "", "\0"])
def test_what_is_not_there_is_unknown(house: House, name: str) -> None:
    """To read, to change, to publish and to throw away."""
    assert {f"RESOURCE_UNKNOWN resource={name}"} == {
        of.outcome(get_release, house.call(), name),
        of.outcome(change_release, house.call(), Release(name=name, note="x"), FieldMask()),
        of.outcome(publish_release, house.call(), name),
        of.outcome(discard_release, house.call(), name),
        of.outcome(compare_releases, house.call(), _FIRST, name),
    }


def test_a_draft_is_unknown_to_all_but_the_workers_of_officeheart(house: House) -> None:
    """To a system and a supplier it is as if it were not there, also in the list."""
    _begin(house)
    unknown = f"RESOURCE_UNKNOWN resource={_DRAFT}"

    for caller in (of.REGISTRAR, of.AUDITOR, of.HELPDESK):
        assert _DRAFT == get_release(house.call(caller), _DRAFT).name
        assert [_DRAFT, _FIRST] == _names(house, caller)
    for caller in (of.LAS, of.SUPPLIER):
        tx = house.call(caller)
        assert [unknown] * 3 == [
            of.outcome(get_release, tx, _DRAFT),
            of.outcome(export_codes, tx, _DRAFT),
            of.outcome(compare_releases, tx, _FIRST, _DRAFT),
        ]
        assert [_FIRST] == _names(house, caller)


def test_releases_come_in_pages_the_newest_first(house: House) -> None:
    """Each once; a token that was not given out is refused."""
    _begin(house)
    _change(house)
    publish_release(house.call(), _DRAFT)
    _begin(house)
    request, names = ListTestCodeReleasesRequest(page_size=2), []
    for _ in range(2):
        found, request.page_token = list_releases(house.call(), request)
        names.append([one.number for one in found])

    assert [[3, 2], [1]] == names
    assert "" == request.page_token
    made_up = ListTestCodeReleasesRequest(page_token=CURRENT)
    assert "REQUEST_INVALID page_token: is none that was given out" == of.outcome(
        list_releases, house.call(), made_up
    )


def test_every_state_but_the_last_has_one_step() -> None:
    """The table of the protocol, and nothing beside it."""
    draft = contract.TEST_CODE_RELEASE_STATE_DRAFT
    published = contract.TEST_CODE_RELEASE_STATE_PUBLISHED
    superseded = contract.TEST_CODE_RELEASE_STATE_SUPERSEDED

    assert {(draft, "publish", published), (published, "supersede", superseded)} == {
        (state, event.value, then) for (state, event), then in STEPS.items()
    }


def _names(house: House, caller: Caller) -> list[str]:
    found, _ = list_releases(house.call(caller), ListTestCodeReleasesRequest())
    return [one.name for one in found]


_ROUNDS = st.lists(
    st.tuples(
        st.lists(
            st.tuples(
                st.sampled_from(["add", "add", "change", "remove"]),
                st.sampled_from([0, 0, 0, 1]),  # in the newest release, or the one before it
                st.sampled_from("AB"),
            ),
            max_size=4,
        ),
        st.sampled_from(["publish", "publish", "discard", "leave"]),
    ),
    max_size=6,
)


def _edit(house: House, what: str, release: str, letter: str) -> None:
    code = contract.TestCode(name=f"{release}/testCodes/{letter}", display_name=what + letter)
    entry = code_of(replace(_ENTRY, code=letter), release)
    works: dict[str, Callable[[], object]] = {
        "add": partial(add_code, house.call(), release, entry, letter),
        "change": partial(change_code, house.call(), code, FieldMask()),
        "remove": partial(remove_code, house.call(), code.name),
    }
    of.outcome(works[what])


@given(_ROUNDS)
@settings(max_examples=25)
def test_whatever_is_done_published_releases_stay(
    rounds: list[tuple[list[tuple[str, int, str]], str]],
) -> None:
    """One is in force, one draft at most, no number is missing, and no file ever changes."""
    house = of.House()
    house.batch.connection.execute(delete(TEST_CODES.table))  # few codes, so that it is quick
    kept: dict[str, bytes] = {}
    for edits, end in rounds:
        of.outcome(begin_release, house.call(), Release())
        newest = len(house.call().list(TEST_CODE_RELEASES))
        for what, back, letter in edits:
            _edit(house, what, f"testCodeReleases/{newest - back:04d}", letter)
        works = {"publish": publish_release, "discard": discard_release, "leave": get_release}
        of.outcome(works[end], house.call(), f"testCodeReleases/{newest:04d}")

        known = house.call().list(TEST_CODE_RELEASES)
        states = [one.state for one in known]
        published = {
            one.name: export_codes(house.call(), one.name).content
            for one in known
            if one.state != contract.TEST_CODE_RELEASE_STATE_DRAFT
        }
        assert list(range(1, len(known) + 1)) == [one.number for one in known]
        assert 1 == states.count(contract.TEST_CODE_RELEASE_STATE_PUBLISHED)
        assert states.count(contract.TEST_CODE_RELEASE_STATE_DRAFT) <= 1
        assert {name: published[name] for name in kept} == kept
        for one in known[1:]:
            assert one.code_count == len(codes_of(house.call(), one.name))
        kept = published
    house.close()
