"""What is fuzzed: each target takes any bytes, and raises only what it does not promise to raise.

The bytes are the input itself, or, where a random byte would get no further than the parser, a list
of edits to a good dossier. The same targets run under atheris (`make fuzz`), over the corpus as a
test, and by hand: `python -m tests.fuzz TARGET FILE`.
"""

from __future__ import annotations

import random
from functools import cache
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from oso.dossier.v1.document_pb2 import TEKSTVORM_BASE64
from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier import (
    AttachmentMismatchError,
    DossierDocument,
    DossierXmlError,
    StructureError,
    check_structure,
    dossier_bytes,
    parse_dossier,
    read_xml,
    write_xml,
)
from oso_dossier.attachments import bytes_of_text, describe
from oso_dossier.comparing import Wording, compare
from oso_dossier.data_set import UnknownYearError
from oso_dossier.printing import to_html
from oso_dossier.printing.enclosures import open_enclosure
from oso_dossier.rules import validate
from oso_dossier.synthetic import generate
from oso_dossier.years import YEARS, CannotConvertError, convert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PROFILES = ("POPO", "POVO", "VOVO")
_EDIT = 5  # bytes: where (2), how many go (1), what comes (2)
_PIECES = (
    *(b"", b"<", b">", b"/>", b"&", b"]]>", b"<!--", b"-->", b"<?x y?>", b"<![CDATA[", b"&#x0;"),
    *(b"&amp;", b"&#13;", b" ", b"\r\n", b"\t", b"\xc2\xa0", b"\xff", b"\x00", b"\xf0\x9f\x98\x80"),
    *(b"-1", b"0", b"007", b"9" * 20, b"1e5", b"true", b"1", b"ZZZ", b"a@b", b"x" * 300, b"=" * 9),
    *(b"2019-02-30", b"2019-07-31Z", b"0000-00-00", b"999999990", b"VERBODEN", b"OPT-UIT"),
    *(b"POSWV", b"BB", b"swv-dossier", b"overdrachtbinnenbrin"),
    *(b"<verzorger/>", b"<document/>", b"<x/>", b'xsi:nil="true"'),
)


@cache
def _good(number: int) -> bytes:
    return write_xml(generate(PROFILES[number % len(PROFILES)], number))


def edited(content: bytes) -> bytes:
    """Make XML of a list of edits: the first byte chooses the dossier, five bytes an edit.

    An edit gives an element another text, leaves out or doubles a line, or strikes anywhere.
    """
    xml = _good(content[0] % 6 if content else 0)
    for start in range(1, len(content) - _EDIT + 1, _EDIT):
        high, low, size, kind, piece = content[start : start + _EDIT]
        place = (high * 256 + low) * len(xml) // 2**16
        begin, end, new = place, place + size % 32, _PIECES[piece % len(_PIECES)]
        if kind % 4 < 2:
            begin = xml.rfind(b">", 0, place) + 1
            end = max(xml.find(b"<", begin), begin)
        elif kind % 4 == 2:
            begin, end = xml.rfind(b"\n", 0, place) + 1, xml.find(b"\n", place) + 1
            new = xml[begin:end] * (size % 3)
        xml = xml[:begin] + new + xml[end:]
    return xml


def _must_be(true: bool) -> None:  # noqa: FBT001  an assertion, where an error is handled
    assert true


def _document(content: bytes) -> DossierDocument | None:
    """Give the dossier that edits make; None when it is refused, as it may be."""
    try:
        return read_xml(edited(content))
    except DossierXmlError:
        return None


def _check(document: DossierDocument) -> None:
    report = validate(document.dossier, warnings=True, attachments=document.attachments)
    for language in ("nl", "en"):
        assert all(one.text(language) for one in report.structure)
        assert all(one.text(language) for one in report.findings)


def read(content: bytes) -> None:
    """Any bytes as XML: refused with a reason in both languages, or checked."""
    try:
        document = read_xml(content)
    except DossierXmlError as error:
        _must_be(all(error.text(language) for language in ("nl", "en")))
        return
    _check(document)


