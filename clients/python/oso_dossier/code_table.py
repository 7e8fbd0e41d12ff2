"""The test-code table (toetscodetabel) as a file: CSV with semicolons and Dutch headings, UTF-8.

    Toetscode;Naam;Vakgebied;Uitgever;Versie;Onderdeel;Normschalen;Geldig vanaf;Geldig tot
    DREM8;Entreetoets;Taal en rekenen;Uitgeverij Voorbeeld;2008;nee;DLE|Percentiel;2008-08-01;

OfficeHeart gives out its releases in this form, and takes it in. Reading is strict, all or nothing;
writing gives the same bytes for the same codes, so that a digest tells whether a table is whole.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from oso_dossier.labels import code_lists

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

HEADINGS = (
    "Toetscode",
    "Naam",
    "Vakgebied",
    "Uitgever",
    "Versie",
    "Onderdeel",
    "Normschalen",
    "Geldig vanaf",
    "Geldig tot",
)
MOST_CODES = 10_000
"""More codes than any table has."""
_SCALES = 11  # the code list of scales in the standard: Referentiescore
_BETWEEN_SCALES = "|"
_YES_NO = {"ja": True, "nee": False}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# What a spreadsheet takes for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@")
_LONGEST = {"Naam": 200, "Vakgebied": 100, "Uitgever": 100, "Versie": 40}
_MAY_BE_EMPTY = frozenset({"Versie", "Normschalen", "Geldig tot"})
_TEXTS = {
    "encoding": ("Dit is geen tekst in UTF-8.", "This is no text in UTF-8."),
    "headings": (
        f"De eerste regel moet zijn: {';'.join(HEADINGS)}",
        f"The first line must be: {';'.join(HEADINGS)}",
    ),
    "nothing": ("Er staan geen codes in.", "There are no codes in it."),
    "too_many": (
        f"Er staan meer dan {MOST_CODES} regels met codes in.",
        f"There are more than {MOST_CODES} lines of codes in it.",
    ),
    "csv": ("Deze regel is geen goede CSV.", "This line is no good CSV."),
    "count": (
        f"Deze regel heeft geen {len(HEADINGS)} velden.",
        f"This line does not have {len(HEADINGS)} fields.",
    ),
    "empty": ("Hier moet iets staan.", "Something must stand here."),
    "space": (
        "Spaties aan het begin of eind, of onzichtbare tekens, mogen niet.",
        "Spaces at the begin or end, or invisible characters, are not allowed.",
    ),
    "formula": (
        "Een waarde mag niet met =, +, - of @ beginnen.",
        "A value may not begin with =, +, - or @.",
    ),
    "long": ("Deze waarde is te lang.", "This value is too long."),
    "code": (
        "Een toetscode heeft hoogstens 40 letters, cijfers, punten, liggende of lage streepjes.",
        "A test code has at most 40 letters, digits, dots, hyphens or underscores.",
    ),
    "twice": (
        "Deze toetscode staat er al, op een eerdere regel.",
        "This test code is there already, on an earlier line.",
    ),
    "part": ("Hier moet ja of nee staan.", "This must be ja (yes) or nee (no)."),
    "scale": (
        "Dit zijn geen normschalen van codelijst 11, gescheiden door |, elk één keer.",
        "These are no scales of code list 11, separated by |, each once.",
    ),
    "day": (
        "Dit is geen datum zoals 2019-08-01.",
        "This is no date such as 2019-08-01.",
    ),
    "order": (
        "Geldig tot moet na Geldig vanaf liggen.",
        "Geldig tot (until) must be after Geldig vanaf (from).",
    ),
}


@dataclass(frozen=True, slots=True)
class CodeEntry:
    """One test with national norms, or a part of such a test.

    Attributes:
        code: What stands in a dossier. Capitals matter.
        name: Its name.
        subject: Subject (vakgebied).
        publisher: Who publishes it.
        version: Version; empty when there is only one.
        part: Whether it is a part of another test.
        scales: Scales its norms are given in, in the order of code list 11.
        start: From which day it may be used.
        end: Until (not including) which day; None while no end is known.

    """

    code: str
    name: str
    subject: str
    publisher: str
    version: str
    part: bool
    scales: tuple[str, ...]
    start: date
    end: date | None

    def fields(self) -> tuple[str, ...]:
        """Give its fields as they stand in a file, in the order of HEADINGS."""
        return (
            self.code,
            self.name,
            self.subject,
            self.publisher,
            self.version,
            "ja" if self.part else "nee",
            _BETWEEN_SCALES.join(self.scales),
            self.start.isoformat(),
            "" if self.end is None else self.end.isoformat(),
        )


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a file.

    Attributes:
        line: Line of the file, that of the headings being 1; 0 when it is about the file.
        column: Heading of the column; empty when it is about the whole line.
        reason: What is wrong: a key of the texts of this module.

    """

    line: int
    column: str
    reason: str

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return _TEXTS[self.reason][0 if language == "nl" else 1]

    def located(self, language: str = "nl") -> str:
        """Give the sentence with the place before it."""
        words = ("regel", "kolom") if language == "nl" else ("line", "column")
        place = f"{words[0]} {self.line}" if self.line else ""
        if self.column:
            place += f", {words[1]} {self.column}"
        return f"{place}: {self.text(language)}" if place else self.text(language)


