"""A report on a school list, as lines for people."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from oso.registry.v1 import school_list_pb2 as lists

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso.registry.v1.school_list_pb2 import (
        SchoolListChange,
        SchoolListEntry,
        SchoolListReport,
    )

_OUTCOMES = {
    lists.SCHOOL_LIST_OUTCOME_REJECTED: ("Onbruikbare regels", "Rows that cannot be used"),
    lists.SCHOOL_LIST_OUTCOME_HELD_BACK: (
        "Blijven zoals ze zijn, want een regel ervan is onbruikbaar",
        "Stay as they are, for a row of theirs cannot be used",
    ),
    lists.SCHOOL_LIST_OUTCOME_CLOSED: (
        "Sluiten, want ze staan niet in de lijst",
        "Closed, for they are not in the list",
    ),
    lists.SCHOOL_LIST_OUTCOME_MISSING: (
        "Staan niet in de lijst en blijven zoals ze zijn (--close-missing sluit ze)",
        "Not in the list, left as they are (--close-missing closes them)",
    ),
    lists.SCHOOL_LIST_OUTCOME_REOPENED: ("Doen weer mee", "Take part again"),
    lists.SCHOOL_LIST_OUTCOME_CHANGED: ("Gewijzigd", "Changed"),
    lists.SCHOOL_LIST_OUTCOME_NEW: ("Nieuw", "New"),
}
_COUNTS = {
    "new": ("nieuw", "new"),
    "changed": ("gewijzigd", "changed"),
    "reopened": ("heropend", "reopened"),
    "closed": ("gesloten", "closed"),
    "missing": ("ontbreken", "missing"),
    "unchanged": ("gelijk", "unchanged"),
    "held_back": ("aangehouden", "held back"),
}
_KINDS = {
    "schools": ("scholen", "schools"),
    "locations": ("vestigingen", "locations"),
    "boards": ("besturen", "boards"),
}
# Words of the contract that come in changes, for readers of Dutch; English has its own.
_WORDS = {
    "display_name": "naam",
    "board": "bestuur",
    "address": "adres",
    "street": "straat",
    "house_number": "huisnummer",
    "town": "plaats",
    "locations": "vestiging",
    "ACTIVE": "actief",
    "CLOSED": "gesloten",
}
_WORD = re.compile(r"[A-Za-z_]+")
_MOST_SHOWN = 20
_MOST_TEXT = 200


def told(report: SchoolListReport, language: str, *, everything: bool = False) -> Iterator[str]:
    """Tell a report in `nl` or `en`, line by line; of each outcome 20 entries, or everything."""
    which = 0 if language == "nl" else 1
    yield _first_line(report, which)
    yield from _table(report, which)
    for outcome, group in groupby(report.entries, key=lambda entry: entry.outcome):
        entries = list(group)
        yield ""
        yield f"{_OUTCOMES[outcome][which]}:"
        shown = entries if everything else entries[:_MOST_SHOWN]
        for entry in shown:
            yield from _entry(entry, which)
        if len(shown) < len(entries):
            yield (
                f"  ... en nog {len(entries) - len(shown)} (--all toont alles)",
                f"  ... and {len(entries) - len(shown)} more (--all shows everything)",
            )[which]
    if report.entries_left_out:
        yield ""
        yield (
            f"{report.entries_left_out} meldingen pasten niet in dit verslag.",
            f"{report.entries_left_out} entries did not fit in this report.",
        )[which]


def _first_line(report: SchoolListReport, which: int) -> str:
    how = f"{report.encoding}, '{_shown(report.delimiter)}'"
    line = (
        f"Regels gelezen: {report.rows} ({how}); onbruikbaar: {report.rejected_rows}",
        f"Rows read: {report.rows} ({how}); cannot be used: {report.rejected_rows}",
    )[which]
    if report.absent_headings:
        without = ", ".join(report.absent_headings)
        line += ("; zonder de kolommen ", "; without the columns ")[which] + _shown(without)
    return line + "."


def _table(report: SchoolListReport, which: int) -> Iterator[str]:
    """Give the counts, without columns that have nothing."""
    counts = {kind: getattr(report, kind) for kind in _KINDS}
    columns = [name for name in _COUNTS if any(getattr(count, name) for count in counts.values())]
    if not columns:
        return
    yield " " * 12 + "".join(f"{_COUNTS[name][which]:>12}" for name in columns)
    for kind, count in counts.items():
        values = "".join(f"{getattr(count, name):>12}" for name in columns)
        yield f"{_KINDS[kind][which]:<12}{values}"


def _entry(entry: SchoolListEntry, which: int) -> Iterator[str]:
    line = (f"regel {entry.line}", f"line {entry.line}")[which] if entry.line else ""
    if entry.outcome == lists.SCHOOL_LIST_OUTCOME_REJECTED:
        text = (entry.text_nl, entry.text_en)[which]
        yield f"  {line}: {_shown(text)}"
        return
    name = _shown(f"{entry.resource.partition('/')[2]}  {entry.display_name}")
    yield f"  {name}" + (f"  ({line})" if line else "")
    for change in entry.changes:
        yield f"      {_change(change, which)}"
    if entry.changes_left_out:
        yield (
            f"      ... en nog {entry.changes_left_out} wijzigingen",
            f"      ... and {entry.changes_left_out} changes more",
        )[which]


def _change(change: SchoolListChange, which: int) -> str:
    before, after = getattr(change, "from"), change.to
    field = change.field
    if field.endswith("status"):
        before, after = _in_words(before, which), _in_words(after, which)
    field = _in_words(field.replace("locations/", "locations ").replace(".", " "), which)
    none = ("(leeg)", "(none)")[which]
    return _shown(f"{field}: {before or none} -> {after or none}")


def _in_words(text: str, which: int) -> str:
    if which:
        return text.lower().replace("_", " ")
    return _WORD.sub(lambda word: _WORDS.get(word[0], word[0]), text)


def _shown(text: str) -> str:
    """Make text from elsewhere fit for a terminal."""
    return "".join(one if one.isprintable() else "?" for one in text[:_MOST_TEXT])
