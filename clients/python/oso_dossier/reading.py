"""From XML to a dossier, with every structure error there is."""

from __future__ import annotations

from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier.attachments import bytes_of_text, describe
from oso_dossier.data_set import YEARS, set_year
from oso_dossier.document import DossierDocument
from oso_dossier.errors import (
    Problem,
    StructureError,
    StructureFinding,
    TooLargeError,
    WrongNamespaceError,
)
from oso_dossier.parsing import HINTS, Places, parse_safely
from oso_dossier.plan import ElementPlan, Kind, MessagePlan, dossier_plan
from oso_dossier.values import SPACE, ValueProblemError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.message import Message
    from lxml import etree

    from oso_dossier.values import ValueType

DEFAULT_LIMIT = 64 * 2**20
"""How many bytes a file may have, unless the caller says otherwise: 64 MiB."""

_MOST_FINDINGS = 100
_FEW = 10_000
_YEAR_OF_ROOT = {year.root: year for year in YEARS}


def read_xml(source: bytes | Path | BinaryIO, *, limit: int = DEFAULT_LIMIT) -> DossierDocument:
    """Read a dossier from XML, of the year its namespace says.

    Nothing is fetched, no DTD is read and no entity is expanded.

    Args:
        source: The bytes, a file's path, or a file opened for reading bytes.
        limit: How many bytes it may have at most.

    Raises:
        TooLargeError: It has more.
        TooManyTagsError: It has more than a million tags, or more than a file of its size can need.
        NotXmlError: It is not well-formed.
        DoctypeRefusedError: It has a DOCTYPE.
        WrongNamespaceError: Its root is not a dossier of a year of the contract.
        StructureError: It is not built as the standard says; has up to 100 findings.
        OSError: The file cannot be read.

    """
    root = parse_safely(_content(source, limit), comments=True)
    year = _YEAR_OF_ROOT.get(str(root.tag))
    if year is None:
        raise WrongNamespaceError(str(root.tag), tuple(one.name for one in YEARS))
    reader = _Reader()
    dossier = Dossier()
    set_year(dossier, year)
    reader.read_message(root, dossier_plan(year), dossier)
    if reader.findings:
        raise StructureError(tuple(reader.findings), reader.more)
    for path, text, cuts in reader.spellings:
        dossier.schrijfwijzen.add(pad=path, tekst=text, knippen=cuts)
    return DossierDocument(dossier, tuple(reader.attachments))


def _content(source: bytes | Path | BinaryIO, limit: int) -> bytes:
    if isinstance(source, bytes):
        content = source
    elif isinstance(source, Path):
        with source.open("rb") as file:
            content = _all_of(file, limit + 1)
    else:
        content = _all_of(source, limit + 1)
    if len(content) > limit:
        raise TooLargeError(limit)
    return content


def _all_of(file: BinaryIO, most: int) -> bytes:
    """Read to the end, or `most` bytes. One read may give less: of a pipe, of an open socket."""
    pieces = []
    while most > 0 and (piece := file.read(most)):
        pieces.append(piece)
        most -= len(piece)
    return b"".join(pieces)


