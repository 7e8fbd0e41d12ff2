"""The table as a file: all or nothing in, the same bytes out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import protovalidate
import pytest
from hypothesis import given
from hypothesis import strategies as st

from buf.validate import validate_pb2
from oso.registry.v1 import test_code_pb2 as contract
from oso.registry.v1 import test_code_service_pb2 as wire
from oso.registry.v1.test_code_pb2 import TestCodeRelease as Release
from oso_dossier.code_table import (
    MOST_CODES,
    CodeEntry,
    faults_in,
    known_codes,
    read_table,
    scales,
    write_table,
)
from oso_registry.standard import releases
from oso_registry.standard.comparing import differences
from oso_registry.standard.entries import code_of, entry_of
from oso_registry.standard.exchange import export_codes, import_codes, read_file
from oso_registry.standard.initial import read_first_release
from oso_registry.standard.releases import (
    begin_release,
    codes_of,
    compare_releases,
    get_release,
    publish_release,
)

from . import house as of

if TYPE_CHECKING:
    from .house import House

_FIRST, _DRAFT = "testCodeReleases/0001", "testCodeReleases/0002"
_KINDS = {
    name: contract.TestCodeDifferenceKind.Value(f"TEST_CODE_DIFFERENCE_KIND_{name}")
    for name in ("NEW", "CHANGED", "ENDED", "REMOVED")
}
_DREM8 = next(one for one in read_table(read_first_release()) if one.code == "DREM8")
_OTHERS = [one for one in read_table(read_first_release()) if one.code != "DREM8"]


def _import(
    house: House, content: bytes, etag: str = "", *, only: bool = False
) -> wire.ImportTestCodesResponse:
    request = wire.ImportTestCodesRequest(
        name=_DRAFT, content=content, etag=etag, validate_only=only
    )
    return import_codes(house.call(), request, read_file(content))


def _news() -> bytes:
    """Make a file in which one code is new, one changed, one ended and one gone."""
    first = read_table(read_first_release())
    return write_table(
        [
            replace(_DREM8, code="NIEUW"),
            replace(_DREM8, name="Anders", scales=()),
            replace(first[0], end=date(2030, 1, 1)),
            *[one for one in _OTHERS if one not in first[:2]],
        ]
    )


def _told(found: list[contract.TestCodeDifference]) -> list[tuple[str, str, list[str]]]:
    names = {number: name for name, number in _KINDS.items()}
    return [
        (one.code, names[one.kind], [_change(change) for change in one.changes]) for one in found
    ]


def _change(change: contract.TestCodeChange) -> str:
    return f"{change.heading}: {getattr(change, 'from')}>{change.to}"


def test_an_export_is_what_the_import_took_byte_for_byte(house: House) -> None:
    """As a draft, once published, and after the next one."""
    content = _news()
    begin_release(house.call(), Release())
    answer = _import(house, content)

    as_draft = export_codes(house.call(), _DRAFT).content
    publish_release(house.call(), _DRAFT)
    as_current = export_codes(house.call(of.LAS), "testCodeReleases/current").content
    begin_release(house.call(), Release())
    answer_next = import_codes(
        house.call(),
        wire.ImportTestCodesRequest(name="testCodeReleases/0003", content=read_first_release()),
        read_file(read_first_release()),
    )
    publish_release(house.call(), "testCodeReleases/0003")

    assert (True, True) == (answer.imported, answer_next.imported)
    assert content == as_draft == as_current == export_codes(house.call(), _DRAFT).content
    assert read_first_release() == export_codes(house.call(), "testCodeReleases/0003").content
    assert "NIEUW" in known_codes(as_current)


def test_an_import_tells_what_changes(house: House) -> None:
    """New, changed, ended and gone, with what each field was and became; the rest is untouched."""
    begin_release(house.call(), Release())
    untouched = {code.name: code for code in codes_of(house.call(), _DRAFT)}

    answer = _import(house, _news())

    expected = [
        ("AVIKAART09-E3", "ENDED", ["Geldig tot: >2030-01-01"]),
        ("AVIKAART09-E4", "REMOVED", []),
        (
            "DREM8",
            "CHANGED",
            ["Naam: Drempeltoets groep 8>Anders", "Normschalen: DLE|Percentiel>"],
        ),
        ("NIEUW", "NEW", []),
    ]
    assert expected == _told(list(answer.differences))
    assert expected == _told(compare_releases(house.call(), _FIRST, _DRAFT))
    assert answer.test_code_release == get_release(house.call(), _DRAFT)
    assert 175 == answer.test_code_release.code_count
    after = {code.name: code for code in codes_of(house.call(), _DRAFT)}
    changed = {f"{_DRAFT}/testCodes/{code}" for code, _, _ in expected}
    assert {name: untouched[name] for name in untouched.keys() - changed} == {
        name: after[name] for name in after.keys() - changed
    }


def test_trying_an_import_changes_nothing(house: House) -> None:
    """The answer tells what would change, and that it did not."""
    draft = begin_release(house.call(), Release())

    answer = _import(house, _news(), only=True)

    assert (False, 4, draft) == (
        answer.imported, len(answer.differences), answer.test_code_release
    )  # fmt: skip
    assert draft == get_release(house.call(), _DRAFT)
    assert read_first_release() == export_codes(house.call(), _DRAFT).content


def test_an_import_without_news_leaves_the_draft_as_it_is(house: House) -> None:
    """Not even its etag changes."""
    draft = begin_release(house.call(), Release())

    answer = _import(house, read_first_release())

    assert (True, [], draft) == (
        answer.imported, list(answer.differences), answer.test_code_release
    )  # fmt: skip


@pytest.mark.parametrize("only", [False, True])
def test_a_file_with_faults_changes_nothing(house: House, only: bool) -> None:  # noqa: FBT001  a parameter of the test
    """All faults come with their place, in both languages; the good lines are not taken."""
    draft = begin_release(house.call(), Release())
    lines = _news().split(b"\r\n")
    lines[1] = lines[1].replace(b";nee;", b";misschien;")
    lines.insert(3, lines[2])

    answer = _import(house, b"\r\n".join(lines), only=only)

    assert (False, 0, [], draft) == (
        answer.imported, answer.faults_left_out, list(answer.differences), answer.test_code_release
    )  # fmt: skip
    assert [
        contract.TestCodeFault(
            line=2,
            column="Onderdeel",
            text_nl="Hier moet ja of nee staan.",
            text_en="This must be ja (yes) or nee (no).",
        ),
        contract.TestCodeFault(
            line=4,
            column="Toetscode",
            text_nl="Deze toetscode staat er al, op een eerdere regel.",
            text_en="This test code is there already, on an earlier line.",
        ),
    ] == list(answer.faults)
    assert read_first_release() == export_codes(house.call(), _DRAFT).content


def test_a_hundred_faults_are_told_and_the_others_counted(house: House) -> None:
    """An answer does not grow with a file of another kind."""
    begin_release(house.call(), Release())
    content = read_first_release().replace(b";nee;", b";x;").replace(b";ja;", b";x;")

    answer = _import(house, content)

    assert (100, 75) == (len(answer.faults), answer.faults_left_out)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "Toetscode;Naam"),
        (b"\0", "Toetscode;Naam"),
        (b"\xff\xfe", "UTF-8"),
        (b"PK\x03\x04", "Toetscode;Naam"),
        (read_first_release().splitlines()[0], "no codes"),
        (read_first_release() + b"\n" * (2 * 1024 * 1024 - 30_000), f"more than {MOST_CODES}"),
        (read_first_release() + b'"' + b"x" * 200_000, "no good CSV"),
    ],
)
def test_a_file_of_another_kind_has_one_fault(house: House, content: bytes, expected: str) -> None:
    """Nothing, a picture, a workbook, headings alone, or more lines than any table has."""
    begin_release(house.call(), Release())

    answer = _import(house, content)

    assert (False, 1) == (answer.imported, len(answer.faults))
    assert expected in answer.faults[0].text_en


def test_an_import_into_what_is_no_draft_is_refused(house: House) -> None:
    """A published release, one that is not there, and one that changed meanwhile."""
    news = _news()
    unknown = of.outcome(_import, house, news)
    draft = begin_release(house.call(), Release())
    _import(house, news)
    stale = of.outcome(_import, house, read_first_release(), draft.etag)
    publish_release(house.call(), _DRAFT)

    assert [
        f"RESOURCE_UNKNOWN resource={_DRAFT}",
        f"ETAG_STALE resource={_DRAFT}",
        f"TEST_CODES_PUBLISHED resource={_DRAFT}",
    ] == [unknown, stale, of.outcome(_import, house, read_first_release())]


def test_a_release_that_could_not_be_taken_in_again_is_not_published(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file larger than an import may be."""
    begin_release(house.call(), Release())
    _import(house, _news())
    monkeypatch.setattr(releases, "LARGEST_FILE", len(_news()) - 1)

    assert f"CONDITION_FAILED detail={_DRAFT}: {len(_news())} bytes > {len(_news()) - 1}" == (
        of.outcome(publish_release, house.call(), _DRAFT)
    )


