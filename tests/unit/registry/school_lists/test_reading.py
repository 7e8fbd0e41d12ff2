"""Reading school lists: both generations, every trap, and files that are none."""

from __future__ import annotations

import tracemalloc

import pytest

from oso.directory.v1 import directory_pb2 as directory
from oso.registry.v1 import school_list_pb2 as lists
from oso.registry.v1.school_list_pb2 import SchoolListRejection
from oso_registry.school_lists.reading import (
    MAX_BYTES,
    MAX_LINE_BYTES,
    MAX_LINES,
    read_school_list,
)
from oso_registry.school_lists.rows import Address, Row
from oso_registry.school_lists.sectors import sector_of_file_name
from oso_registry.school_lists.wording import texts_of
from oso_rpc.errors import OsoError

NEW = (
    "PROVINCIE;BEVOEGD GEZAG NUMMER;INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;STRAATNAAM;"
    "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM;ONDERWIJSSTRUCTUUR"
)
NEW_ROW = "Utrecht;01234;00SS;00SS01;De Regenboog;Oefenlaan;12 A;7822 HG;Amersfoort;HAVO/VWO"
OLD = (
    "PROVINCIE;BEVOEGD GEZAG NUMMER;BRIN NUMMER;VESTIGINGSNUMMER;VESTIGINGSNAAM;STRAATNAAM;"
    "HUISNUMMER-TOEVOEGING;POSTCODE;PLAATSNAAM"
)
OLD_ROW = "Utrecht;01234;00SS;01;De Regenboog;Oefenlaan;12 A;7822 HG;Amersfoort"
ROW = Row(
    line=2,
    brin="00SS",
    vestiging="01",
    name="De Regenboog",
    board="01234",
    address=Address("Oefenlaan", "12 A", "7822HG", "Amersfoort"),
    sector=directory.SECTOR_VO,
)
SHORT = "INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;POSTCODE;BEVOEGD GEZAG NUMMER"


def listed(*lines: str, end: str = "\n") -> bytes:
    """Write lines as a file in UTF-8."""
    return (end.join(lines) + end).encode()


def reasons(content: bytes) -> list[tuple[int, str, str, str]]:
    """Read a list of secondary education; give line, reason, column and shape of what is wrong."""
    read = read_school_list(content, directory.SECTOR_VO)
    return [
        (
            one.line,
            SchoolListRejection.Name(one.reason).removeprefix("SCHOOL_LIST_REJECTION_"),
            one.column,
            one.value,
        )
        for one in read.rejections
    ]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(listed(NEW, NEW_ROW), id="newer headings"),
        pytest.param(listed(OLD, OLD_ROW), id="older headings"),
        pytest.param(listed(NEW, NEW_ROW, end="\r\n"), id="CRLF"),
        pytest.param(listed(NEW, NEW_ROW).rstrip(), id="no end of line at the end"),
        pytest.param(b"\xef\xbb\xbf" + listed(NEW, NEW_ROW), id="BOM"),
        pytest.param(listed(NEW.replace(";", ","), NEW_ROW.replace(";", ",")), id="comma"),
        pytest.param(listed(NEW.replace(";", " ;") + " ", NEW_ROW), id="blanks after headings"),
        pytest.param(listed(NEW.lower(), NEW_ROW), id="lower case headings"),
        pytest.param(listed(NEW.replace(" ", "_"), NEW_ROW), id="underscores in headings"),
        pytest.param(
            listed(*('"' + line.replace(";", '";"') + '"' for line in (NEW, NEW_ROW))), id="quotes"
        ),
        pytest.param(
            b"\xef\xbb\xbf"
            + listed(*('"' + line.replace(";", '";"') + '"' for line in (NEW, NEW_ROW))),
            id="BOM and quotes",
        ),
        pytest.param(
            listed(OLD.replace("VESTIGINGSNUMMER", "VESTIGINGSCODE"), OLD_ROW),
            id="headings of both generations",
        ),
        pytest.param(
            listed(NEW + ";VESTIGINGSNUMMER;BRIN NUMMER", NEW_ROW + ";01;00SS"),
            id="a column under both headings",
        ),
        pytest.param(
            listed(*(";".join(reversed(line.split(";"))) for line in (NEW, NEW_ROW))),
            id="another order",
        ),
        pytest.param(
            listed(NEW + ";STRAATNAAM CORRESPONDENTIEADRES", NEW_ROW + ";=1+1"),
            id="what stands in other columns does not matter",
        ),
        pytest.param(listed(NEW, NEW_ROW + ";;"), id="separators at the end of a row"),
        pytest.param(listed(NEW, NEW_ROW.replace("00SS", "00ss")), id="lower case codes"),
        pytest.param(
            listed(NEW, NEW_ROW.replace("De Regenboog", " De\u00a0 Regenboog ")), id="blanks"
        ),
        pytest.param(listed(NEW, NEW_ROW, "", ";;;;", "  "), id="blank lines at the end"),
    ],
)
def test_lists_in_many_forms_say_the_same(content: bytes) -> None:
    """Generation, separator, end of line, order and spelling of headings do not matter."""
    read = read_school_list(content, directory.SECTOR_VO)

    assert ((), 1) == (read.rejections, read.count)
    assert (ROW,) == read.rows