class _Reader:
    """Walks elements and plans side by side; keeps what it finds wrong and goes on."""

    def __init__(self) -> None:
        self.findings: list[StructureFinding] = []
        self.more = 0
        self.attachments: list[bytes] = []
        self.spellings: list[tuple[str, str, list[int]]] = []
        self._places = Places()

    def read_message(self, element: etree._Element, plan: MessagePlan, message: Message) -> None:
        """Read the element of a message, with its attributes."""
        if element.keys():
            self._read_attributes(element, plan, message)
        if plan.text is not None:
            value = self._value(element, plan.text.value)
            if value is not None:
                setattr(message, plan.text.field, value)
            return
        children = _children(element)
        self._refuse_text(element, children)
        self._read_elements(element, children, plan, message)

    def _read_elements(
        self,
        parent: etree._Element,
        children: Iterable[etree._Element],
        plan: MessagePlan,
        message: Message,
    ) -> None:
        """Read elements in the order of the plan's slots."""
        by_tag = plan.by_tag
        reached = -1  # the slot we are in
        current: ElementPlan | None = None  # the element that fills it
        seen: set[int] = set()
        for child in children:
            element = by_tag.get(child.tag)
            if element is None:
                self._unexpected(child)
                continue
            slot = element.slot
            if slot < reached:
                self._add(child, Problem.TOO_MANY if slot in seen else Problem.ORDER)
                seen.add(slot)
                continue
            if slot == reached and not (element is current and element.repeated):
                self._add(child, Problem.TOO_MANY if element is current else Problem.CHOICE)
                continue
            reached, current = slot, element
            seen.add(slot)
            if element.value is not None:
                self._read_value(child, element, element.value, message)
            else:
                self._read_element(child, element, message)
        for number in sorted(plan.required - seen):
            names = " | ".join(one.name for one in plan.slots[number])
            self._add(parent, Problem.MISSING, names)

    def _read_element(self, child: etree._Element, plan: ElementPlan, message: Message) -> None:
        if plan.kind is Kind.ATTACHMENT:
            self._read_attachment(child, getattr(message, plan.field))
            return
        target: Any = getattr(message, plan.field)
        if plan.message is None:
            raise TypeError(plan.name)
        if plan.kind is Kind.MESSAGE:
            if plan.repeated:
                target = self._item(target, plan.message)
            else:
                target.SetInParent()
            self.read_message(child, plan.message, target)
            return
        if child.keys():
            self._read_attributes(child, None, target)
        children = _children(child)
        self._refuse_text(child, children)
        if plan.kind is Kind.GROUP:
            self._read_group(child, children, plan.message, target)
        else:
            self._read_items(child, children, plan, target)

    def _read_items(
        self,
        wrapper: etree._Element,
        children: Iterable[etree._Element],
        plan: ElementPlan,
        target: Any,
    ) -> None:
        items = getattr(target, plan.inner) if plan.inner else target
        count = 0
        for child in children:
            if child.tag != plan.item_tag or plan.message is None:
                self._unexpected(child)
                continue
            count += 1
            self.read_message(child, plan.message, self._item(items, plan.message))
        if count < plan.least:
            self._add(wrapper, Problem.MISSING, plan.item)

    def _read_group(
        self,
        wrapper: etree._Element,
        children: Iterable[etree._Element],
        plan: MessagePlan,
        items: Any,
    ) -> None:
        """Read elements that repeat as a group; the first element of the plan begins each."""
        first = plan.elements[0].tag
        group: list[etree._Element] = []
        for child in children:
            if _is_comment(child):
                continue
            if child.tag == first and group:
                self._read_elements(wrapper, group, plan, self._item(items, plan))
                group = []
            group.append(child)
        self._read_elements(wrapper, group, plan, self._item(items, plan))

    def _item(self, items: Any, plan: MessagePlan) -> Any:
        """Add an item; when more is wrong than will be told, one that nobody keeps."""
        return plan.make() if self.more else items.add()

    def _read_value(
        self, child: etree._Element, plan: ElementPlan, kind: ValueType, message: Any
    ) -> None:
        if child.keys():
            self._read_attributes(child, None, message)
        value = self._value(child, kind)
        if value is None:
            return
        if plan.plain:
            setattr(message, plan.field, value)
        elif plan.repeated:
            holder = getattr(message, plan.field)
            (getattr(holder, plan.inner) if plan.inner else holder).append(value)
        else:
            getattr(message, plan.field).CopyFrom(value)

    def _value(self, element: etree._Element, kind: ValueType) -> Any:
        """Read the text of an element; None when there is something wrong with it."""
        text = element.text or ""
        cuts: list[int] = []
        if len(element):
            if self._has_element(element):
                return None
            text, cuts = _pieces(element)
        try:
            value: Any = kind.parse(text)
            if cuts or not kind.is_usual(value, text):
                self.spellings.append((self._places.path(element), text, cuts))
        except ValueProblemError as error:
            self._add(element, error.problem, error.detail)
            return None
        return value

    def _read_attachment(self, element: etree._Element, target: Any) -> None:
        if element.keys():
            self._read_attributes(element, None, target)
        text = element.text or ""
        if len(element):
            if self._has_element(element):
                return
            text, _ = _pieces(element)
        if not text:
            self._add(element, Problem.TOO_SHORT)
            return
        content, form = bytes_of_text(text)
        self.attachments.append(content)
        target.CopyFrom(describe(content, len(self.attachments), form))

    def _read_attributes(
        self, element: etree._Element, plan: MessagePlan | None, message: Any
    ) -> None:
        for name in map(str, element.keys()):  # items() looks for each one from the start
            attribute = plan.attributes.get(name) if plan else None
            if attribute is None:
                if name not in HINTS:
                    self._add(element, Problem.ATTRIBUTE, f"@{name.rpartition('}')[2][:100]}")
                continue
            try:
                text = element.get(name, "")
                setattr(message, attribute.field, attribute.value.parse(text))
            except ValueProblemError as error:
                self._add(element, error.problem, f"@{name}")

    def _refuse_text(self, element: etree._Element, children: Iterable[etree._Element]) -> None:
        """Find text where only elements may stand."""
        tails = (child.tail for child in children)
        if "".join(filter(None, (element.text, *tails))).strip(SPACE):
            self._add(element, Problem.TEXT)

    def _has_element(self, element: etree._Element) -> bool:
        """Find an element where only text may stand."""
        for child in element:
            if not _is_comment(child):
                self._add(child, Problem.UNEXPECTED)
                return True
        return False

    def _unexpected(self, child: etree._Element) -> None:
        """Find an element that is not known here; a comment may stand anywhere."""
        if not _is_comment(child):
            self._add(child, Problem.UNEXPECTED)

    def _add(self, element: etree._Element, problem: Problem, detail: str = "") -> None:
        if len(self.findings) >= _MOST_FINDINGS:
            self.more += 1
            return
        line: Any = element.sourceline or 0  # lxml-stubs gives it no type
        self.findings.append(StructureFinding(self._places.path(element), line, problem, detail))


def _children(element: etree._Element) -> Iterable[etree._Element]:
    """Give the children: as a list, which is quick, unless holding them would take all memory."""
    return list(element) if len(element) <= _FEW else element


def _is_comment(element: etree._Element) -> bool:
    """Tell whether this is a comment or a processing instruction: their tag is no text."""
    return not isinstance(element.tag, str)


def _pieces(element: etree._Element) -> tuple[str, list[int]]:
    """Give the text around comments, and where it is cut."""
    pieces = [piece for piece in (element.text, *(child.tail for child in element)) if piece]
    return "".join(pieces), list(accumulate(map(len, pieces[:-1])))
