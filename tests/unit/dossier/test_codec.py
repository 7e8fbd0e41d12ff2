"""XML to message to XML: nothing is lost."""

from __future__ import annotations

import re
from io import BytesIO
from typing import TYPE_CHECKING

import protovalidate
import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from oso.dossier.v1.document_pb2 import (
    TEKSTVORM_BASE64,
    TEKSTVORM_BASE64_REGELS,
    TEKSTVORM_BASE64_REGELS_OPEN,
    TEKSTVORM_LETTERLIJK,
    TEKSTVORM_UNSPECIFIED,
    Tekstvorm,
)
from oso.dossier.v1.dossier_pb2 import Dossier
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
    xml_blocks,
)
from oso_dossier.attachments import bytes_of_text, describe
from oso_dossier.documents import documents_of
from oso_dossier.synthetic import generate
from oso_dossier.testing import dossiers

from .official import EXAMPLES, example, mutants

if TYPE_CHECKING:
    from pathlib import Path


class Trickle(BytesIO):
    """A file that gives a few bytes at a time, as a pipe or a socket may."""

    def read(self, size: int | None = -1) -> bytes:
        """Give at most 10,000 bytes."""
        return super().read(min(size or 0, 10_000) if size and size > 0 else size)


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


@settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))
@given(dossiers())
def test_the_contract_admits_the_structure_the_codec_admits(document: DossierDocument) -> None:
    """Of a dossier that is built as the standard says, the contract criticises codes at most."""
    violations = protovalidate.collect_violations(document.dossier)

    assert list(check_structure(document.dossier)) == []
    assert {one.proto.rule_id for one in violations if not one.proto.rule_id.startswith("CL.")} == (
        set()
    )


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
        if valid != (expected["schema_valid"] and _root(xml) == "dossier"):
            differing.append(name)

    assert differing == []


def _root(xml: bytes) -> str:
    return etree.QName(etree.fromstring(xml)).localname


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
        ("<inzagedatum>2019-05-14</inzagedatum>", "<inzagedatum>2019-05-14Z</inzagedatum>"),
        ("<frequentie>0</frequentie>", f"<frequentie>{'0' * 5000}</frequentie>"),
        ("<frequentie>0</frequentie>", "<frequentie>+7</frequentie>"),
    ],
)
def test_an_unusual_spelling_comes_back_as_it_was(usual: str, spelled: str) -> None:
    """A value not spelled as we would has its type in the message and its spelling in the XML."""
    xml = _xml().replace(usual.encode(), spelled.encode(), 1)
    assert spelled.encode() in xml

    document = read_xml(xml)

    assert canonical(write_xml(document)) == canonical(xml)
    assert [one.tekst for one in document.dossier.schrijfwijzen] == [re.sub("<.*?>", "", spelled)]


def test_unusual_spellings_of_decimals_come_back_as_they_were() -> None:
    """Space around a decimal comes back; a sign and zeros are part of its value."""
    xml = re.sub(b"<bivlaag>[^<]*<", b"<bivlaag>\n +01.50 <", _xml())

    document = read_xml(xml)

    assert canonical(write_xml(document)) == canonical(xml)
    assert {one.tekst for one in document.dossier.schrijfwijzen} == {"\n +01.50 "}


def test_a_spelling_without_its_value_changes_nothing() -> None:
    """A spelling from a liar, of a value it does not spell, is not written."""
    document = generate("POVO", 7)
    usual = write_xml(document)
    for text in ("false", "waar", "1</inzage>"):
        document.dossier.schrijfwijzen.add(pad="/dossier[1]/inzage[1]/inzage[1]", tekst=text)

        assert write_xml(document) == usual


def test_a_changed_value_does_not_keep_its_old_spelling() -> None:
    """A spelling counts only as long as the value is the one it spells."""
    document = read_xml(_xml().replace(b"<inzage>true</inzage>", b"<inzage>1</inzage>", 1))
    document.dossier.inzage.inzage = False

    assert b"<inzage>false</inzage>" in write_xml(document)


