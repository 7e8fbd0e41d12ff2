"""The test-code table as a file: what is read, what is refused and why, what is written."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso.registry.v1 import test_code_pb2
from oso_dossier import read_xml
from oso_dossier.code_table import (
    HEADINGS,
    CodeEntry,
    CodeTableError,
    known_codes,
    read_table,
    scales,
    write_table,
)
from oso_dossier.rules import validate
from oso_dossier.synthetic import generate

ROOT = Path(__file__).resolve().parents[3]
FIRST_RELEASE = ROOT / "registry" / "oso_registry" / "standard" / "first_release.csv"
DOSSIERS = ROOT.parent / "shared" / "dossiers"
HEAD = ";".join(HEADINGS)
GOOD = "REK17-3;Rekenen 3;Rekenen;Uitgever;2017;nee;DLE|IV;2017-08-01;2020-08-01"
ENTRY = CodeEntry(
    "REK17-3", "Rekenen 3", "Rekenen", "Uitgever", "2017", part=False, scales=("IV", "DLE"),
    start=date(2017, 8, 1), end=date(2020, 8, 1),
)  # fmt: skip


def _file(*rows: str, head: str = HEAD) -> bytes:
    return "\r\n".join([head, *rows, ""]).encode()


def _faults(content: bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(CodeTableError) as raised:
        read_table(content)
    return [(one.line, one.column, one.reason) for one in raised.value.faults]


@pytest.mark.parametrize(
    "content",
    [
        _file(GOOD),
        b"\xef\xbb\xbf" + _file(GOOD),
        _file(GOOD).replace(b"\r\n", b"\n"),
        _file(GOOD).rstrip(),
        _file(GOOD.replace("Rekenen 3", '"Rekenen 3"')),
        _file(GOOD.replace("DLE|IV", "IV|DLE")),
    ],
)
def test_a_table_is_read(content: bytes) -> None:
    """A mark before it, other line ends, quotes and another order of scales change nothing."""
    assert [ENTRY] == read_table(content)


@pytest.mark.parametrize(
    ("old", "new", "column", "reason"),
    [
        ("REK17-3", "", "Toetscode", "empty"),
        ("REK17-3", "REK 17", "Toetscode", "code"),
        ("REK17-3", "-REK", "Toetscode", "code"),
        ("REK17-3", "R" * 41, "Toetscode", "code"),
        ("REK17-3", "RÉK", "Toetscode", "code"),
        ("Rekenen 3", "", "Naam", "empty"),
        ("Rekenen 3", " Rekenen", "Naam", "space"),
        ("Rekenen 3", "Reken\u200ben", "Naam", "space"),
        ("Rekenen 3", '"Reken\nen"', "Naam", "space"),
        ("Rekenen 3", "=1+1", "Naam", "formula"),
        ("Rekenen 3", "R" * 201, "Naam", "long"),
        ("Uitgever", "", "Uitgever", "empty"),
        ("Uitgever", "@cmd", "Uitgever", "formula"),
        (";2017;", f";{'2' * 41};", "Versie", "long"),
        ("nee", "Nee", "Onderdeel", "part"),
        ("nee", "", "Onderdeel", "empty"),
        ("DLE|IV", "DLE|", "Normschalen", "scale"),
        ("DLE|IV", "DLE, IV", "Normschalen", "scale"),
        ("DLE|IV", "IV|IV", "Normschalen", "scale"),
        ("DLE|IV", "dle", "Normschalen", "scale"),
        ("2017-08-01", "", "Geldig vanaf", "empty"),
        ("2017-08-01", "01-08-2017", "Geldig vanaf", "day"),
        ("2017-08-01", "2017-02-29", "Geldig vanaf", "day"),
        ("2017-08-01", "20170801", "Geldig vanaf", "day"),
        ("2020-08-01", "2017-08-01", "Geldig tot", "order"),
        ("2020-08-01", "2016-08-01", "Geldig tot", "order"),
        (";2020-08-01", "", "", "count"),
        ("2020-08-01", "2020-08-01;", "", "count"),
        ("Rekenen 3", '"Rekenen', "", "csv"),
        ("Rekenen 3", '"Rek"enen', "", "csv"),
    ],
)
def test_a_fault_is_told_at_its_place(old: str, new: str, column: str, reason: str) -> None:
    """The line and column of what is wrong, and nothing about the good line before it."""
    content = _file("OTHER;Naam;Vak;Uitgever;;nee;;2015-08-01;", GOOD.replace(old, new, 1))

    assert [(3, column, reason)] == _faults(content)


def test_every_fault_is_told_at_once() -> None:
    """Whoever mends a file need not try again for each line."""
    content = _file(GOOD, GOOD, GOOD.replace("nee", "x").replace("REK17-3", "?"), "", "a;b")

    assert [
        (3, "Toetscode", "twice"),
        (4, "Toetscode", "code"),
        (4, "Onderdeel", "part"),
        (5, "", "count"),
        (6, "", "count"),
    ] == _faults(content)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", (1, "", "headings")),
        (_file(), (0, "", "nothing")),
        (_file(GOOD, head=HEAD.lower()), (1, "", "headings")),
        (_file(GOOD, head=HEAD.replace(";", ",")), (1, "", "headings")),
        (_file(GOOD, head=HEAD + ";Extra"), (1, "", "headings")),
        (_file(GOOD).replace(b"Rekenen 3", b"Rek\xe9nen"), (0, "", "encoding")),
        (_file(GOOD).decode().encode("utf-16"), (0, "", "encoding")),
        (
            _file(*(GOOD.replace("REK17-3", f"R{number}") for number in range(10_001))),
            (0, "", "too_many"),
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(content: bytes, expected: tuple[int, str, str]) -> None:
    """Other headings, another encoding, no codes, or more than any table has."""
    assert [expected] == _faults(content)


def test_a_fault_is_told_in_both_languages() -> None:
    """The sentence names line and column, and how many more faults there are."""
    with pytest.raises(CodeTableError) as raised:
        read_table(_file(GOOD.replace("nee", "x"), "a;b"))

    assert "regel 2, kolom Onderdeel: Hier moet ja of nee staan. (en nog 1)" == raised.value.text()
    assert (
        "line 2, column Onderdeel: This must be ja (yes) or nee (no). (and 1 more)"
        == raised.value.text("en")
    )


_WORDS = st.text(
    st.characters(exclude_categories=("C", "Z"), include_characters=' ;"'), max_size=30
).filter(lambda text: text == text.strip() and not text.startswith(("=", "+", "-", "@")))
_NAMES = _WORDS.filter(bool)
_DAYS = st.dates(date(1990, 1, 1), date(2040, 1, 1))
_ENTRIES = st.builds(
    CodeEntry,
    code=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", fullmatch=True),
    name=_NAMES,
    subject=_NAMES,
    publisher=_NAMES,
    version=_WORDS,
    part=st.booleans(),
    scales=st.sets(st.sampled_from(scales())).map(
        lambda names: tuple(sorted(names, key=scales().index))
    ),
    start=_DAYS,
    end=st.none() | st.dates(date(2040, 1, 2), date(2090, 1, 1)),
)


@given(st.lists(_ENTRIES, min_size=1, max_size=5, unique_by=lambda one: one.code), st.randoms())
def test_what_is_written_is_read_and_always_the_same(
    entries: list[CodeEntry], chance: object
) -> None:
    """Writing loses nothing, and the order in which codes come makes no other bytes."""
    shuffled = list(entries)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]

    assert sorted(entries, key=lambda one: one.code) == read_table(write_table(entries))
    assert write_table(entries) == write_table(shuffled)


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda some: some.decode("latin-1")))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Nothing but CodeTableError comes out, whatever stands under the headings."""
    faults: list[object] = ["none, it was read"]
    try:
        read_table(f"{HEAD}\n{text}".encode("utf-8", "surrogatepass"))
    except CodeTableError as error:
        faults = [*error.faults]
    assert faults


