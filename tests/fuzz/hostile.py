"""Large hostile files; `python hostile.py NAME` reads one and tells how that ended, and the memory.

A program of its own, so that nothing else uses or bounds the memory that is measured. For Linux.
"""

from __future__ import annotations

import gc
import resource
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from oso_dossier import DossierXmlError, read_xml, write_xml
from oso_dossier.rules import validate
from oso_dossier.synthetic import generate

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_BYTES = 2**31  # of address space: what goes off ends here, and does no harm
_GOOD = write_xml(generate("POVO", 1))


def _with(inside: str, element: str = "metadata") -> bytes:
    """Put text right after the first start tag of an element."""
    tag = f"<{element}>".encode()
    assert tag in _GOOD
    return _GOOD.replace(tag, tag + inside.encode(), 1)


def _attributes() -> bytes:
    name = b"an-attribute-with-a-very-long-name"
    return b"<a %b/>" % b" ".join(b'%b%d=""' % (name, one) for one in range(100_000))


def _bomb() -> bytes:
    parts = f'<!ENTITY a "{"x" * 10**6}"><!ENTITY b "{"&a;" * 10**5}">'
    return f"<!DOCTYPE a [{parts}]><a>&b;</a>".encode()


def _utf_16() -> bytes:
    text = _with("<a-long-name/>" * 100_000).decode()
    return text.replace("UTF-8", "UTF-16", 1).encode("utf-16")


# Name -> (the file, what should come of it).
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "siblings": (lambda: _with("<a/>" * 10**6), "TooManyTagsError"),
    "long siblings": (lambda: _with("<a-long-name/>" * 200_000), "StructureError"),
    "carers": (lambda: _with("<verzorger/>" * 200_000, "leerling"), "TooManyTagsError"),
    "careers": (
        lambda: _with("<schoolloopbaan/>" * 200_000, "schoolloopbaanlijst"),
        "StructureError",
    ),
    "nesting": (lambda: b"<a>" * 500_000, "TooManyTagsError"),
    "long nesting": (lambda: b"<a-name-of-twenty-letters>" * 50_000, "NotXmlError"),
    "attributes": (_attributes, "WrongNamespaceError"),
    "text": (lambda: _with("x" * 10**7, "pakketnaam"), "read"),
    "references": (lambda: _with("&#x1F600;" * 10**6, "pakketnaam"), "read"),
    "sections": (lambda: _with("<![CDATA[x]]>" * 10**5, "pakketnaam"), "read"),
    "comments": (lambda: _with("x<!---->" * 500_000, "pakketnaam"), "TooManyTagsError"),
    "attachment": (lambda: _with("AAAA" * 10**6, "bestandsinhoud"), "read"),
    "entity bomb": (_bomb, "DoctypeRefusedError"),
    "UTF-16": (_utf_16, "StructureError"),
}


def _memory(name: str) -> int:
    """Give a figure of this process in bytes: `VmRSS` is now, `VmHWM` the most since `_forget`."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise LookupError(name)


def _forget() -> None:
    """Forget the most memory there ever was: making the file took some too (proc(5))."""
    Path("/proc/self/clear_refs").write_text("5", "ascii")


def _told(xml: bytes) -> str:
    try:
        document = read_xml(xml)
    except DossierXmlError as error:
        return type(error).__name__
    validate(document.dossier, warnings=True, attachments=document.attachments)
    return "read"


def main() -> None:
    """Print how it ended, the size of the file, and the memory it took beyond what was there."""
    xml = HOSTILE[sys.argv[1]][0]()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, MOST_BYTES))
    _told(_GOOD)
    gc.collect()
    _forget()
    before = _memory("VmRSS")
    told = _told(xml)
    print(told, len(xml), _memory("VmHWM") - before)  # noqa: T201  a program talks


if __name__ == "__main__":
    main()
