"""The printout as PDF/A-2a and PDF/UA-1, by Typst.

The template reads the printout as JSON, so no text of a dossier is ever Typst markup. Pictures
lie in a folder of our own while the pages are made: Typst decodes them (in Rust, without running
anything), and the folder is all it may read.
"""

from __future__ import annotations

import json
import math
import tempfile
from contextlib import suppress
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typst

from oso_dossier.printing.glyphs import printable_in_pdf
from oso_dossier.printing.model import Chart, Fields, Group, Note, Picture, Signature, Table
from oso_dossier.printing.wording import WORDINGS

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_dossier.printing.model import Block, Printout

_STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
# For sharing out the width of a table (17 cm of A4): what a letter takes, and what a cell adds.
_TABLE_CM, _LETTER_CM, _CELL_CM = 17.0, 0.175, 0.35
_LONGEST_WORD = 22
_RUNNING = 120  # characters of a name in the margin of each page
# What takes more room than this may be cut by the end of a page: it might not fit on one.
_WHOLE_CELL, _WHOLE_LINES, _WHOLE_TEXT = 900, 14, 1500
_FORMATS = {"image/png": "png", "image/jpeg": "jpg"}
_PROBE = b'#set document(title: "x")\n#image(sys.inputs.file, alt: "x", format: sys.inputs.format)'


def render(printout: Printout) -> bytes:
    """Give the PDF.

    A picture that cannot be decoded is replaced by a sentence, a character without a glyph by a
    mark: whatever the dossier holds, there is a printout.
    """
    with tempfile.TemporaryDirectory(prefix="oso-print-") as folder:
        pages = _Pages(printout, Path(folder))
        try:
            return pages.compile()
        except typst.TypstError:
            dropped = pages.drop_broken_pictures()
        if dropped:
            with suppress(typst.TypstError):
                return pages.compile()
        return pages.compile(strict=True)  # letters that each have a glyph, but not together


class _Pages:
    """The printout with its pictures in a folder, to be compiled, if need be more than once."""

    def __init__(self, printout: Printout, folder: Path) -> None:
        self._printout = printout
        self._folder = folder
        self._files: dict[int, str] = {}
        self._formats: dict[str, str] = {}

    def compile(self, *, strict: bool = False) -> bytes:
        made = json.dumps(self._data(lambda text: printable_in_pdf(text, strict=strict)))
        return self._typst(_template(), {"printout": made})

    def drop_broken_pictures(self) -> bool:
        """Try each picture alone; those Typst cannot decode get an empty file name.

        Tell whether there were any.
        """
        dropped = False
        for key, file in self._files.items():
            try:
                self._typst(_PROBE, {"file": f"/{file}", "format": self._formats[file]})
            except typst.TypstError:
                self._files[key] = ""
                dropped = True
        return dropped

    def _typst(self, source: bytes, inputs: dict[str, str]) -> bytes:
        compiler = typst.Compiler(
            source, root=self._folder, ignore_system_fonts=True, sys_inputs=inputs
        )
        made = compiler.compile(
            format="pdf",
            pdf_standards=_STANDARDS,
            timestamp=datetime(*self._printout.day, tzinfo=UTC),
        )
        if not isinstance(made, bytes):
            raise TypeError(type(made))  # one file was asked for, without a name
        return made

    def _data(self, text: Callable[[str], str]) -> dict[str, Any]:
        printout = self._printout
        return {
            "language": printout.language,
            "title": text(printout.title),
            "running": [text(one[:_RUNNING]) for one in (printout.school, printout.title)],
            "school": text(printout.school),
            "date": text(printout.date),
            "page": printout.page.split("{}"),
            "blocks": [self._block(one, text) for one in printout.blocks],
            "sections": [
                {
                    "title": text(section.title),
                    "blocks": [self._block(one, text) for one in section.blocks],
                }
                for section in printout.sections
            ],
        }

    def _block(self, block: Block, text: Callable[[str], str]) -> dict[str, Any]:
        made: dict[str, Any]
        match block:
            case Fields(lines):
                pairs = [(text(line.label), text(line.value)) for line in lines]
                length = sum(len(label) + len(value) for label, value in pairs)
                whole = len(pairs) <= _WHOLE_LINES and length <= _WHOLE_TEXT
                made = {"kind": "fields", "lines": pairs, "whole": whole}
            case Table():
                made = _table(block, text)
            case Chart():
                made = _chart(block, text)
            case Note():
                made = {"kind": "note", "text": text(block.text)}
            case Picture():
                made = self._picture(block, text)
            case Signature():
                made = {
                    "kind": "signature",
                    "choices": block.choices,
                    "remarks": block.remarks,
                    "lines": block.lines,
                }
            case Group(title, blocks):
                inside = [self._block(one, text) for one in blocks]
                made = {"kind": "group", "title": text(title), "blocks": inside}
        return made

    def _picture(self, block: Picture, text: Callable[[str], str]) -> dict[str, Any]:
        key = id(block)
        if key not in self._files:
            file = str(len(self._files) + 1)  # never a name from a dossier
            (self._folder / file).write_bytes(block.content)
            self._files[key] = file
            self._formats[file] = _FORMATS[block.media_type]
        file = self._files[key]
        return {
            "kind": "picture",
            "title": text(block.title),
            "alternative": text(block.alternative),
            "file": f"/{file}" if file else "",
            "format": self._formats.get(file, ""),
            "failed": WORDINGS[self._printout.language].picture_failed,
        }


def _chart(block: Chart, text: Callable[[str], str]) -> dict[str, Any]:
    return {
        "kind": "chart",
        "title": text(block.title),
        "alternative": text(block.alternative),
        "points": [{"x": one.x, "y": one.y, "value": text(one.value)} for one in block.points],
        "times": [{"at": one.at, "label": text(one.label)} for one in block.times],
        "scores": [{"at": one.at, "label": text(one.label)} for one in block.scores],
    }


def _table(block: Table, text: Callable[[str], str]) -> dict[str, Any]:
    rows = [[text(one) for one in row] for row in block.rows]
    return {
        "kind": "table",
        "caption": text(block.caption),
        "columns": [text(one) for one in block.columns],
        "rows": rows,
        "widths": _widths(block),
        "whole": all(len(cell) <= _WHOLE_CELL for row in rows for cell in row),
    }


def _widths(table: Table) -> list[float]:
    """Share out the width in cm: each column its longest word, then by the fullest cell."""
    least: list[float] = []
    fullest: list[float] = []
    for place, heading in enumerate(table.columns):
        cells = [heading, *(row[place] for row in table.rows)]
        word = max(len(one) for cell in cells for one in cell.split() or [""])
        least.append(min(word, _LONGEST_WORD) * _LETTER_CM + _CELL_CM)
        fullest.append(math.sqrt(max(map(len, cells)) or 1))
    spare = max(_TABLE_CM - sum(least), 0.0)
    return [
        round(one + spare * full / sum(fullest), 3)
        for one, full in zip(least, fullest, strict=True)
    ]


def _template() -> bytes:
    return (files(__package__) / "dossier.typ").read_bytes()
