"""Telling people of the test-code table: its releases, codes and differences, line by line."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from oso_registry.mandates.model import shown
from oso_registry.parties.asking import plain, word
from oso_registry.standard.entries import entry_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from oso.registry.v1.test_code_pb2 import (
        TestCode,
        TestCodeDifference,
        TestCodeFault,
        TestCodeRelease,
    )
    from oso_registry.desk import Desk

_MISSING = "-"


def release_line(desk: Desk, release: TestCodeRelease) -> str:
    """Give a release in a line."""
    parts = [
        release.name.rpartition("/")[2],
        word(desk, release, "state"),
        f"{release.code_count} codes",
        shown(release.publish_time),
        plain(release.note),
    ]
    return "  ".join(filter(None, parts))


def code_line(code: TestCode) -> str:
    """Give a code in a line: what a file has of it, in that order."""
    return "  ".join(plain(field) or _MISSING for field in entry_of(code).fields())


def difference_lines(desk: Desk, differences: Sequence[TestCodeDifference]) -> list[str]:
    """Give what differs: a line for each code, its fields below it, and a sum."""
    lines = []
    for one in differences:
        lines.append(f"{plain(one.code)}  {word(desk, one, 'kind')}")
        lines += [f"    {_changed(change)}" for change in one.changes]
    return [*lines, sum_of(desk, differences)]


def sum_of(desk: Desk, differences: Iterable[TestCodeDifference]) -> str:
    """Say how many codes differ, by kind."""
    counts = Counter(word(desk, one, "kind") for one in differences)
    told = ", ".join(f"{number} {kind}" for kind, number in counts.items())
    return told or desk.text("Geen verschillen.", "No differences.")


def fault_line(desk: Desk, fault: TestCodeFault) -> str:
    """Give a fault of a file with its place."""
    text = desk.text(fault.text_nl, fault.text_en)
    place = [desk.text(f"regel {fault.line}", f"line {fault.line}")] if fault.line else []
    if fault.column:
        place.append(desk.text(f"kolom {fault.column}", f"column {fault.column}"))
    return f"{', '.join(place)}: {text}" if place else text


def _changed(change: Any) -> str:
    was, is_ = (plain(getattr(change, side)) or _MISSING for side in ("from", "to"))
    return f"{change.heading}: {was} -> {is_}"
