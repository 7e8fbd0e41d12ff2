"""What is in a file, judged by its bytes and never by opening it.

Nothing is run, fetched or written. Of a zip with one file, which is how the standard wants
attachments, that file is unpacked in memory: sixteen times the size of the zip at most, whatever
it says of itself. All else is looked for as bytes.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from io import BytesIO
from typing import NamedTuple

_HEAD = 4096
_MOST_NAMES = 10_000
_MOST_BYTES, _MOST_TIMES = 64 * 2**20, 16  # unpacked, and so many times what it was packed
_ENCRYPTED = 0x1
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    NotImplementedError,
    OSError,
    EOFError,
    RuntimeError,
)
# How files of a kind begin, by the ending of their name. Only kinds whose beginning is certain.
_BEGINS: dict[str, tuple[bytes, ...]] = {
    "pdf": (b"%PDF-",),
    "png": (b"\x89PNG\r\n\x1a\n",),
    "jpg": (b"\xff\xd8\xff",),
    "jpeg": (b"\xff\xd8\xff",),
    "gif": (b"GIF87a", b"GIF89a"),
    "tif": (b"II*\0", b"MM\0*"),
    "tiff": (b"II*\0", b"MM\0*"),
    "bmp": (b"BM",),
    "rtf": (b"{\\rtf",),
    "docx": (b"PK\x03\x04",),
    "xlsx": (b"PK\x03\x04",),
    "pptx": (b"PK\x03\x04",),
    "odt": (b"PK\x03\x04",),
    "ods": (b"PK\x03\x04",),
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
}
# Word and Excel open files of other kinds under these names, and programs rely on it.
_OFFICE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"{\\rtf")
_BEGINS |= dict.fromkeys(("doc", "xls", "ppt"), (*_OFFICE, b"<html", b"<?xml"))
_MAY_BEGIN_LATER = frozenset({"pdf", "rtf", "doc", "xls", "ppt"})  # after blank space
_TEXT_KINDS = frozenset({"txt", "csv"})

_PROGRAMS = (
    b"MZ",  # Windows
    b"\x7fELF",  # Linux
    b"\xfe\xed\xfa\xce",  # macOS, in its four forms
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
    b"\xca\xfe\xba\xbe",  # macOS for more than one machine; Java
    b"#!",  # a script
    b"L\x00\x00\x00\x01\x14\x02\x00",  # a Windows shortcut
    b"dex\n",  # Android
    b"\0asm",  # WebAssembly
)
PROGRAM_ENDINGS = frozenset(
    re.findall(
        r"\w+",
        "exe com scr pif bat cmd ps1 psm1 vbs vbe js jse wsf wsh hta msi msp mst cpl dll sys lnk"
        " jar apk app sh bash zsh py rb pl php reg inf url scf iso img vhd chm hlp gadget"
        " application msix appx docm dotm xlsm xltm xlam pptm potm ppsm sldm",
    )
)
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ARCHIVES = (
    *_ZIP,
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\0",
    b"MSCF",
)
# What makes a zip file a document: the names its format begins with.
_DOCUMENTS = ("[Content_Types].xml", "mimetype")
_MACROS = re.compile(rb"_\0?V\0?B\0?A\0?_\0?P\0?R\0?O\0?J\0?E\0?C\0?T")
_MACRO_PARTS = ("vbaproject.bin", "basic/", "scripts/")
_PDF_ACTIONS = re.compile(rb"/(?:JavaScript|JS|Launch|RichMedia|EmbeddedFile|XFA)(?![A-Za-z])")
_SCRIPT = re.compile(
    rb"<\s*(?:[\w-]+:)?(?:script|iframe|object|embed|foreignObject)\b"
    rb"|\bon[a-z]{3,20}\s*=|javascript:",
    re.IGNORECASE,
)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[a-z!?]", re.IGNORECASE)
_MARKUP_KINDS = frozenset({"html", "htm", "xhtml", "svg", "xml"})
_WIDE = (b"\xff\xfe", b"\xfe\xff")  # UTF-16, whose ASCII is every second byte
_PDF = b"%PDF-"
_PDF_HEAD = 1024  # readers look so far for the beginning
# A name in a PDF may have its letters as numbers: /J#61vaScript.
_HEX_LETTER = re.compile(rb"#([0-9A-Fa-f]{2})")
# The end of a zip file: a directory of so many bytes, at most so far from the end.
_END, _END_SIZE, _LONGEST_COMMENT = b"PK\x05\x06", 22, 0xFFFF
_MOST_DIRECTORY = 2**19


class Content(NamedTuple):
    """What bytes turned out to be.

    Attributes:
        names: Names of the files they hold, when they are a zip file.
        contradicts: They cannot be of the kind that the name says.
        program: They are a program, or a name makes a machine run them.
        active: They carry scripts, macros or actions.
        archive: They hold more than one file, or a file that cannot be looked into.
        broken: They begin as a zip file and are none.

    """

    names: tuple[str, ...]
    contradicts: bool
    program: bool
    active: bool
    archive: bool
    broken: bool


def look_into(content: bytes, name: str) -> Content:
    """Judge the bytes of a file and its name.

    The standard wants a file zipped: of a zip with one file that file is judged, by its own name.
    """
    names = _names_in(content)
    if _is_document(names):
        return _judge(content, name, names)
    if not names:
        found = _judge(content, name, ())
        if content.startswith(_ZIP):
            return found._replace(contradicts=False, broken=True)
        return found._replace(archive=content.startswith(_ARCHIVES))
    if len(names) > 1:
        found = _judge(content, name, names)
        inside = any(ending(one) in PROGRAM_ENDINGS for one in names)
        return found._replace(archive=True, program=found.program or inside)
    inner = _unpacked(content)
    if inner is None:
        return _judge(content, name, names)._replace(archive=True)
    deeper = _names_in(inner)
    found = _judge(inner, names[0], deeper)
    archive = not _is_document(deeper) and inner.startswith(_ARCHIVES)
    outside = ending(name) in PROGRAM_ENDINGS
    return found._replace(names=names, archive=archive, program=found.program or outside)


def _is_document(names: tuple[str, ...]) -> bool:
    return any(one in names for one in _DOCUMENTS)


def ending(name: str) -> str:
    """Give the ending of a file's name in lower case, without its dot; empty when it has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def _judge(content: bytes, name: str, names: tuple[str, ...]) -> Content:
    return Content(
        names=names,
        contradicts=_contradicts(content, ending(name)),
        program=content.startswith(_PROGRAMS) or ending(name) in PROGRAM_ENDINGS,
        active=_is_active(content, ending(name), names),
        archive=False,
        broken=False,
    )


