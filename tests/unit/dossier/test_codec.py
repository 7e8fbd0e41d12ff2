"""XML to message to XML: nothing is lost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import protovalidate
import pytest
from hypothesis import HealthCheck, given, settings

from oso_dossier import (
    AttachmentMismatchError,
    DossierDocument,
    DossierXmlError,
    Problem,
    StructureError,
    canonical,
    check_structure,
    dossier_bytes,
    parse_dossier,
    read_xml,
    write_xml,
)
from oso_dossier.synthetic import generate
from oso_dossier.testing import dossiers

from .official import EXAMPLES, example, mutants

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", EXAMPLES)
def test_official_examples_come_back_byte_for_byte(name: str) -> None:
    """An official example that is read and written is the same file."""
    xml = example(name)

    assert write_xml(read_xml(xml)).strip() == xml.strip()


@pytest.mark.parametrize("name", EXAMPLES)
def test_official_examples_satisfy_the_rules_of_the_contract(name: str) -> None:
    """The structure and code lists in the contract accept what the standard accepts."""
    assert protovalidate.collect_violations(read_xml(example(name)).dossier) == []


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(dossiers())
def test_any_dossier_survives_xml(document: DossierDocument) -> None:
    """Whatever the structure admits, written as XML and read again, is the same dossier."""
    xml = write_xml(document)

    again = read_xml(xml)

    assert again == document
    assert canonical(write_xml(again)) == canonical(xml)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(dossiers())
def test_any_dossier_survives_its_bytes(document: DossierDocument) -> None:
    """The bytes that are sent give the same message back, and are always the same."""
    content = dossier_bytes(document.dossier)

    assert parse_dossier(content) == document.dossier
    assert dossier_bytes(parse_dossier(content)) == content


def test_the_structural_verdict_is_the_official_one() -> None:
    """Every changed dossier is accepted or refused as the official schema does.

    But for files whose root is no dossier: the schema admits them, nobody may send them.
    """
    differing = []
    for name, xml, expected in mutants():
        try:
            document = read_xml(xml)
        except DossierXmlError:
            valid = False
        else:
            valid = True
            assert canonical(write_xml(document)) == canonical(xml), name
        if valid != expected["schema_valid"]:
            differing.append(name)

    assert [name for name in differing if "_root_" not in name] == []


def _xml() -> bytes:
    return write_xml(generate("POVO", 7))


@pytest.mark.parametrize(
    ("usual", "spelled"),
    [
        ("<adresgeheim>false</adresgeheim>", "<adresgeheim> 0\n</adresgeheim>"),
        ("<inzage>true</inzage>", "<inzage>1</inzage>"),
        ("<inzagedatum>2019-05-14</inzagedatum>", "<inzagedatum>2019-05-14+02:00</inzagedatum>"),
        ("<frequentie>0</frequentie>", "<frequentie>-00</frequentie>"),
        ("<datum>2019-05-15</datum>", "<datum> 2019-05-15 </datum>"),
    ],
)
def test_an_unusual_spelling_comes_back_as_it_was(usual: str, spelled: str) -> None:
    """A value not spelled as we would has its type in the message and its spelling in the XML."""
    xml = _xml().replace(usual.encode(), spelled.encode(), 1)
    assert spelled.encode() in xml

    document = read_xml(xml)

    assert canonical(write_xml(document)) == canonical(xml)
    assert [one.tekst for one in document.dossier.schrijfwijzen] == [re.sub("<.*?>", "", spelled)]


def test_a_changed_value_does_not_keep_its_old_spelling() -> None:
    """A spelling counts only as long as the value is the one it spells."""
    document = read_xml(_xml().replace(b"<inzage>true</inzage>", b"<inzage>1</inzage>", 1))
    document.dossier.inzage.inzage = False

    assert b"<inzage>false</inzage>" in write_xml(document)


@pytest.mark.parametrize(
    "text",
    ["geen base64", "QUJD\nREVG", " QUJD", "QUI=", "QUJDRA==\n", "QUJDR===", "é"],
)
def test_the_text_of_an_attachment_comes_back_to_the_letter(text: str) -> None:
    """What stands in bestandsinhoud comes back exactly, base64 or not."""
    begin, _, rest = _xml().partition(b"<bestandsinhoud>")
    _, _, end = rest.partition(b"</bestandsinhoud>")
    xml = begin + b"<bestandsinhoud>" + text.encode() + b"</bestandsinhoud>" + end

    assert canonical(write_xml(read_xml(xml))) == canonical(xml)


def test_decimals_keep_their_digits() -> None:
    """`1.20` stays `1.20`."""
    xml = re.sub(b"<bivlaag>[^<]*<", b"<bivlaag>1.20<", _xml())

    score = read_xml(xml).dossier.huidigeschool.leerling.toetslijst[0].resultaat.toetsscore

    assert score.betrouwbaarheidsinterval.bivlaag.value == "1.20"


def test_a_message_that_lacks_something_is_not_written() -> None:
    """The writer refuses a message that is not built as the standard says, and names the place."""
    document = generate("POVO", 7)
    document.dossier.huidigeschool.leerling.ClearField("achternaam")
    document.dossier.metadata.ClearField("datum")

    with pytest.raises(StructureError) as caught:
        write_xml(document)

    assert [(one.path, one.problem, one.detail) for one in caught.value.findings] == [
        ("/dossier[1]/metadata[1]", Problem.MISSING, "datum"),
        ("/dossier[1]/huidigeschool[1]/leerling[1]", Problem.MISSING, "achternaam"),
    ]
    assert list(check_structure(document.dossier)) == list(caught.value.findings)


def test_a_character_xml_cannot_hold_is_refused() -> None:
    """A NUL in a message is a finding, not a broken file."""
    document = generate("POVO", 7)
    document.dossier.huidigeschool.leerling.achternaam = "De\0Vries"

    with pytest.raises(StructureError) as caught:
        write_xml(document)

    assert caught.value.findings[0].problem is Problem.CHARACTER


def test_another_attachment_than_the_one_named_is_refused() -> None:
    """Bytes that do not have the size and digest the dossier names are never written."""
    document = generate("POVO", 7)
    swapped = DossierDocument(document.dossier, tuple(reversed(document.attachments)))

    with pytest.raises(AttachmentMismatchError) as caught:
        write_xml(swapped)

    assert caught.value.part_number == 1


def test_an_attachment_too_many_or_too_few_is_refused() -> None:
    """The attachments are exactly those the dossier names."""
    document = generate("POVO", 7)
    for attachments in (document.attachments[:1], (*document.attachments, b"x")):
        with pytest.raises(AttachmentMismatchError):
            write_xml(DossierDocument(document.dossier, attachments))


def test_prefixes_comments_and_layout_are_not_part_of_the_dossier() -> None:
    """A file with another prefix, comments and one line is canonically the same."""
    xml = _xml().decode()
    flat = re.sub(r">\s+<", "><", xml)
    prefixed = re.sub(r"<(/?)(\w)", r"<\1o:\2", flat.partition("?>")[2]).replace(
        "xmlns=", "xmlns:o="
    )
    commented = prefixed.replace("<o:metadata>", "<!-- hier --><o:metadata><?nu toch?>")

    assert canonical(commented.encode()) == canonical(xml.encode())
    assert canonical(write_xml(read_xml(commented.encode()))) == canonical(xml.encode())


def test_other_encodings_are_read() -> None:
    """A file in Windows-1252 or UTF-16 gives the same dossier as in UTF-8."""
    xml = _xml().decode().replace("Testberg", "Tëstberg")
    for encoding in ("windows-1252", "utf-16"):
        other = xml.replace('encoding="UTF-8"', f'encoding="{encoding}"').encode(encoding)
        assert read_xml(other) == read_xml(xml.encode())


def test_a_file_is_read_from_a_path_and_an_open_file(tmp_path: Path) -> None:
    """A dossier can be given as bytes, path or open file."""
    path = tmp_path / "dossier.xml"
    path.write_bytes(_xml())

    with path.open("rb") as file:
        assert read_xml(path) == read_xml(file) == read_xml(_xml())