@pytest.mark.parametrize(
    "text",
    [
        "geen base64",
        "QUJD\nREVG",
        " QUJD",
        "QUI=",
        "QUJDRA==\n",
        "QUJDR===",
        "é",
        "\n",
        "]]&gt;&amp;&#13;",
        f"{'QUJD' * 19}\n{'QUJD' * 19}\nQUI=",
        f"{'QUJD' * 19}\n{'QUJD' * 19}\n",
        f"{'QUJD' * 19}\nQUJD\n\n",
        f"{'QUJD' * 16}\nQUJD",
    ],
)
def test_the_text_of_an_attachment_comes_back_to_the_letter(text: str) -> None:
    """What stands in bestandsinhoud comes back exactly, base64 or not."""
    begin, _, rest = _xml().partition(b"<bestandsinhoud>")
    _, _, end = rest.partition(b"</bestandsinhoud>")
    xml = begin + b"<bestandsinhoud>" + text.encode() + b"</bestandsinhoud>" + end

    assert canonical(write_xml(read_xml(xml))) == canonical(xml)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("QUJD" * 40, TEKSTVORM_BASE64),
        (f"{'QUJD' * 19}\nQUI=\n", TEKSTVORM_BASE64_REGELS),
        (f"{'QUJD' * 19}\nQUI=", TEKSTVORM_BASE64_REGELS_OPEN),
        (f"  {'QUJD' * 19}", TEKSTVORM_LETTERLIJK),
    ],
)
def test_base64_is_decoded_in_all_forms_programs_write(
    text: str, form: Tekstvorm.ValueType
) -> None:
    """One line, lines of 76 with or without a last line feed are base64; else it is text."""
    content, found = bytes_of_text(text)

    assert (found, content.startswith(b"ABC")) == (form, form != TEKSTVORM_LETTERLIJK)


@pytest.mark.parametrize("form", sorted(set(Tekstvorm.values()) - {TEKSTVORM_UNSPECIFIED}))
@pytest.mark.parametrize("size", [1, 57, 58, 57 * 4096, 57 * 4096 + 1, 1_000_000])
def test_large_attachments_are_written_in_blocks(form: Tekstvorm.ValueType, size: int) -> None:
    """In blocks comes what is written at once, wherever the blocks end, and it is read back."""
    content = ("é" * size)[:size].encode()[: size - size % 2 or 2]  # a block ends inside a letter
    document = generate("POVO", 7)
    documents_of(document.dossier)[0].bestandsinhoud.CopyFrom(describe(content, 1, form))
    attachments = (content, *document.attachments[1:])

    blocks = xml_blocks(document.dossier, lambda number: Trickle(attachments[number - 1]))

    xml = b"".join(blocks)
    assert xml == write_xml(DossierDocument(document.dossier, attachments))
    assert read_xml(xml).attachments == attachments


def test_other_bytes_are_found_out_at_the_end_of_the_blocks() -> None:
    """An attachment that is not the one named ends the blocks with an error."""
    document = generate("POVO", 7)

    blocks = xml_blocks(document.dossier, lambda number: BytesIO(b"x" * number))

    with pytest.raises(AttachmentMismatchError):
        list(blocks)


@pytest.mark.parametrize("content", [b"\xff", b"\xc3", b"a\0b", "\ufffe".encode()])
def test_text_xml_cannot_hold_is_refused_as_an_attachment(content: bytes) -> None:
    """Bytes given as literal text that is none, or none for XML, are refused with their place."""
    document = generate("POVO", 7)
    facts = describe(content, 1, TEKSTVORM_LETTERLIJK)
    documents_of(document.dossier)[0].bestandsinhoud.CopyFrom(facts)

    with pytest.raises(StructureError) as caught:
        write_xml(DossierDocument(document.dossier, (content, *document.attachments[1:])))

    (finding,) = caught.value.findings
    assert finding.problem is Problem.CHARACTER
    assert finding.path.endswith("/document[1]/bestandsinhoud[1]")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tekstvorm", TEKSTVORM_UNSPECIFIED),
        ("tekstvorm", 99),
        ("part_number", 2),
        ("size", 0),
        ("sha256", b"short"),
    ],
)
def test_an_attachment_that_is_not_described_is_refused(field: str, value: object) -> None:
    """Number, size, digest and form of an attachment are checked before anything is written."""
    document = generate("POVO", 7)
    setattr(documents_of(document.dossier)[0].bestandsinhoud, field, value)

    with pytest.raises(StructureError) as caught:
        write_xml(document)

    assert [(one.problem, one.detail) for one in caught.value.findings] == [
        (Problem.ATTACHMENT, field)
    ]
    assert list(check_structure(document.dossier)) == list(caught.value.findings)


def test_fields_of_a_later_contract_are_not_dropped_in_silence() -> None:
    """A message with a field we do not know, however deep, is refused: XML would lose it."""
    unknown = Dossier.FromString(bytes([0xAA, 0x3E, 1, 120]))  # field 997: "x"
    document = generate("POVO", 7)
    document.dossier.huidigeschool.leerling.MergeFromString(unknown.SerializeToString())

    with pytest.raises(StructureError) as caught:
        write_xml(document)

    assert [one.problem for one in caught.value.findings] == [Problem.UNKNOWN]


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
    """A dossier can be given as bytes, path or open file, however few bytes a read gives."""
    path = tmp_path / "dossier.xml"
    path.write_bytes(_xml())

    with path.open("rb") as file:
        assert read_xml(path) == read_xml(file) == read_xml(_xml())
    assert read_xml(Trickle(_xml())) == read_xml(_xml())