def _contradicts(content: bytes, kind: str) -> bool:
    if kind in _TEXT_KINDS:
        return b"\0" in content[:_HEAD] and not content.startswith(_WIDE)
    begins = _BEGINS.get(kind)
    if begins is None:
        return False
    head = content[:_HEAD]
    if kind in _MAY_BEGIN_LATER:
        head = head.lstrip()
    return not head.lower().startswith(tuple(one.lower() for one in begins))


def _is_active(content: bytes, kind: str, names: tuple[str, ...]) -> bool:
    if _PDF in content[:_PDF_HEAD]:
        plain = _HEX_LETTER.sub(lambda found: bytes([int(found[1], 16)]), content)
        return _PDF_ACTIONS.search(plain) is not None
    if content.startswith(_OFFICE[0]):
        return _MACROS.search(content) is not None
    if names:
        return any(part in one.lower() for one in names for part in _MACRO_PARTS)
    narrow = content.replace(b"\0", b"")[2:] if content.startswith(_WIDE) else content
    if kind in _MARKUP_KINDS or _MARKUP.match(narrow[:_HEAD]) is not None:
        return _SCRIPT.search(narrow) is not None
    return False


def _names_in(content: bytes) -> tuple[str, ...]:
    """Give the names in a zip file, from its directory; none when it is no zip, or a broken one."""
    if not content.startswith(b"PK"):
        return ()
    at = content.rfind(_END, max(0, len(content) - _END_SIZE - _LONGEST_COMMENT))
    directory = int.from_bytes(content[at + 12 : at + 16], "little")
    if at < 0:
        return ()
    if directory > _MOST_DIRECTORY:  # an archive, whatever is in it; to read that takes too much
        return ("", "")
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return tuple(archive.namelist()[:_MOST_NAMES])
    except _BROKEN:
        return ()


def _unpacked(content: bytes) -> bytes | None:
    """Unpack the first file of a zip, as far as is bearable; None when that is not possible."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            (member, *_) = archive.infolist()
            if member.flag_bits & _ENCRYPTED:
                return None
            with archive.open(member) as file:
                # never what the zip says of its size: it may lie
                return file.read(min(_MOST_BYTES, _MOST_TIMES * len(content)))
    except _BROKEN:
        return None