def read_edited(content: bytes) -> None:
    """A dossier with edits: refused, or checked, and the same after it was written again."""
    read(edited(content))
    document = _document(content)
    if document is not None:
        assert read_xml(write_xml(document)) == document


def message(content: bytes) -> None:
    """Any bytes as a message: no message, not well built, or checked and written."""
    try:
        dossier = parse_dossier(content)
    except DecodeError:
        return
    findings = check_structure(dossier)
    _check(DossierDocument(dossier))
    try:
        write_xml(DossierDocument(dossier))
    except StructureError:
        _must_be(bool(findings))
    except AttachmentMismatchError:
        _must_be(not findings)


def conversion(content: bytes) -> None:
    """A dossier with edits to any year: refused with a reason, or it can be written."""
    document = _document(content)
    if document is None:
        return
    year = YEARS[content[0] % len(YEARS)] if content else YEARS[0]
    try:
        made = convert(document, year)
    except CannotConvertError as error:
        _must_be(bool(error.text("nl")))
        return
    assert list(check_structure(made.document.dossier)) == []
    read_xml(write_xml(made.document))


def comparison(content: bytes) -> None:
    """Two messages with anything in them: their differences can be told."""
    half = len(content) // 2
    try:
        old, new = parse_dossier(content[:half]), parse_dossier(content[half:])
    except DecodeError:
        return
    _tell(DossierDocument(old), DossierDocument(new))


def comparison_edited(content: bytes) -> None:
    """A dossier and itself with edits: the differences can be told; with itself there are none."""
    new = _document(content)
    if new is not None:
        _tell(read_xml(_good(content[0] % 6 if content else 0)), new)
        assert compare(new, new).is_same


def _tell(old: DossierDocument, new: DossierDocument) -> None:
    try:
        comparison = compare(old, new)
    except UnknownYearError:
        return
    for language in ("nl", "en"):
        wording = Wording(comparison, language)
        assert isinstance(wording.record(), dict)
        list(wording.lines())


def attachment(content: bytes) -> None:
    """Any bytes as an attachment: described, looked into, and criticised, never believed."""
    dossier = Dossier()
    dossier.CopyFrom(read_xml(_good(0)).dossier)
    one = dossier.huidigeschool.leerling.overigdocumentlijst.add()
    name, _, inside = content.partition(b"\n")
    one.bestandsnaam = name.decode("utf-8", "replace")
    one.bestandsinhoud.CopyFrom(describe(inside, 1, TEKSTVORM_BASE64))
    open_enclosure(inside)
    validate(dossier, warnings=True, attachments=(inside,), structure_checked=True)
    bytes_of_text(inside.decode("utf-8", "replace"))


def printout(content: bytes) -> None:
    """A dossier with edits, as a page: whatever it holds is text in it, never markup."""
    document = _document(content)
    if document is not None:
        assert b"<script" not in to_html(document)


def seeds() -> Mapping[str, list[bytes]]:
    """Give the bytes each target starts from: invented dossiers and small hostile ones."""
    hostile = [
        b"",
        b"<",
        b"\xff\xfe<\x00",
        b"\xef\xbb\xbf<dossier/>",
        b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>',
        b"<a>" * 300,
        b"PK\x03\x04" + b"\x00" * 40,
        b"../../x.exe\nMZ\x90",
        b"x.pdf\n%PDF-1.4 /JavaScript",
        b"x.png\n\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xff\xff\xff\xff\xff\xff\xff",
    ]
    draw = random.Random(1)  # noqa: S311  the same at every run
    edits = [bytes([seed, *draw.randbytes(_EDIT * (1 + seed % 3))]) for seed in range(24)]
    messages = [dossier_bytes(generate(one, 1).dossier) for one in PROFILES]
    return {
        "read": [*hostile, *(_good(seed) for seed in range(3))],
        "read_edited": edits,
        "message": [*hostile, *messages],
        "conversion": edits,
        "comparison": [*hostile, messages[0] * 2, messages[1] + messages[2]],
        "comparison_edited": edits,
        "attachment": hostile,
        "printout": edits,
    }


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    one.__name__: one
    for one in (
        read,
        read_edited,
        message,
        conversion,
        comparison,
        comparison_edited,
        attachment,
        printout,
    )
}
