"""From bytes to a tree of XML elements, however hostile the bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from oso_dossier.errors import DoctypeRefusedError, NotXmlError, TooManyTagsError

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_TAGS = 1_000_000
"""How many tags and attributes a file may have. A full dossier has some thousands."""
_BYTES_FOR_EACH = 13
# The memory a tag or attribute takes is some thirty times its shortest text. The densest dossier
# has 15 bytes for each, without indentation; what has fewer than this is made to take memory.
_TAGS_FOR_ATTRIBUTE = 3  # it takes the memory of so many tags, and dossiers have next to none
_WORTH_COUNTING = 2**18  # bytes; what little there can be in fewer is no matter

_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
# Hints for a validator: no part of the dossier.
HINTS = frozenset({f"{_XSI}schemaLocation", f"{_XSI}noNamespaceSchemaLocation"})

_SAFE: dict[str, Any] = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "remove_comments": True,
    "remove_pis": True,
}
_FIRST_BYTES = 4096


def parse_safely(content: bytes, *, comments: bool = False) -> etree._Element:
    """Parse XML without network, DTD or entities.

    With `comments`, comments and processing instructions are in the tree: their tag is no text.

    Raises:
        NotXmlError: It is not well-formed.
        DoctypeRefusedError: It has a DOCTYPE.
        TooManyTagsError: It has more than a million tags, or more than a file of its size can need.

    """
    _refuse_crowds(content)
    options = _SAFE | {"remove_comments": not comments, "remove_pis": not comments}
    try:
        _refuse_doctype(content)
        # huge_tree lifts libxml2's bound of 10 MB on one text: attachments are larger. What it
        # guards against besides is guarded here by the limits on bytes and tags, by having refused
        # a DOCTYPE before, and by never going deeper than the plan.
        return etree.fromstring(content, etree.XMLParser(huge_tree=True, **options))
    except etree.XMLSyntaxError as error:
        # A DOCTYPE may itself be what is wrong. UTF-16 puts a zero beside each character.
        if b"<!DOCTYPE" in content[:_FIRST_BYTES].replace(b"\0", b""):
            raise DoctypeRefusedError from None
        raise NotXmlError(error.lineno or 1, _reason(error)) from None
    except ValueError as error:  # an encoding lxml does not know
        raise NotXmlError(1, type(error).__name__) from None


def _refuse_crowds(content: bytes) -> None:
    """Count tags and attributes before any of them takes memory."""
    if len(content) > _WORTH_COUNTING:
        most = min(MOST_TAGS, len(content) // _BYTES_FOR_EACH)
        if content.count(b"<") + _TAGS_FOR_ATTRIBUTE * content.count(b"=") > most:
            raise TooManyTagsError(most)


def _refuse_doctype(content: bytes) -> None:
    """Read as far as the root's start tag, with all of libxml2's own guards up."""
    parser = etree.XMLPullParser(events=("start",), **_SAFE)
    for piece in _growing(content):
        parser.feed(piece)
        for event in parser.read_events():
            root: Any = event[1]  # lxml-stubs does not know what a start event has
            if root.getroottree().docinfo.doctype:
                raise DoctypeRefusedError
            return


def _growing(content: bytes) -> Iterator[bytes]:
    """Cut into pieces that double in size: a long prolog is read in few steps."""
    start, size = 0, _FIRST_BYTES
    while start < len(content):
        yield content[start : start + size]
        start += size
        size *= 2


def _reason(error: etree.XMLSyntaxError) -> str:
    """Name the kind of syntax error. The parser's own sentence may quote the file."""
    code: int = error.code  # type: ignore[attr-defined]  # unknown to lxml-stubs
    names = (name for name, number in vars(etree.ErrorTypes).items() if number == code)
    return next(names, "ERR_UNKNOWN").removeprefix("ERR_").replace("_", " ").lower()


class Places:
    """Where elements are in a file, as the standard writes it: names with their index.

    Counts on from the child that was asked for last, so that in the order of the document each
    child is counted once, and none is held: of a million it would take all memory.
    """

    def __init__(self) -> None:
        """Start with nothing counted."""
        self._paths: dict[etree._Element, str] = {}
        self._counting: dict[etree._Element, _Counting] = {}

    def path(self, element: etree._Element) -> str:
        """Give the place of an element: `/dossier[1]/huidigeschool[1]/leerling[1]`."""
        known = self._paths.get(element)
        if known is not None:
            return known
        parent = element.getparent()
        step = f"/{etree.QName(element).localname[:100]}"
        if parent is None:
            path = f"{step}[1]"
        else:
            path = f"{self.path(parent)}{step}[{self._number(parent, element)}]"
        self._paths[element] = path
        return path

    def _number(self, parent: etree._Element, child: etree._Element) -> int:
        counting = self._counting.get(parent)
        number = counting.number(child) if counting is not None else None
        if number is None:  # the first of this parent, or one before the last that was asked
            counting = self._counting[parent] = _Counting(parent)
            number = counting.number(child)
        if number is None:
            raise LookupError(child.tag)
        return number


class _Counting:
    """Numbers the children of one element by name, on and on."""

    def __init__(self, parent: etree._Element) -> None:
        self._children = iter(parent)
        self._seen: dict[Any, int] = {}

    def number(self, child: etree._Element) -> int | None:
        """Give the number of a child; None when it was passed already."""
        for one in self._children:
            number = self._seen[one.tag] = self._seen.get(one.tag, 0) + 1
            if one is child:
                return number
        return None