def test_known_codes_are_those_of_either_form() -> None:
    """A release and a plain list of codes serve alike; a release with a fault does not."""
    assert frozenset({"REK17-3"}) == known_codes(_file(GOOD))
    assert frozenset({"REK17-3", "B"}) == known_codes(b"REK17-3\r\n\r\n B \n")
    with pytest.raises(CodeTableError):
        known_codes(_file("a;b"))
    with pytest.raises(CodeTableError):
        known_codes(b"\xff\xfe")


def test_the_scales_are_those_of_the_contract() -> None:
    """Code list 11 of the standard and the rule of TestCode.norm_scales are one list."""
    from buf.validate import validate_pb2  # noqa: PLC0415  its options only

    field = test_code_pb2.DESCRIPTOR.message_types_by_name["TestCode"].fields_by_name["norm_scales"]
    rule = field.GetOptions().Extensions[validate_pb2.field].repeated.items.string

    assert list(scales()) == list(getattr(rule, "in"))


def test_the_first_release_is_a_table_in_its_own_form() -> None:
    """It reads without a fault, and writing it again gives the same bytes."""
    content = FIRST_RELEASE.read_bytes()

    assert content == write_table(read_table(content))


@pytest.mark.parametrize("file", sorted(DOSSIERS.rglob("*.xml")), ids=lambda path: path.name)
def test_the_first_release_has_the_codes_of_the_examples(file: Path) -> None:
    """No test of an official example is unknown; a test in place of a part would be."""
    found = validate(
        read_xml(file).dossier, warnings=True, test_codes=known_codes(FIRST_RELEASE.read_bytes())
    )

    assert [] == [one.rule.id for one in found.findings if one.rule.id.startswith("OSO.TST")]


@pytest.mark.parametrize("profile", ["POPO", "POVO", "VOVO"])
def test_the_first_release_has_the_codes_of_generated_dossiers(profile: str) -> None:
    """A dossier to test with names no test the table does not have."""
    dossier = generate(profile, seed=1).dossier
    known = known_codes(FIRST_RELEASE.read_bytes())

    assert {
        one.toetsidentificatie.eldtoetscode for one in dossier.huidigeschool.leerling.toetslijst
    } <= known
