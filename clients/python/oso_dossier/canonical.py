"""The canonical form of a dossier's XML: two files are the same dossier when these are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from oso_dossier.data_set import UNSAID, YEARS
from oso_dossier.parsing import HINTS, parse_safely
from oso_dossier.plan import Kind, dossier_plan
from oso_dossier.values import SPACE

if TYPE_CHECKING:
    from oso_dossier.plan import MessagePlan


def canonical(content: bytes) -> bytes:
    """Give the canonical form (C14N 2.0 with prefixes rewritten) of a dossier's XML.

    Space between elements, comments, processing instructions, prefixes and schema hints do not
    count; the text of every value does, to the letter.

    Raises:
        NotXmlError: It is not well-formed.
        DoctypeRefusedError: It has a DOCTYPE.

    """
    root = parse_safely(content)
    year = next((year for year in YEARS if year.root == root.tag), UNSAID)
    _strip_space(root, dossier_plan(year))
    for element in root.iter():
        for hint in HINTS.intersection(element.keys()):
            del element.attrib[hint]
    text: str = etree.canonicalize(root, rewrite_prefixes=True)
    return text.encode("utf-8")


def _strip_space(element: etree._Element, plan: MessagePlan) -> None:
    """Take away the space of elements that hold elements; only the plan knows which do."""
    if plan.text is not None:
        return
    _strip_around_children(element)
    for child in element:
        inner = plan.by_tag.get(str(child.tag))
        if inner is None or inner.message is None:
            continue
        if inner.kind is Kind.WRAPPER:
            _strip_around_children(child)
            for item in child:
                _strip_space(item, inner.message)
        else:
            _strip_space(child, inner.message)


def _strip_around_children(element: etree._Element) -> None:
    if not (element.text or "").strip(SPACE):
        element.text = None
    for child in element:
        if not (child.tail or "").strip(SPACE):
            child.tail = None
