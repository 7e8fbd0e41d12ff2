"""Dossiers and files for the tests of printing; nobody's, and some of them hostile."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from oso.dossier.v1.document_pb2 import Document
from oso_dossier import DossierDocument
from oso_dossier.attachments import describe
from oso_dossier.printing.model import Chart, Fields, Group, Note, Picture, Signature, Table
from oso_dossier.synthetic import generate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oso_dossier.printing.model import Block, Printout

# A JPEG of 8 x 8 grey points, as small as they come.
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300080606070605080707070909080a0c140d0c0b0b0c"
    "1912130f141d1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc000"
    "0b080008000801011100ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400"
    "b5100002010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c1"
    "1552d1f02433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a63"
    "6465666768696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6"
    "b7b8b9bac2c3c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda0008"
    "010100003f00f7fa28a2803fffd9"
)


def png(width: int = 4, height: int = 3, *, claims: tuple[int, int] | None = None) -> bytes:
    """Make a red PNG; `claims` is the size its header tells, if it is to lie."""
    header = struct.pack(">IIBBBBB", *(claims or (width, height)), 8, 2, 0, 0, 0)
    rows = (b"\0" + b"\xff\0\0" * width) * height
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def zipped(**members: bytes) -> bytes:
    """Make a zip; names of members have `__` for a dot."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return target.getvalue()


def pupil_of(document: DossierDocument) -> Any:
    """Give the pupil of a dossier, to be changed."""
    return document.dossier.huidigeschool.leerling


def dossier() -> DossierDocument:
    """Give an invented dossier without attachments, to be changed."""
    made = generate("POVO", 3)
    pupil = pupil_of(made)
    del pupil.onderwijsondersteuning.handelingsplan[:]
    del pupil.overigdocumentlijst[:]
    return DossierDocument(made.dossier)


def with_attachments(*contents: bytes, name: str = "bestand.zip") -> DossierDocument:
    """Give a dossier with these attachments, as other documents."""
    made = dossier()
    for number, content in enumerate(contents, 1):
        pupil_of(made).overigdocumentlijst.append(
            Document(
                bestandsnaam=name,
                omschrijving=f"document {number}",
                bestandsinhoud=describe(content, number),
            )
        )
    return DossierDocument(made.dossier, contents)


def with_scores(*scores: str) -> DossierDocument:
    """Give a dossier with a test for each score, a year apart."""
    made = dossier()
    tests = pupil_of(made).toetslijst
    kept = tests[0]
    del kept.resultaat.referentiescore[:]
    for place, score in enumerate(scores):
        test = tests.add()
        test.CopyFrom(kept)
        test.afname.afnamedatum.year = 2010 + place
        test.resultaat.toetsscore.vaardigheidsscore.value = score
    del tests[: len(tests) - len(scores)]
    return made


def text_of(printout: Printout) -> str:
    """Give all text of a printout, each piece on lines of its own."""
    pieces = [printout.title, printout.school, printout.date]
    pieces += _texts(printout.blocks)
    for section in printout.sections:
        pieces += [section.title, *_texts(section.blocks)]
    return "\n".join(pieces)


def blocks_of(printout: Printout) -> Iterator[Block]:
    """Give all blocks of a printout, those in groups too."""
    yield from _all(printout.blocks)
    for section in printout.sections:
        yield from _all(section.blocks)


def _all(blocks: Iterable[Block]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, Group):
            yield from _all(block.blocks)


def _texts(blocks: Iterable[Block]) -> Iterator[str]:
    for block in _all(blocks):
        match block:
            case Fields(lines):
                for line in lines:
                    yield from (line.label, line.value)
            case Table(caption, columns, rows):
                yield from (caption, *columns, *(cell for row in rows for cell in row))
            case Chart(title, alternative) | Picture(title, alternative):
                yield from (title, alternative)
            case Note(text):
                yield text
            case Signature(choices, remarks, lines):
                yield from (*choices, remarks, *lines)
            case Group(title):
                yield title