def test_a_release_may_be_as_large_as_an_import() -> None:
    """What is published can be taken in again: the contract's limit is ours."""
    field = wire.ImportTestCodesRequest.DESCRIPTOR.fields_by_name["content"]

    assert releases.LARGEST_FILE == field.GetOptions().Extensions[validate_pb2.field].bytes.max_len


_WORDS = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=' ;"'), min_size=1, max_size=40
).filter(lambda text: text == text.strip() and not text.startswith(("=", "+", "-", "@")))
_ENTRIES = st.builds(
    CodeEntry,
    code=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", fullmatch=True),
    name=_WORDS,
    subject=_WORDS,
    publisher=_WORDS,
    version=_WORDS | st.just(""),
    part=st.booleans(),
    scales=st.sets(st.sampled_from(scales())).map(
        lambda names: tuple(sorted(names, key=scales().index))
    ),
    start=st.dates(max_value=date(2040, 1, 1)),
    end=st.none() | st.dates(date(2040, 1, 2)),
)


@given(_ENTRIES)
def test_what_may_stand_in_a_file_may_stand_in_the_contract(entry: CodeEntry) -> None:
    """An entry without a fault is a code the contract allows, and comes back as it was."""
    code = code_of(entry, _DRAFT)

    assert [] == faults_in(entry)
    assert [] == protovalidate.collect_violations(code)
    assert entry == entry_of(code)


