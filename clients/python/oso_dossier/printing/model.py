"""A printout before it has a form: sections of fields, tables, charts, pictures and notes.

Both renderers (PDF and HTML) draw this model and nothing else, so that they show the same.
All text in it is plain text; nothing in it is markup.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A label and the value beside it. A value may have more than one line."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Fields:
    """Labels with values, in order."""

    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table with one row of headings; the first cell of each row is the heading of the row.

    Attributes:
        caption: What the table shows.
        columns: Headings.
        rows: Cells, as many in each row as there are columns. A cell may have more than one line.

    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a chart, from 0 (left, below) to 1 (right, above), with its value as text."""

    x: float
    y: float
    value: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis: its place from 0 to 1, and its text."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Scores over time, as a line.

    Attributes:
        title: What is measured.
        alternative: The whole chart in words, for who cannot see it.
        points: In order of time.
        times: Marks of the axis below.
        scores: Marks of the axis on the left.

    """

    title: str
    alternative: str
    points: tuple[Point, ...]
    times: tuple[Tick, ...]
    scores: tuple[Tick, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph of our own to the reader."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture from an attachment.

    Attributes:
        title: Number and name of the attachment.
        alternative: What is known of what it shows, in words.
        media_type: `image/png` or `image/jpeg`.
        content: Its bytes: as they came, from outside.

    """

    title: str
    alternative: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Signature:
    """Where a parent ticks, writes and signs.

    Attributes:
        choices: Statements, each with a box to tick.
        remarks: Label of the room for remarks.
        lines: Labels of the lines to fill in: name, date, signature.

    """

    choices: tuple[str, ...]
    remarks: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks under a heading inside a section."""

    title: str
    blocks: tuple[Block, ...]


Block = Fields | Table | Chart | Note | Picture | Signature | Group


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter of the printout. There are none without blocks."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Printout:
    """The whole printout.

    Attributes:
        language: `nl` or `en`: of the labels; the values are as the school wrote them.
        title: Title, with the name of the pupil.
        school: Name of the school, for the head of each page.
        date: Date of the dossier in words, for the head of each page.
        day: The same as (year, month, day); (1, 1, 1) when the dossier has none.
        page: How pages are numbered: `Pagina {} van {}`.
        blocks: What comes before the first section.
        sections: The sections, in order.

    """

    language: str
    title: str
    school: str
    date: str
    day: tuple[int, int, int]
    page: str
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...]
