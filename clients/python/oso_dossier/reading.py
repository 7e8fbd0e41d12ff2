"""From XML to a dossier, with every structure error there is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from lxml import etree

from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier.attachments import bytes_of_text, describe
from oso_dossier.document import DossierDocument
from oso_dossier.errors import (
    DoctypeRefusedError,
    NotXmlError,
    Problem,
    StructureError,
    StructureFinding,
    TooLargeError,
    WrongNamespaceError,
)
from oso_dossier.plan import ROOT, ElementPlan, Kind, MessagePlan, dossier_plan, tag_of
from oso_dossier.values import StringType, ValueProblemError, is_usual

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from oso_dossier.values import ValueType

DEFAULT_LIMIT = 64 * 2**20
"""How many bytes a file may have, unless the caller says otherwise: 64 MiB."""

_MOST_FINDINGS = 100
_SPACE = " \t\r\n"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
# Hints for a validator: no part of the dossier.
HINTS = frozenset({f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation"})


def read_xml(source: bytes | Path | BinaryIO, *, limit: int = DEFAULT_LIMIT) -> DossierDocument:
    """Read a dossier of year 2019.1 from XML.

    Nothing is fetched, no DTD is read and no entity is expanded.

    Args:
        source: The bytes, a file's path, or a file opened for reading bytes.
        limit: How many bytes it may have at most.

    Raises:
        TooLargeError: It has more.
        NotXmlError: It is not well-formed.
        DoctypeRefusedError: It has a DOCTYPE.
        WrongNamespaceError: Its root is not a dossier of 2019.1.
        StructureError: It is not built as the standard says; has up to 100 findings.
        OSError: The file cannot be read.

    """
    root = parse_safely(_content(source, limit))
    if root.tag != tag_of(ROOT):
        raise WrongNamespaceError(str(root.tag), tag_of(ROOT))
    reader = _Reader()
    dossier = Dossier()
    reader.read_message(root, dossier_plan(), dossier)
    if reader.findings:
        raise StructureError(tuple(reader.findings), reader.more)
    for path, text in reader.spellings:
        dossier.schrijfwijzen.add(pad=path, tekst=text)
    return DossierDocument(dossier, tuple(reader.attachments))


def parse_safely(content: bytes) -> etree._Element:
    """Parse XML without network, DTD or entities, and without comments.

    Raises:
        NotXmlError: It is not well-formed.
        DoctypeRefusedError: It has a DOCTYPE.

    """
    # huge_tree lifts libxml2's bound of 10 MB on one text: attachments are larger. What it guards
    # against besides is guarded here by the size limit, by refusing a DOCTYPE and by never going
    # deeper than the plan.
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        if b"<!DOCTYPE" in content[:4096]:
            raise DoctypeRefusedError from None
        raise NotXmlError(error.lineno or 1, _reason(error)) from None
    except ValueError as error:  # an encoding lxml does not know
        raise NotXmlError(1, type(error).__name__) from None
    about: Any = root.getroottree().docinfo  # lxml-stubs does not know all of it
    if about.doctype:
        raise DoctypeRefusedError
    return root


def _reason(error: etree.XMLSyntaxError) -> str:
    """Name the kind of syntax error. The parser's own sentence may quote the file."""
    code: int = error.code  # type: ignore[attr-defined]  # unknown to lxml-stubs
    names = (name for name, number in vars(etree.ErrorTypes).items() if number == code)
    return next(names, "ERR_UNKNOWN").removeprefix("ERR_").replace("_", " ").lower()


def _content(source: bytes | Path | BinaryIO, limit: int) -> bytes:
    if isinstance(source, bytes):
        content = source
    elif isinstance(source, Path):
        with source.open("rb") as file:
            content = file.read(limit + 1)
    else:
        content = source.read(limit + 1)
    if len(content) > limit:
        raise TooLargeError(limit)
    return content