# Few codes, few values: most are in both tables.
_TABLES = st.lists(
    st.builds(
        lambda code, name, end: replace(_DREM8, code=code, name=name, end=end),
        st.sampled_from("ABCD"),
        st.sampled_from("xy"),
        st.sampled_from([None, date(2030, 1, 1), date(2031, 1, 1)]),
    ),
    unique_by=lambda one: one.code,
)


@given(_TABLES, _TABLES)
def test_a_table_differs_from_another_in_the_codes_that_differ(
    some: list[CodeEntry], others: list[CodeEntry]
) -> None:
    """Nothing is told of a table and itself; what is new one way is gone the other way."""
    there, back = _told(differences(some, others)), _told(differences(others, some))
    opposite = {"NEW": "REMOVED", "REMOVED": "NEW"}
    ends = {one.code: one.end for one in some}, {one.code: one.end for one in others}

    assert [] == differences(some, list(reversed(some)))
    assert sorted({one.code for one in {*some} ^ {*others}}) == [code for code, _, _ in there]
    assert [(code, kind) for code, kind, _ in back if kind in opposite] == [
        (code, opposite[kind]) for code, kind, _ in there if kind in opposite
    ]
    assert {code for code, kind, _ in there if kind == "ENDED"} == {
        code for code, end in ends[1].items() if end and ends[0].get(code, end) is None
    }