@pytest.mark.parametrize(
    ("encoding", "told"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp1252", "windows-1252")],
)
def test_characters_are_read_as_they_were_written(encoding: str, told: str) -> None:
    """UTF-8 with and without BOM and Windows-1252 give the same names."""
    name = "Sint Jan\u2019s Café Zoë \u2013 't Öde"

    read = read_school_list(
        f"{NEW}\n{NEW_ROW.replace('De Regenboog', name)}\n".encode(encoding),
    )

    assert (name, told) == (read.rows[0].name, read.encoding)


def test_blank_fields_say_nothing() -> None:
    """A field of one space is a blank one."""
    read = read_school_list(listed(NEW, " ; ;00SS;00;De Regenboog; ; ; ; ; "), directory.SECTOR_PO)

    assert [("", Address("", "", "", ""))] == [(row.board, row.address) for row in read.rows]


def test_columns_that_are_not_there_are_told() -> None:
    """A list without an optional column is read, and says what it lacks."""
    read = read_school_list(
        listed("BRIN NUMMER;VESTIGINGSNUMMER;VESTIGINGSNAAM;PLAATSNAAM", "00SS;00;A;Zwolle"),
        directory.SECTOR_PO,
    )

    assert Address(None, None, None, "Zwolle") == read.rows[0].address
    assert ("BEVOEGD GEZAG NUMMER", "STRAATNAAM", "HUISNUMMER-TOEVOEGING", "POSTCODE") == (
        read.absent
    )


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("00SS;00SS01;A;1234 AB;0123", ("BOARD", "BEVOEGD GEZAG NUMMER", "9999")),
        ("00SS;00SS01;A;0234 AB;01234", ("POSTCODE", "POSTCODE", "9999 AA")),
        ("00SS;00SS01;A;1234  ABC;01234", ("POSTCODE", "POSTCODE", "9999  AAA")),
        ("SS;01;A;;", ("BRIN", "INSTELLINGSCODE", "AA")),
        ("\u0660\u0660SS;01;A;;", ("BRIN", "INSTELLINGSCODE", "99AA")),
        ("1E+03;01;A;;", ("BRIN", "INSTELLINGSCODE", "9A+99")),
        (" ;01;A;;", ("BLANK", "INSTELLINGSCODE", "")),
        ("00SS;1;A;;", ("VESTIGING", "VESTIGINGSCODE", "9")),
        ("00SS;00SS1;A;;", ("VESTIGING", "VESTIGINGSCODE", "99AA9")),
        ("00SS; ;A;;", ("BLANK", "VESTIGINGSCODE", "")),
        ("00SS;00TT01;A;;", ("VESTIGING_OF_OTHER_BRIN", "VESTIGINGSCODE", "99AA99")),
        ("00SS;01; ;;", ("BLANK", "VESTIGINGSNAAM", "")),
        ("00SS;01;\"=cmd|' /C calc'!A0\";;", ("FORMULA", "VESTIGINGSNAAM", "=aaa|' /A aaaa'!A9")),
        ("00SS;01; @SUM(A1);;", ("FORMULA", "VESTIGINGSNAAM", "@AAA(A9)")),
        ("00SS;01;A\x07B;;", ("CHARACTER", "VESTIGINGSNAAM", "A?A")),
        ("00SS;01;A\u202eB;;", ("CHARACTER", "VESTIGINGSNAAM", "A?A")),
        ("00SS;01;Caf\ufffd;;", ("CHARACTER", "VESTIGINGSNAAM", "Aaa\ufffd")),
        (f"00SS;01;{'x' * 201};;", ("TOO_LONG", "VESTIGINGSNAAM", "a" * 40 + "…")),
        ("00SS;01;A;", ("FIELD_COUNT", "", "")),
        ("00SS;01;A;;;x", ("FIELD_COUNT", "", "")),
        ('00SS;01;"A;;', ("MALFORMED", "", "")),
        ('00SS;01;"A"b;;', ("MALFORMED", "", "")),
        ("00SS;01;A\rB;;", ("MALFORMED", "", "")),
    ],
)
def test_rows_that_cannot_be_used(row: str, expected: tuple[str, str, str]) -> None:
    """A row that cannot be used is told with line, reason, column and shape; others are read."""
    content = listed(SHORT, row, "00TT;00;Het Kompas;;")

    assert [(2, *expected)] == reasons(content)
    assert [3] == [one.line for one in read_school_list(content, directory.SECTOR_VO).rows]


