"""Small real files: a PDF with a sentence and a PNG with a drawing, the same bytes everywhere."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

_LONG_AGO = (2019, 1, 1, 0, 0, 0)


def pdf(title: str, lines: list[str]) -> bytes:
    """Make a PDF of one page with a title and some lines (ISO 32000-1, no compression)."""
    text = [f"BT /F1 16 Tf 56 780 Td ({_escaped(title)}) Tj ET"]
    text += [
        f"BT /F1 11 Tf 56 {748 - 16 * number} Td ({_escaped(line)}) Tj ET"
        for number, line in enumerate(lines)
    ]
    content = "\n".join(text).encode("cp1252", "replace")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (nl) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
            b"/Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = io.BytesIO(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    out.seek(0, io.SEEK_END)
    places = []
    for number, one in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, one))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.writelines(b"%010d 00000 n \n" % place for place in places)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1))
    out.write(b"startxref\n%d\n%%%%EOF\n" % start)
    return out.getvalue()


def png(chance: Random, width: int = 96, height: int = 64) -> bytes:
    """Make a PNG with coloured fields (ISO/IEC 15948), uncompressed: the same everywhere."""
    colours = [bytes(chance.randrange(256) for _ in range(3)) for _ in range(12)]
    rows = b"".join(
        b"\0" + b"".join(colours[x * 4 // width + 4 * (y * 3 // height)] for x in range(width))
        for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def zipped(name: str, content: bytes) -> bytes:
    """Put a file in a zip, as the standard wants attachments; stored, with a fixed time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        entry = zipfile.ZipInfo(name, _LONG_AGO)
        entry.create_system = 3  # the same on every system
        archive.writestr(entry, content)
    return out.getvalue()


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
