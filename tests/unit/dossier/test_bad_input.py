"""Files that are no dossier: each gets its reason, none does harm."""

from __future__ import annotations

import base64
import re
import zipfile
from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from oso_dossier import (
    DoctypeRefusedError,
    DossierXmlError,
    NotXmlError,
    Problem,
    StructureError,
    TooLargeError,
    TooManyTagsError,
    WrongNamespaceError,
    read_xml,
    write_xml,
)
from oso_dossier.documents import documents_of
from oso_dossier.rules import validate
from oso_dossier.synthetic import generate

if TYPE_CHECKING:
    from pathlib import Path

NATIONAL_NUMBER = "999999990"


def _xml() -> bytes:
    return write_xml(generate("POVO", 7))


def _findings(xml: bytes) -> list[tuple[str, int, Problem, str]]:
    with pytest.raises(StructureError) as caught:
        read_xml(xml)
    return [(one.path, one.line, one.problem, one.detail) for one in caught.value.findings]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"geen xml",
        b"\x00\x01\x02",
        b"<dossier",
        b'<?xml version="1.0" encoding="klingon"?><dossier/>',
        b"\xff\xfe<\x00",
        b"<a>\xff</a>",
        b"PK\x03\x04",
        b"<a/><b/>",
        b"<o:a/>",
        b"<a>&nbsp;</a>",
    ],
)
def test_what_is_no_xml_is_refused(content: bytes) -> None:
    """Bytes that are no XML are refused as such."""
    with pytest.raises(NotXmlError):
        read_xml(content)


