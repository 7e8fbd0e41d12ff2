"""From a dossier to XML: the namespace, order and form its year of the standard has."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple

from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier.attachments import text_blocks, wrong_in
from oso_dossier.characters import IllegalCharacterError, escaped, escaped_attribute
from oso_dossier.data_set import ROOT, UnknownYearError, year_of
from oso_dossier.errors import (
    AttachmentMismatchError,
    Problem,
    StructureError,
    StructureFinding,
)
from oso_dossier.place import Place, spell
from oso_dossier.plan import AttributePlan, ElementPlan, Kind, MessagePlan, dossier_plan
from oso_dossier.soundness import is_sound
from oso_dossier.spelling import spellings_of
from oso_dossier.values import ValueProblemError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from google.protobuf.message import Message

    from oso.dossier.v1.document_pb2 import Bestandsinhoud
    from oso_dossier.document import DossierDocument
    from oso_dossier.values import ValueType

_MOST_FINDINGS = 100
_INDENT = "  "
_CUT = "<!---->"  # where the file had a comment in a text


class _Attachment(NamedTuple):
    """Where the text of an attachment belongs."""

    facts: Bestandsinhoud
    path: str


def write_xml(document: DossierDocument) -> bytes:
    """Write a dossier as XML of its year, in UTF-8.

    Raises:
        StructureError: The message is not built as the standard says; nothing is written.
        AttachmentMismatchError: An attachment is missing, too many, or has other bytes than the
            dossier says.

    """

    def open_attachment(number: int) -> BinaryIO:
        if number > len(document.attachments):
            raise AttachmentMismatchError(number)
        return BytesIO(document.attachments[number - 1])

    writer = _written(document.dossier)
    content = b"".join(_blocks(writer.pieces, open_attachment))
    if writer.attachments != len(document.attachments):
        raise AttachmentMismatchError(writer.attachments + 1)
    return content


def xml_blocks(dossier: Dossier, open_attachment: Callable[[int], BinaryIO]) -> Iterator[bytes]:
    """Write a dossier as XML a block at a time, however large its attachments are.

    Only when the last block was given is it sure that all attachments are the ones named: write
    them to a file that gets its name afterwards (`files.write_whole`).

    Args:
        dossier: The message.
        open_attachment: Opens the bytes of an attachment by its number, from 1. Each is opened
            when it is its turn, read to the end and closed.

    Raises:
        StructureError: At once: the message is not built as the standard says. While the blocks
            are read: an attachment that is text has characters XML cannot hold.
        AttachmentMismatchError: While the blocks are read: an attachment has other bytes than the
            dossier says.

    """
    return _blocks(_written(dossier).pieces, open_attachment)


def _written(dossier: Dossier) -> _Writer:
    writer = _Writer(dossier)
    writer.write(dossier)
    if writer.findings:
        raise StructureError(tuple(writer.findings), writer.more)
    return writer


def _blocks(
    pieces: list[str | _Attachment], open_attachment: Callable[[int], BinaryIO]
) -> Iterator[bytes]:
    text: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            text.append(piece)
            continue
        yield "".join(text).encode("utf-8")
        text = []
        with open_attachment(piece.facts.part_number) as file:
            try:
                yield from text_blocks(file, piece.facts)
            except IllegalCharacterError:
                finding = StructureFinding(piece.path, 0, Problem.CHARACTER)
                raise StructureError((finding,)) from None
    yield "".join(text).encode("utf-8")


def check_structure(dossier: Dossier) -> Sequence[StructureFinding]:
    """Find where a message is not built as the standard says, without the bytes of its attachments.

    Finds what the reader finds in XML, as far as a message can be wrong: required fields, lengths,
    patterns, ranges, characters; and what would be lost: fields that are not in this version of the
    contract or not in the year of the dossier, attachments that are not described. 100 findings at
    most.
    """
    if _is_sound(dossier):
        return ()
    writer = _Writer(dossier)
    writer.write(dossier)
    return writer.findings


def _is_sound(dossier: Dossier) -> bool:
    """Tell whether there is surely nothing to find: a walk that only says yes or no is short."""
    try:
        return is_sound(dossier, year_of(dossier)) and not _has_unknown_fields(dossier)
    except UnknownYearError:
        return False


class _Writer:
    """Walks messages and plans side by side; collects text, and places where attachments come."""

    def __init__(self, dossier: Dossier) -> None:
        self.findings: list[StructureFinding] = []
        self.more = 0
        self.attachments = 0
        self._spellings = spellings_of(dossier)
        self.pieces: list[str | _Attachment] = []

    def write(self, dossier: Dossier) -> None:
        """Write the whole file."""
        try:
            year = year_of(dossier)
        except UnknownYearError:
            self._add((None, ROOT, 1), Problem.YEAR)
            return
        if _has_unknown_fields(dossier):
            self._add((None, ROOT, 1), Problem.UNKNOWN)
        self.pieces.append(
            f'<?xml version="1.0" encoding="UTF-8"?>\n<{ROOT} xmlns="{year.namespace}"'
        )
        self._inside(ROOT, dossier, dossier_plan(year), "", (None, ROOT, 1))

    def _inside(
        self, name: str, message: Message, plan: MessagePlan, indent: str, place: Place
    ) -> None:
        """Write an element after its name: attributes, contents, end tag."""
        out = self.pieces
        for attribute in plan.attributes.values():
            if message.HasField(attribute.field):
                out.append(f' {attribute.name}="{self._attribute(message, attribute, place)}"')
        if plan.text is not None:
            if not message.HasField(plan.text.field):
                self._add(place, Problem.MISSING, plan.text.field)
            text = self._text(plan.text.value, getattr(message, plan.text.field), place)
            out.append(f">{text}</{name}>\n" if text else "/>\n")
            return
        start = len(out)
        out.append(">\n")
        self._elements(message, plan, indent + _INDENT, place, {})
        if len(out) == start + 1:
            out[start] = "/>\n"
        else:
            out.append(f"{indent}</{name}>\n")

    def _elements(
        self, message: Any, plan: MessagePlan, indent: str, place: Place, before: dict[str, int]
    ) -> None:
        """Write the elements of a message; `before` counts those of its name that stand there."""
        present = self._present(message, plan, place)
        missing = plan.required.difference([element.slot for element, _ in present])
        for number in sorted(missing):
            names = " | ".join(one.name for one in plan.slots[number])
            self._add(place, Problem.MISSING, names)
        for element, value in present:
            if element.value is not None and not element.repeated:  # most of them: made short
                name = element.name
                before[name] = index = before.get(name, 0) + 1
                text = self._text(element.value, value, (place, name, index))
                self.pieces.append(
                    f"{indent}<{name}>{text}</{name}>\n" if text else f"{indent}<{name}/>\n"
                )
            elif element.kind is Kind.WRAPPER or element.kind is Kind.GROUP:
                self._items(value, element, indent, (place, element.name, 1))
            else:
                self._element(value, element, indent, place, before)

    def _present(
        self, message: Any, plan: MessagePlan, place: Place
    ) -> list[tuple[ElementPlan, Any]]:
        """Give what is present in a message, in the order of the XML."""
        # ListFields gives what is present in the order of the numbers, which is nearly always the
        # order of the XML.
        fields = message.ListFields()
        present = [
            (plan.by_number[field.number], value)
            for field, value in fields
            if field.number in plan.by_number
        ]
        if plan.outside:
            for field, _ in fields:
                if field.number in plan.outside:
                    self._add(place, Problem.OTHER_YEAR, plan.outside[field.number])
        numbered = plan.numbered
        for element in plan.always:
            if not getattr(message, element.field):
                present.append((element, getattr(message, element.field)))
                numbered = False
        if not numbered:
            present.sort(key=lambda one: one[0].slot)
        return present

    def _element(
        self, value: Any, plan: ElementPlan, indent: str, place: Place, before: dict[str, int]
    ) -> None:
        name, kind = plan.name, plan.kind
        if plan.inner:
            value = getattr(value, plan.inner)
            if not value:
                self._add(place, Problem.MISSING, name)
        index = before.get(name, 0)
        for one in value if plan.repeated else (value,):
            index += 1
            here = (place, name, index)
            if kind is Kind.VALUE:
                text = self._text(plan.value, one, here)  # type: ignore[arg-type]
                self.pieces.append(
                    f"{indent}<{name}>{text}</{name}>\n" if text else f"{indent}<{name}/>\n"
                )
            elif kind is Kind.ATTACHMENT:
                self._attachment(name, one, indent, here)
            else:
                self.pieces.append(f"{indent}<{name}")
                self._inside(name, one, plan.message, indent, here)  # type: ignore[arg-type]
        before[name] = index

    def _items(self, value: Any, plan: ElementPlan, indent: str, place: Place) -> None:
        items = getattr(value, plan.inner) if plan.inner else value
        if len(items) < plan.least:
            self._add(place, Problem.MISSING, plan.item)
        if not items:
            self.pieces.append(f"{indent}<{plan.name}/>\n")
            return
        deeper = indent + _INDENT
        message_plan: MessagePlan = plan.message  # type: ignore[assignment]
        self.pieces.append(f"{indent}<{plan.name}>\n")
        if plan.kind is Kind.GROUP:
            before: dict[str, int] = {}
            for item in items:
                self._elements(item, message_plan, deeper, place, before)
        else:
            for index, item in enumerate(items, 1):
                self.pieces.append(f"{deeper}<{plan.item}")
                here = (place, plan.item, index)
                self._inside(plan.item, item, message_plan, deeper, here)
        self.pieces.append(f"{indent}</{plan.name}>\n")

    def _text(self, kind: ValueType, value: Any, place: Place) -> str:
        try:
            text = kind.format(value)
        except ValueProblemError as error:
            self._add(place, error.problem, error.detail)
            return ""
        pieces: tuple[str, ...] = (text,)
        if self._spellings and (spelling := self._spellings.get(spell(place))) is not None:
            pieces = spelling.texts(kind, value, text)
        try:
            return _CUT.join(map(escaped, pieces)) if len(pieces) > 1 else escaped(pieces[0])
        except IllegalCharacterError:
            self._add(place, Problem.CHARACTER)
            return ""

    def _attribute(self, message: Message, plan: AttributePlan, place: Place) -> str:
        try:
            return escaped_attribute(plan.value.format(getattr(message, plan.field)))
        except ValueProblemError as error:
            self._add(place, error.problem, f"@{plan.name}")
        except IllegalCharacterError:
            self._add(place, Problem.CHARACTER, f"@{plan.name}")
        return ""

    def _attachment(self, name: str, facts: Bestandsinhoud, indent: str, place: Place) -> None:
        self.attachments += 1
        for wrong in wrong_in(facts, self.attachments):
            self._add(place, Problem.ATTACHMENT, wrong)
        self.pieces += f"{indent}<{name}>", _Attachment(facts, spell(place)), f"</{name}>\n"

    def _add(self, place: Place, problem: Problem, detail: str = "") -> None:
        if len(self.findings) >= _MOST_FINDINGS:
            self.more += 1
            return
        self.findings.append(StructureFinding(spell(place), 0, problem, detail))


def _has_unknown_fields(dossier: Dossier) -> bool:
    """Tell whether there are fields of a later contract anywhere: writing would lose them."""
    known = Dossier()
    known.CopyFrom(dossier)
    known.DiscardUnknownFields()
    return known.ByteSize() != dossier.ByteSize()
