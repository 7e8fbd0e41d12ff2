"""How the bytes of an attachment are written as text, and what they are."""

from __future__ import annotations

import binascii
import codecs
import hashlib
from typing import TYPE_CHECKING

from oso.dossier.v1.document_pb2 import (
    TEKSTVORM_BASE64,
    TEKSTVORM_BASE64_REGELS,
    TEKSTVORM_BASE64_REGELS_OPEN,
    TEKSTVORM_LETTERLIJK,
    Bestandsinhoud,
    Tekstvorm,
)
from oso_dossier.characters import IllegalCharacterError, escaped
from oso_dossier.errors import AttachmentMismatchError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

_LINE = 76
_BYTES_OF_LINE = 57
_BLOCK = 4096 * _BYTES_OF_LINE  # whole lines, and whole base64 groups: no padding in between
_SHA256 = 32
_FORMS = frozenset(
    {
        TEKSTVORM_BASE64,
        TEKSTVORM_BASE64_REGELS,
        TEKSTVORM_BASE64_REGELS_OPEN,
        TEKSTVORM_LETTERLIJK,
    }
)
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
    if raw[_LINE : _LINE + 1] == b"\n" or raw.endswith(b"\n"):
        lines = _in_lines(content)
        if lines == raw:
            return content, TEKSTVORM_BASE64_REGELS
        if lines[:-1] == raw:
            return content, TEKSTVORM_BASE64_REGELS_OPEN
    return raw, TEKSTVORM_LETTERLIJK


def text_blocks(file: BinaryIO, facts: Bestandsinhoud) -> Iterator[bytes]:
    """Turn the bytes of an attachment into the text of bestandsinhoud, a block at a time.

    Gives XML in UTF-8: what needs escaping is escaped.

    Args:
        file: The bytes, read to the end.
        facts: What the dossier says of them; without anything `wrong_in` it.

    Raises:
        AttachmentMismatchError: At the end: the file has other bytes than the dossier says.
        IllegalCharacterError: The form is LETTERLIJK, and the bytes are not UTF-8 or have
            characters XML cannot hold.

    """
    blocks = _verified(file, facts)
    if facts.tekstvorm == TEKSTVORM_BASE64:
        for block in blocks:
            yield binascii.b2a_base64(block, newline=False)
    elif facts.tekstvorm == TEKSTVORM_BASE64_REGELS:
        yield from map(_in_lines, blocks)
    elif facts.tekstvorm == TEKSTVORM_BASE64_REGELS_OPEN:
        before = b""
        for block in blocks:
            yield before + _in_lines(block)[:-1]
            before = b"\n"
    else:
        yield from _literally(blocks)


def wrong_in(facts: Bestandsinhoud, part_number: int) -> Iterator[str]:
    """Name what is wrong in the description of the attachment that has this number."""
    if facts.part_number != part_number:
        yield "part_number"
    if facts.size == 0:
        yield "size"
    if len(facts.sha256) != _SHA256:
        yield "sha256"
    if facts.tekstvorm not in _FORMS:
        yield "tekstvorm"


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


def _verified(file: BinaryIO, facts: Bestandsinhoud) -> Iterator[bytes]:
    """Give the bytes in blocks of one size but the last; check them on the way."""
    digest, size = hashlib.sha256(), 0
    while block := _block(file):
        digest.update(block)
        size += len(block)
        yield block
    if size != facts.size or digest.digest() != facts.sha256:
        raise AttachmentMismatchError(facts.part_number)


def _block(file: BinaryIO) -> bytes:
    """Read a whole block; less only at the end. One read may give less than was asked."""
    block = file.read(_BLOCK)
    while block and len(block) < _BLOCK and (more := file.read(_BLOCK - len(block))):
        block += more
    return block


def _literally(blocks: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in blocks:
            yield escaped(decoder.decode(block)).encode("utf-8")
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise IllegalCharacterError from None


def _in_lines(content: bytes) -> bytes:
    encoded = binascii.b2a_base64(content, newline=False)
    lines = (encoded[start : start + _LINE] for start in range(0, len(encoded), _LINE))
    return b"".join(line + b"\n" for line in lines)
