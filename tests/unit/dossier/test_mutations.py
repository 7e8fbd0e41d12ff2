"""Whatever happens to a dossier: it is refused with a reason, or nothing of it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import given, settings
from hypothesis import strategies as st

from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier import (
    AttachmentMismatchError,
    DossierDocument,
    DossierXmlError,
    StructureError,
    canonical,
    check_structure,
    read_xml,
    write_xml,
)
from oso_dossier.documents import documents_of
from oso_dossier.synthetic import generate
from oso_dossier.years import YEARS, CannotConvertError, convert

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOCUMENTS = [convert(generate("POVO", 7), year).document for year in YEARS]
_FILES = [write_xml(document) for document in _DOCUMENTS]
_SPACES = ("", " ", "\n", "\u00a0", "\u2028", "&#13;", "&#9;", "&#160;")
_MARKUP = ("<!--x-->", "<?x y?>", "<![CDATA[<x>]]>", "<x/>", ' xml:space="preserve"', ' a="b"')
_VALUES = ("1", "-0", "+7", "007", "0.50", ".5", "5.", "true", " 1 ", "2019-02-29", "2019-02-28Z")
_PIECES = st.sampled_from([*_SPACES, *_MARKUP, *_VALUES, "e\u0301", "\ufffd", "&amp;"])
_TEXTS = st.sampled_from(["", " ", "a", "01", "01VV", "2019-2020", "x" * 400, "\0", "\ufffe", "\r"])
_NUMBERS = st.sampled_from([0, 1, 5000, 2**31 - 1])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(_FILES),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 40), _PIECES), max_size=3),
)
def test_changed_xml_is_refused_or_comes_back(
    xml: bytes, changes: list[tuple[float, int, str]]
) -> None:
    """XML with pieces put in and taken out is refused, or comes back canonically the same."""
    places = [place for place, byte in enumerate(xml) if byte in b"<>"]
    chosen = [
        (places[int(part * (len(places) - 1))], length, piece) for part, length, piece in changes
    ]
    for place, length, piece in sorted(chosen, reverse=True):
        begin = place + (xml[place : place + 1] == b">")
        xml = xml[:begin] + piece.encode() + xml[begin + length * (length > 30) :]
    try:
        document = read_xml(xml)
    except DossierXmlError:
        return

    again = write_xml(document)

    assert canonical(again) == canonical(xml)
    assert read_xml(again) == document


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_changed_message_is_refused_or_comes_back(data: st.DataObject) -> None:
    """A message with fields set, emptied or added is refused, or read back and converted."""
    original = data.draw(st.sampled_from(_DOCUMENTS))
    dossier = Dossier()
    dossier.CopyFrom(original.dossier)
    for _ in range(data.draw(st.integers(1, 3))):
        message = data.draw(st.sampled_from(list(_messages(dossier))))
        _change(data, message, data.draw(st.sampled_from(list(message.DESCRIPTOR.fields))))
    document = DossierDocument(dossier, original.attachments)
    if findings := check_structure(dossier):
        with pytest.raises(StructureError) as caught:
            write_xml(document)
        assert list(findings) == list(caught.value.findings)
        return
    if len(documents_of(dossier)) < len(document.attachments):
        with pytest.raises(AttachmentMismatchError):
            write_xml(document)
        return

    again = read_xml(write_xml(document))

    for one in (dossier, again.dossier):
        one.ClearField("schrijfwijzen")  # those that spell nothing are gone
    assert again == document
    try:
        other = convert(again, data.draw(st.sampled_from(YEARS))).document
    except CannotConvertError:
        return
    assert list(check_structure(other.dossier)) == []


def _messages(message: Any) -> Iterator[Any]:
    yield message
    if message.DESCRIPTOR.name == "Document":
        return  # what describes an attachment is tested by itself
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value if field.is_repeated else (value,):
                yield from _messages(one)


def _change(data: st.DataObject, message: Any, field: FieldDescriptor) -> None:
    value = getattr(message, field.name)
    if data.draw(st.booleans()):
        message.ClearField(field.name)
    elif field.message_type is not None:
        if field.is_repeated:
            value.add()
        else:
            value.SetInParent()
    else:
        is_text = field.type == FieldDescriptor.TYPE_STRING
        is_switch = field.type == FieldDescriptor.TYPE_BOOL
        new = data.draw(_TEXTS if is_text else st.booleans() if is_switch else _NUMBERS)
        if field.is_repeated:
            value.append(new)
        else:
            setattr(message, field.name, new)
