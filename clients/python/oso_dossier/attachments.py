"""How the bytes of an attachment are written as text, and what they are."""

from __future__ import annotations

import binascii
import hashlib
from typing import TYPE_CHECKING

from oso.dossier.v1.document_pb2 import (
    TEKSTVORM_BASE64,
    TEKSTVORM_BASE64_REGELS,
    TEKSTVORM_LETTERLIJK,
    Bestandsinhoud,
    Tekstvorm,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_LINE = 76
# What a file begins with, by which its kind is known. The name it was given proves nothing.
_MAGIC: Mapping[bytes, str] = {
    b"PK\x03\x04": "application/zip",
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"\xd0\xcf\x11\xe0": "application/x-ole-storage",
    b"{\\rtf": "application/rtf",
}


def media_type(content: bytes) -> str:
    """Judge the media type (RFC 6838) of bytes by how they begin."""
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            return kind
    return "application/octet-stream"


def bytes_of_text(text: str) -> tuple[bytes, Tekstvorm.ValueType]:
    """Turn the text of bestandsinhoud into bytes, with the form that gives the same text back."""
    raw = text.encode("utf-8")
    try:
        content = binascii.a2b_base64(raw)
    except binascii.Error:
        return raw, TEKSTVORM_LETTERLIJK
    if binascii.b2a_base64(content, newline=False) == raw:
        return content, TEKSTVORM_BASE64
    if _in_lines(content) == raw:
        return content, TEKSTVORM_BASE64_REGELS
    return raw, TEKSTVORM_LETTERLIJK


def text_of_bytes(content: bytes, form: Tekstvorm.ValueType) -> str:
    """Turn the bytes of an attachment into the text of bestandsinhoud.

    Raises:
        UnicodeDecodeError: The form is LETTERLIJK and the bytes are not UTF-8.

    """
    if form == TEKSTVORM_BASE64:
        return binascii.b2a_base64(content, newline=False).decode("ascii")
    if form == TEKSTVORM_BASE64_REGELS:
        return _in_lines(content).decode("ascii")
    return content.decode("utf-8")


def describe(
    content: bytes,
    part_number: int,
    form: Tekstvorm.ValueType = TEKSTVORM_BASE64,
) -> Bestandsinhoud:
    """Make what the dossier says of an attachment with these bytes."""
    return Bestandsinhoud(
        media_type="text/plain" if form == TEKSTVORM_LETTERLIJK else media_type(content),
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        part_number=part_number,
        tekstvorm=form,
    )


def is_described_by(content: bytes, facts: Bestandsinhoud) -> bool:
    """Tell whether these are the bytes the dossier means."""
    return len(content) == facts.size and hashlib.sha256(content).digest() == facts.sha256


def _in_lines(content: bytes) -> bytes:
    encoded = binascii.b2a_base64(content, newline=False)
    lines = (encoded[start : start + _LINE] for start in range(0, len(encoded), _LINE))
    return b"".join(line + b"\n" for line in lines)