def test_truncated_xml_is_refused_with_its_line() -> None:
    """A file that was cut off is refused with the line where it stops."""
    xml = _xml()
    cut = xml[: len(xml) // 2]

    with pytest.raises(NotXmlError) as caught:
        read_xml(cut)

    assert caught.value.line == cut.count(b"\n") + 1


@pytest.mark.parametrize(
    ("content", "nl", "en"),
    [
        (b"<a>", "afgebroken", "cut off"),
        (b"<a></b>", "begin- en eindtag verschillen", "start and end tag differ"),
        (b"%PDF-1.4", "er staat geen XML in", "there is no XML in it"),
        (b"<a b='1' b='2'/>", "attribute redefined", "attribute redefined"),
    ],
)
def test_why_it_is_no_xml_is_told_in_both_languages(content: bytes, nl: str, en: str) -> None:
    """A worker reads in Dutch or English what to look for; rare reasons keep the parser's name."""
    with pytest.raises(NotXmlError) as caught:
        read_xml(content)

    assert nl in caught.value.text("nl")
    assert en in caught.value.text("en")


@pytest.mark.parametrize(
    "doctype",
    [
        b"<!DOCTYPE dossier>",
        b'<!DOCTYPE dossier SYSTEM "http://localhost:1/evil.dtd">',
        b'<!DOCTYPE dossier [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]>',
        b'<!DOCTYPE dossier [<!ENTITY f SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_doctype_is_refused(doctype: bytes) -> None:
    """A DOCTYPE is refused, whatever it says; nothing is fetched or expanded."""
    head, _, rest = _xml().partition(b"?>\n")

    with pytest.raises(DoctypeRefusedError):
        read_xml(head + b"?>\n" + doctype + rest)


def test_an_entity_bomb_does_not_go_off() -> None:
    """Entities that expand to billions of characters are refused at once."""
    entities = b"".join(
        b'<!ENTITY e%d "%s">' % (number, b"&e%d;" % (number - 1) * 10) for number in range(1, 30)
    )
    bomb = b'<!DOCTYPE d [<!ENTITY e0 "ha">' + entities + b"]><d>&e29;</d>"

    with pytest.raises(DoctypeRefusedError):
        read_xml(bomb)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_bomb_in_an_attribute_does_not_go_off(encoding: str) -> None:
    """Entities in the root's attributes are never expanded either, in any encoding."""
    entities = "".join(f'<!ENTITY e{one} "{f"&e{one - 1};" * 10}">' for one in range(1, 30))
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    bomb = f'{head}<!DOCTYPE d [<!ENTITY e0 "ha">{entities}]><d a="&e29;"/>'

    with pytest.raises(DoctypeRefusedError):
        read_xml(bomb.encode(encoding))


def test_a_doctype_after_a_long_comment_is_refused() -> None:
    """A DOCTYPE is found however far the root is from the beginning of the file."""
    with pytest.raises(DoctypeRefusedError):
        read_xml(b"<!--" + b"x" * 50_000 + b"--><!DOCTYPE d><d/>")


def test_a_file_over_the_limit_is_refused_unread() -> None:
    """A hundred megabytes of nonsense are refused by their size alone."""
    with pytest.raises(TooLargeError) as caught:
        read_xml(b"x" * 100_000_000)

    assert "64 MiB" in caught.value.text("nl")


def test_a_file_at_the_limit_is_read_and_one_byte_more_is_not() -> None:
    """The limit is the number of bytes a file may have."""
    xml = _xml()

    assert read_xml(xml, limit=len(xml)).dossier.huidigeschool.naam
    with pytest.raises(TooLargeError):
        read_xml(xml, limit=len(xml) - 1)


def test_millions_of_tags_are_refused_before_they_take_memory() -> None:
    """More tags than any dossier has are refused by counting them."""
    with pytest.raises(TooManyTagsError):
        read_xml(_xml().replace(b"<metadata>", b"<metadata>" + b"<x/>" * 1_000_000, 1))


@pytest.mark.parametrize("crowd", [b"<x/>", b"x<!---->", b"<x a=''/>"])
def test_what_is_all_tags_is_refused_before_it_takes_memory(crowd: bytes) -> None:
    """More tags than a file of its size can need are refused, far below a million too."""
    with pytest.raises(TooManyTagsError) as caught:
        read_xml(_xml().replace(b"<metadata>", b"<metadata>" + crowd * 100_000, 1))

    assert caught.value.limit < 1_000_000
    assert str(caught.value.limit) in caught.value.text("nl")


@pytest.mark.parametrize(
    "found",
    [
        "http://www.edustandaard.nl/oso_gegevensset/2015/dossier",
        "http://www.edustandaard.nl/oso_gegevensset/2019/dossier/",
        "",
    ],
)
def test_another_namespace_is_refused_and_named(found: str) -> None:
    """A file of another year or standard is refused, saying what was found and what is read."""
    ours = b"http://www.edustandaard.nl/oso_gegevensset/2019/dossier"
    xml = _xml().replace(ours, found.encode())

    with pytest.raises(WrongNamespaceError) as caught:
        read_xml(xml)

    assert found in caught.value.found
    assert caught.value.years == ("2016.1", "2017.1.2", "2018.1.1", "2019.1")


def test_all_structure_errors_are_told_with_path_and_line() -> None:
    """Every place that is wrong is told at once, in document order."""
    xml = (
        _xml()
        .replace(b"<pakketnaam>OSO synthetic</pakketnaam>", b"<pakketnaam></pakketnaam>")
        .replace(b"<datum>2019-05-15</datum>", b"<datum>15-05-2019</datum>")
        .replace(
            b"<voorlopigdossier>false</voorlopigdossier>",
            b"<voorlopigdossier>nee</voorlopigdossier>",
        )
    )

    assert _findings(xml) == [
        ("/dossier[1]/metadata[1]/pakketnaam[1]", 5, Problem.TOO_SHORT, ""),
        ("/dossier[1]/metadata[1]/datum[1]", 7, Problem.DATE, ""),
        ("/dossier[1]/inzage[1]/voorlopigdossier[1]", 32, Problem.BOOLEAN, ""),
    ]


@pytest.mark.parametrize(
    ("old", "new", "problem", "path"),
    [
        (b"<inzage>\n", b"<inzage>\n<nieuw/>", Problem.UNEXPECTED, "/nieuw[1]"),
        (b"    <datum>2019-05-15</datum>\n", b"", Problem.MISSING, "/metadata[1]"),
        (b"</pakketversie>", b"</pakketversie><pakketnaam>x</pakketnaam>", Problem.TOO_MANY, "[2]"),
        (b"<metadata>", b"<metadata>tekst", Problem.TEXT, "/metadata[1]"),
        (b"<metadata>", b'<metadata soort="x">', Problem.ATTRIBUTE, "/metadata[1]"),
        (b"<akkoord>Ja</akkoord>", b"<akkoord><b/></akkoord>", Problem.UNEXPECTED, "/b[1]"),
        (b"<frequentie>0<", b"<frequentie>nul<", Problem.INTEGER, "/frequentie[1]"),
        (b"<frequentie>0<", b"<frequentie>" + b"9" * 400 + b"<", Problem.RANGE, "/frequentie[1]"),
        (b"<inzagedatum>2019-05-14<", b"<inzagedatum>2019-02-30<", Problem.DATE, "/inzagedatum[1]"),
        (b"<brincode>00SS<", b"<brincode>SS00<", Problem.PATTERN, "/brincode[1]"),
        (b"<brincode>00SS<", b"<brincode>00SS\n<", Problem.PATTERN, "/brincode[1]"),
        (b"<metadata>", "<metadata>\u00a0".encode(), Problem.TEXT, "/metadata[1]"),
        (b"</metadata>", "\u2003</metadata>".encode(), Problem.TEXT, "/metadata[1]"),
        (b"<metadata>", b'<metadata xml:lang="nl">', Problem.ATTRIBUTE, "/metadata[1]"),
        (b"<frequentie>0<", b"<frequentie>0x1<", Problem.INTEGER, "/frequentie[1]"),
        (
            b"<frequentie>0<",
            "<frequentie>\u0665<".encode(),  # a digit, of another script
            Problem.INTEGER,
            "/frequentie[1]",
        ),
        (b"<bivlaag>", b"<bivlaag>1e", Problem.DECIMAL, "/bivlaag[1]"),
        (b"<inzagedatum>2019-05-14<", b"<inzagedatum>0000-05-14<", Problem.DATE, "[1]"),
    ],
)
def test_each_kind_of_structure_error_is_recognised(
    old: bytes, new: bytes, problem: Problem, path: str
) -> None:
    """What is wrong is named by its kind, at its place."""
    xml = _xml()
    assert old in xml

    found = _findings(xml.replace(old, new, 1))[0]

    assert found[2] is problem
    assert found[0].endswith(path)


def test_two_ways_of_a_choice_are_refused() -> None:
    """Birth date and birth month exclude each other."""
    xml = _xml().replace(
        b"</geboortedatum>", b"</geboortedatum><geboortemaand>2007-01</geboortemaand>", 1
    )

    assert [one[2] for one in _findings(xml)] == [Problem.CHOICE]


def test_no_more_than_a_hundred_findings_are_kept() -> None:
    """After the hundredth finding only their number is kept."""
    xml = _xml().replace(b"<metadata>", b"<metadata>" + b"<x/>" * 250, 1)

    with pytest.raises(StructureError) as caught:
        read_xml(xml)

    assert (len(caught.value.findings), caught.value.more) == (100, 150)


def test_a_hundred_thousand_siblings_are_survived() -> None:
    """Very many elements end in findings, not in a hang."""
    xml = _xml().replace(b"<metadata>", b"<metadata>" + b"<onbekend-element/>" * 100_000, 1)

    with pytest.raises(StructureError) as caught:
        read_xml(xml)

    assert caught.value.more == 99_900


def test_a_hundred_thousand_attributes_are_survived() -> None:
    """Very many attributes end in findings, not in a hang."""
    attributes = b" ".join(
        b'een-attribuut-met-een-lange-naam%d=""' % number for number in range(100_000)
    )

    with pytest.raises(StructureError) as caught:
        read_xml(_xml().replace(b"<metadata>", b"<metadata " + attributes + b">", 1))

    assert caught.value.more == 99_900


def test_ten_thousand_unusual_spellings_are_survived() -> None:
    """Very many values that are not spelled as usual are read, each with its place."""
    begin, _, rest = _xml().partition(b"<verzorger>")
    one, _, end = rest.partition(b"</verzorger>")
    carer = b"<verzorger>" + one.replace(b">true<", b">1<") + b"</verzorger>"
    assert b"<wettigevertegenwoordiger>1<" in carer

    dossier = read_xml(begin + carer * 10_000 + end).dossier

    place = "/dossier[1]/huidigeschool[1]/leerling[1]/verzorger[10000]/wettigevertegenwoordiger[1]"
    assert place in {one.pad for one in dossier.schrijfwijzen}


def test_deep_nesting_is_survived() -> None:
    """Ten thousand elements inside each other are refused."""
    deep = b"<x>" * 10_000 + b"</x>" * 10_000

    with pytest.raises(DossierXmlError):
        read_xml(_xml().replace(b"<metadata>", b"<metadata>" + deep, 1))


def test_errors_never_quote_the_dossier() -> None:
    """No text of an error holds a value of the file: it may end up in a log."""
    xml = _xml().replace(b"<geslacht>", b"<geslacht>" + NATIONAL_NUMBER.encode() + b"x", 1)
    broken = xml[: xml.index(NATIONAL_NUMBER.encode()) + len(NATIONAL_NUMBER)] + b"</oeps>"
    for content in (xml, broken):
        with pytest.raises(DossierXmlError) as caught:
            read_xml(content)
        for language in ("nl", "en"):
            assert NATIONAL_NUMBER not in caught.value.text(language)
        assert NATIONAL_NUMBER not in repr(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_other_encodings_give_the_same_dossier(encoding: str) -> None:
    """A file in another encoding that XML knows, with a byte order mark or without, is the same."""
    text = _xml().decode().replace("<naamdirecteur>", "<naamdirecteur>\u00eb ", 1)
    name = encoding.removesuffix("-sig").removesuffix("-le").removesuffix("-be").upper()
    name = {"LATIN-1": "ISO-8859-1"}.get(name, name)
    said = text.replace("UTF-8", name, 1).encode(encoding)

    assert read_xml(said).dossier == read_xml(text.encode()).dossier


@pytest.mark.parametrize(
    "content", [b"\xff", b"\xc3(", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf"]
)
def test_invalid_utf_8_is_refused_with_its_line(content: bytes) -> None:
    """Bytes that are no UTF-8, surrogates and overlong forms included, are told with their line."""
    xml = _xml().replace(b"<naamdirecteur>", b"<naamdirecteur>" + content, 1)

    with pytest.raises(NotXmlError) as caught:
        read_xml(xml)

    assert caught.value.line == xml[: xml.index(content)].count(b"\n") + 1


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "..\\x.pdf", "/x.pdf", "C:x.pdf", "a\u202e.pdf"]
)
def test_the_name_of_an_attachment_leads_nowhere(name: str, tmp_path: Path) -> None:
    """A file name that is a path is text like any other: kept to the letter, never opened."""
    document = generate("POVO", 7)
    one = documents_of(document.dossier)[0]
    one.bestandsnaam = name
    before = sorted(tmp_path.parent.rglob("*"))

    again = read_xml(write_xml(document))

    assert documents_of(again.dossier)[0].bestandsnaam == name
    assert sorted(tmp_path.parent.rglob("*")) == before


def test_a_zip_that_lies_is_not_unpacked() -> None:
    """A zip whose members are huge or lead elsewhere stays an attachment of the size it has."""
    stored = BytesIO()
    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../x.exe", b"MZ" + b"\0" * 10**7)
    inside = stored.getvalue()
    xml = re.sub(
        rb"<bestandsinhoud>[^<]*<",
        b"<bestandsinhoud>" + base64.b64encode(inside) + b"<",
        _xml(),
        count=1,
    )

    document = read_xml(xml)

    assert len(inside) < 20_000
    assert document.attachments[0] == inside
    report = validate(document.dossier, warnings=True, attachments=document.attachments)
    assert report.structure == ()