class CodeTableError(Exception):
    """A file is no test-code table.

    Attributes:
        faults: Everything that is wrong with it, by line.

    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        """Record what is wrong."""
        self.faults = tuple(faults)
        super().__init__(self.faults)

    def text(self, language: str = "nl") -> str:
        """Give the first fault, and how many more there are, in `nl` or `en`."""
        more = len(self.faults) - 1
        words = f" (en nog {more})" if language == "nl" else f" (and {more} more)"
        return self.faults[0].located(language) + (words if more else "")

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


@cache
def scales() -> tuple[str, ...]:
    """Give all scales norms can be given in: code list 11 of the standard."""
    return tuple(one.code for one in code_lists()[_SCALES].codes)


def in_order_of_list(names: Iterable[str]) -> tuple[str, ...]:
    """Give scales in the order of code list 11.

    Raises:
        ValueError: One is no scale.

    """
    return tuple(sorted(names, key=scales().index))


def faults_in(entry: CodeEntry) -> list[Fault]:
    """Find what keeps an entry from standing in a table; nothing is good."""
    return _faults_of(0, list(entry.fields()))


def write_table(entries: Iterable[CodeEntry]) -> bytes:
    """Write a table, by code; the same codes give the same bytes."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")  # RFC 4180
    writer.writerow(HEADINGS)
    writer.writerows(one.fields() for one in sorted(entries, key=lambda one: one.code))
    return out.getvalue().encode("utf-8")


def read_table(content: bytes) -> list[CodeEntry]:
    """Read a table; give its codes in the order of the file.

    Raises:
        CodeTableError: Something is wrong with it; with everything that is.

    """
    try:
        text = content.decode("utf-8-sig")  # spreadsheets put a mark before it
    except UnicodeDecodeError:
        raise CodeTableError([Fault(0, "", "encoding")]) from None
    rows = _rows(text)
    first = next(rows, (1, None))
    if first[1] is None or tuple(first[1]) != HEADINGS:
        raise CodeTableError([Fault(1, "", "headings")])
    entries: list[CodeEntry] = []
    faults: list[Fault] = []
    known: set[str] = set()
    for number, (line, row) in enumerate(rows, 1):
        if number > MOST_CODES:
            raise CodeTableError([Fault(0, "", "too_many")])
        wrong = _faults_of(line, row)
        if row is not None and not wrong:
            if row[0] in known:
                wrong = [Fault(line, HEADINGS[0], "twice")]
            known.add(row[0])
        if wrong or row is None:
            faults += wrong
        else:
            entries.append(_entry(row))
    if not entries and not faults:
        faults = [Fault(0, "", "nothing")]
    if faults:
        raise CodeTableError(faults)
    return entries


def known_codes(content: bytes) -> frozenset[str]:
    """Give the codes of a table: CSV as above, or a text with a code on each line.

    Raises:
        CodeTableError: It is neither: no UTF-8, or CSV with faults.

    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CodeTableError([Fault(0, "", "encoding")]) from None
    if text.lstrip().startswith((f"{HEADINGS[0]};", f'"{HEADINGS[0]}"')):
        return frozenset(one.code for one in read_table(content))
    return frozenset(filter(None, map(str.strip, text.splitlines())))


def _rows(text: str) -> Iterator[tuple[int, list[str] | None]]:
    """Give each row with its first line; None for one that is no CSV, and then no more."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    before = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield before + 1, None
            return
        yield before + 1, row
        before = reader.line_num


def _faults_of(line: int, row: list[str] | None) -> list[Fault]:
    if row is None:
        return [Fault(line, "", "csv")]
    if len(row) != len(HEADINGS):
        return [Fault(line, "", "count")]
    faults = [
        Fault(line, heading, reason)
        for heading, value in zip(HEADINGS, row, strict=True)
        if (reason := _wrong_with(heading, value))
    ]
    start, end = row[7], row[8]
    if not faults and end and end <= start:
        faults.append(Fault(line, HEADINGS[8], "order"))
    return faults


def _wrong_with(heading: str, value: str) -> str:
    """Say what is wrong with a value; empty when nothing is."""
    if not value:
        return "" if heading in _MAY_BE_EMPTY else "empty"
    if value != value.strip() or not value.isprintable():
        return "space"
    return _CHECKS.get(heading, _text_fault)(heading, value)


def _text_fault(heading: str, value: str) -> str:
    if value.startswith(_FORMULA):
        return "formula"
    return "long" if len(value) > _LONGEST[heading] else ""


def _day_fault(_: str, value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        return "day"
    return "" if _DAY.fullmatch(value) else "day"


def _scale_fault(_: str, value: str) -> str:
    names = value.split(_BETWEEN_SCALES)
    return "" if len(names) == len(set(names)) and set(names) <= set(scales()) else "scale"


_CHECKS: dict[str, Callable[[str, str], str]] = {
    "Toetscode": lambda _, value: "" if _CODE.fullmatch(value) else "code",
    "Onderdeel": lambda _, value: "" if value in _YES_NO else "part",
    "Normschalen": _scale_fault,
    "Geldig vanaf": _day_fault,
    "Geldig tot": _day_fault,
}


def _entry(row: list[str]) -> CodeEntry:
    code, name, subject, publisher, version, part, listed, start, end = row
    return CodeEntry(
        code=code,
        name=name,
        subject=subject,
        publisher=publisher,
        version=version,
        part=_YES_NO[part],
        scales=in_order_of_list(listed.split(_BETWEEN_SCALES) if listed else ()),
        start=date.fromisoformat(start),
        end=date.fromisoformat(end) if end else None,
    )