def test_everything_wrong_in_a_row_is_told() -> None:
    """A row with several faults is told with all of them."""
    assert [
        (2, "VESTIGING", "VESTIGINGSCODE", "9"),
        (2, "BLANK", "VESTIGINGSNAAM", ""),
        (2, "BOARD", "BEVOEGD GEZAG NUMMER", "9"),
        (2, "POSTCODE", "POSTCODE", "A"),
    ] == reasons(listed(SHORT, "00SS;1; ;x;7".replace("x", "X")))


def test_columns_that_mean_the_same_must_say_the_same() -> None:
    """A column under the headings of both generations with two values is a fault."""
    content = listed(NEW + ";BRIN NUMMER", NEW_ROW + ";00TT")

    assert [(2, "COLUMNS_DIFFER", "BRIN NUMMER", "99AA")] == reasons(content)


@pytest.mark.parametrize("reason", list(SchoolListRejection.values())[1:])
def test_every_rejection_has_words(reason: SchoolListRejection.ValueType) -> None:
    """Each reason is told in a sentence of Dutch and one of English."""
    from oso_registry.school_lists.rows import Rejection  # noqa: PLC0415

    details = {"fields": "3", "headings": "5", "other": "7", "registered": "VO", "stated": "PO"}
    dutch, english = texts_of(Rejection(2, reason, "POSTCODE", "9999", details=details))

    assert dutch != english
    assert dutch.endswith(".")
    assert english.endswith(".")


@pytest.mark.parametrize(
    ("structure", "sector"),
    [
        ("VWO", directory.SECTOR_VO),
        ("VBO/MAVO/HAVO/VWO", directory.SECTOR_VO),
        ("BRUGJAAR 1-2", directory.SECTOR_VO),
        ("PRO", directory.SECTOR_VO),
        ("bao", directory.SECTOR_PO),
        ("SBO", directory.SECTOR_PO),
        ("SO", directory.SECTOR_SO),
        ("VSO", directory.SECTOR_VSO),
        ("(V)SO", directory.SECTOR_SO),
        ("MBO", directory.SECTOR_MBO),
    ],
)
def test_sector_by_structure(structure: str, sector: directory.Sector.ValueType) -> None:
    """Without a sector for the list each row tells its own."""
    row = NEW_ROW.replace("HAVO/VWO", structure)

    assert [sector] == [one.sector for one in read_school_list(listed(NEW, row)).rows]


@pytest.mark.parametrize("structure", ["", " ", "HBO", "VMBO/MBO"])
def test_sector_that_cannot_be_told(structure: str) -> None:
    """A row that tells no sector, or two that do not go together, cannot be used."""
    row = NEW_ROW.replace("HAVO/VWO", structure)

    assert [lists.SCHOOL_LIST_REJECTION_SECTOR_UNKNOWN] == [
        one.reason for one in read_school_list(listed(NEW, row)).rejections
    ]


def test_sector_of_the_list_and_of_the_row_must_agree() -> None:
    """A row of secondary education in a list of primary education cannot be used."""
    read = read_school_list(listed(NEW, NEW_ROW), directory.SECTOR_PO)

    assert [lists.SCHOOL_LIST_REJECTION_SECTOR_DIFFERS] == [one.reason for one in read.rejections]