class _Reader:
    """Walks elements and plans side by side; keeps what it finds wrong and goes on."""

    def __init__(self) -> None:
        self.findings: list[StructureFinding] = []
        self.more = 0
        self.attachments: list[bytes] = []
        self.spellings: list[tuple[str, str]] = []

    def read_message(self, element: etree._Element, plan: MessagePlan, message: Message) -> None:
        """Read the element of a message, with its attributes."""
        if element.keys():
            self._read_attributes(element, plan, message)
        if plan.text is not None:
            value = self._value(element, plan.text.value)
            if value is not None:
                setattr(message, plan.text.field, value)
            return
        self._refuse_text(element)
        self._read_elements(element, list(element), plan, message)

    def _read_elements(
        self,
        parent: etree._Element,
        children: list[etree._Element],
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
                self._add(child, Problem.UNEXPECTED)
                continue
            if element.slot < reached:
                self._add(child, Problem.TOO_MANY if element.slot in seen else Problem.ORDER)
                seen.add(element.slot)
                continue
            if element.slot == reached:
                if element is not current:
                    self._add(child, Problem.CHOICE)
                    continue
                if not element.repeated:
                    self._add(child, Problem.TOO_MANY)
                    continue
            reached, current = element.slot, element
            seen.add(reached)
            if element.kind is Kind.VALUE:
                self._read_value(child, element, message)
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
                target = target.add()
            else:
                target.SetInParent()
            self.read_message(child, plan.message, target)
            return
        if child.keys():
            self._read_attributes(child, None, target)
        self._refuse_text(child)
        if plan.kind is Kind.GROUP:
            self._read_group(child, plan.message, target)
        else:
            self._read_items(child, plan, target)

    def _read_items(self, wrapper: etree._Element, plan: ElementPlan, target: Any) -> None:
        items = getattr(target, plan.inner) if plan.inner else target
        count = 0
        for child in wrapper:
            if child.tag != plan.item_tag or plan.message is None:
                self._add(child, Problem.UNEXPECTED)
                continue
            count += 1
            self.read_message(child, plan.message, items.add())
        if count < plan.least:
            self._add(wrapper, Problem.MISSING, plan.item)

    def _read_group(self, wrapper: etree._Element, plan: MessagePlan, items: Any) -> None:
        """Read elements that repeat as a group; the first element of the plan begins each."""
        first = plan.elements[0].tag
        groups: list[list[etree._Element]] = []
        for child in wrapper:
            if child.tag == first or not groups:
                groups.append([])
            groups[-1].append(child)
        for group in groups or [[]]:
            self._read_elements(wrapper, group, plan, items.add())

    def _read_value(self, child: etree._Element, plan: ElementPlan, message: Any) -> None:
        if child.keys():
            self._read_attributes(child, None, message)
        value = self._value(child, plan.value)  # type: ignore[arg-type]
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
        if len(element):
            self._add(element[0], Problem.UNEXPECTED)
            return None
        text = element.text or ""
        try:
            value = kind.parse(text)
            if type(kind) is not StringType and not is_usual(kind, value, text):
                self.spellings.append((path_of(element), text))
        except ValueProblemError as error:
            self._add(element, error.problem, error.detail)
            return None
        return value

    def _read_attachment(self, element: etree._Element, target: Any) -> None:
        if element.keys():
            self._read_attributes(element, None, target)
        if len(element):
            self._add(element[0], Problem.UNEXPECTED)
            return
        text = element.text or ""
        if not text:
            self._add(element, Problem.TOO_SHORT)
            return
        content, form = bytes_of_text(text)
        self.attachments.append(content)
        target.CopyFrom(describe(content, len(self.attachments), form))

    def _read_attributes(
        self, element: etree._Element, plan: MessagePlan | None, message: Any
    ) -> None:
        for key, text in element.attrib.items():
            name = str(key)
            attribute = plan.attributes.get(name) if plan else None
            if attribute is None:
                if name not in HINTS:
                    self._add(element, Problem.ATTRIBUTE, f"@{name}")
                continue
            try:
                setattr(message, attribute.field, attribute.value.parse(str(text)))
            except ValueProblemError as error:
                self._add(element, error.problem, f"@{name}")

    def _refuse_text(self, element: etree._Element) -> None:
        """Find text where only elements may stand."""
        texts = [element.text, *[child.tail for child in element]]
        if any(text is not None and not text.isspace() for text in texts) and "".join(
            text or "" for text in texts
        ).strip(_SPACE):
            self._add(element, Problem.TEXT)

    def _add(self, element: etree._Element, problem: Problem, detail: str = "") -> None:
        if len(self.findings) >= _MOST_FINDINGS:
            self.more += 1
            return
        line: Any = element.sourceline or 0  # lxml-stubs gives it no type
        self.findings.append(StructureFinding(path_of(element), line, problem, detail))


def path_of(element: etree._Element) -> str:
    """Give the place of an element as the standard writes it: names with their index."""
    steps: list[str] = []
    at: etree._Element | None = element
    while at is not None:
        index = 1 + sum(1 for _ in at.itersiblings(at.tag, preceding=True))
        steps.append(f"/{etree.QName(at).localname[:100]}[{index}]")
        at = at.getparent()
    return "".join(reversed(steps))