@pytest.mark.parametrize(
    ("name", "sector"),
    [
        ("02.-alle-vestigingen-vo.csv", directory.SECTOR_VO),
        ("lijsten/vo/alle_vestigingen_BO.csv", directory.SECTOR_PO),
        ("vestigingen vso 2026.csv", directory.SECTOR_VSO),
        ("scholen.csv", directory.SECTOR_UNSPECIFIED),
        ("po-en-vo.csv", directory.SECTOR_UNSPECIFIED),
        ("voorbeeld.csv", directory.SECTOR_UNSPECIFIED),
    ],
)
def test_sector_by_file_name(name: str, sector: directory.Sector.ValueType) -> None:
    """A file's name tells the sector when it has the one word that does."""
    assert sector == sector_of_file_name(name)


@pytest.mark.parametrize(
    ("content", "reason", "data"),
    [
        (b"", "SCHOOL_LIST_EMPTY", {}),
        (b"\n \r\n", "SCHOOL_LIST_EMPTY", {}),
        (listed(NEW), "SCHOOL_LIST_EMPTY", {}),
        (listed(NEW, ";;", " "), "SCHOOL_LIST_EMPTY", {}),
        (
            listed("NAAM;KLAS;BSN", "x;1;2"),
            "SCHOOL_LIST_HEADING_MISSING",
            {
                "headings": "INSTELLINGSCODE / BRIN NUMMER, VESTIGINGSCODE / VESTIGINGSNUMMER, "
                "VESTIGINGSNAAM"
            },
        ),
        (listed(NEW + ";POSTCODE ", NEW_ROW), "SCHOOL_LIST_HEADING_TWICE", {"heading": "POSTCODE"}),
        (listed(OLD, OLD_ROW), "SCHOOL_LIST_SECTOR_UNKNOWN", {}),
        (listed(NEW, NEW_ROW, "\0"), "SCHOOL_LIST_NOT_TEXT", {"line": "3"}),
        (f"{NEW}\n{NEW_ROW}".encode("utf-16"), "SCHOOL_LIST_NOT_TEXT", {"line": "1"}),
        (listed(NEW) + b"\x81\xff", "SCHOOL_LIST_NOT_TEXT", {"line": "2"}),
        (b"\xef\xbb\xbf" + listed(NEW) + b"Caf\xe9", "SCHOOL_LIST_NOT_TEXT", {"line": "2"}),
        (
            listed(NEW) + b"x" * (MAX_LINE_BYTES + 1),
            "SCHOOL_LIST_LINE_TOO_LONG",
            {"line": "2", "limit": str(MAX_LINE_BYTES)},
        ),
        (
            b"x" * MAX_BYTES,
            "SCHOOL_LIST_LINE_TOO_LONG",
            {"line": "1", "limit": str(MAX_LINE_BYTES)},
        ),
        (
            listed(NEW) + b"\n" * MAX_LINES,
            "SCHOOL_LIST_TOO_LARGE",
            {"bytes": str(MAX_BYTES), "lines": str(MAX_LINES)},
        ),
        (
            b" " * (MAX_BYTES + 1),
            "SCHOOL_LIST_TOO_LARGE",
            {"bytes": str(MAX_BYTES), "lines": str(MAX_LINES)},
        ),
    ],
    ids=lambda value: None if isinstance(value, str) else "",
)
def test_files_that_are_refused(content: bytes, reason: str, data: dict[str, str]) -> None:
    """What is no school list is refused as a whole, with its reason."""
    with pytest.raises(OsoError) as caught:
        read_school_list(content)

    assert (reason, data) == (caught.value.name, caught.value.metadata)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(listed(SHORT) + b'";;;\n' * (MAX_LINES - 1), id="malformed rows"),
        pytest.param(listed(SHORT) + b";1;;x;y\n" * (MAX_LINES - 1), id="rows all wrong"),
        pytest.param(b";" * MAX_LINE_BYTES + b"\n" + b";" * 1_000_000, id="separators"),
        pytest.param(b"x;\xe9\n" * (MAX_BYTES // 5), id="short lines"),
    ],
)
def test_nonsense_takes_bounded_memory(content: bytes) -> None:
    """Whatever comes in, reading it takes no more than some ten times the largest list."""
    tracemalloc.start()
    try:
        with_reason = ""
        try:
            read_school_list(content, directory.SECTOR_PO)
        except OsoError as error:
            with_reason = error.name
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 10 * MAX_BYTES, with_reason
