"""What an import tells: counts of everything, and entries for all that does not stay the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from oso.registry.v1 import school_list_pb2 as lists
from oso_registry.school_lists.wording import texts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from oso.registry.v1.school_list_pb2 import SchoolListChange, SchoolListOutcome
    from oso_registry.school_lists.rows import Rejection
    from oso_registry.school_lists.stating import Statement

# The report is one message and is kept to answer a repetition: at most this much of entries. The
# first import of the whole country has about half of it.
_MOST_ENTRY_BYTES = 1024 * 1024
_MOST_CHANGES = 20


class Outcomes:
    """What a comparison found, to tell of it.

    Attributes:
        schools: How many schools meet with what, by the names of SchoolListCounts' fields.
        locations: The same of locations.
        boards: The same of boards.

    """

    def __init__(self, statement: Statement) -> None:
        """Take what the list states."""
        self.schools: Counter[str] = Counter()
        self.locations: Counter[str] = Counter()
        self.boards: Counter[str] = Counter()
        self._statement = statement
        self._entries: list[lists.SchoolListEntry] = []

    @property
    def rows(self) -> int:
        """How many rows the list has."""
        return self._statement.source.count

    @property
    def rejected_rows(self) -> int:
        """How many of them cannot be used."""
        return len({one.line for one in self._statement.rejections})

    def add(
        self,
        outcome: SchoolListOutcome.ValueType,
        resource: str,
        display_name: str,
        line: int = 0,
        changes: Iterable[SchoolListChange] = (),
    ) -> None:
        """Tell of a school or board."""
        told = list(changes)
        self._entries.append(
            lists.SchoolListEntry(
                outcome=outcome,
                resource=resource,
                display_name=display_name,
                line=line,
                changes=told[:_MOST_CHANGES],
                changes_left_out=max(0, len(told) - _MOST_CHANGES),
            )
        )

    def report(self, *, applied: bool) -> lists.SchoolListReport:
        """Put everything in a report."""
        source = self._statement.source
        report = lists.SchoolListReport(
            applied=applied,
            rows=self.rows,
            rejected_rows=self.rejected_rows,
            schools=lists.SchoolListCounts(**self.schools),
            locations=lists.SchoolListCounts(**self.locations),
            boards=lists.SchoolListCounts(**self.boards),
            encoding=source.encoding,
            delimiter=source.delimiter,
            absent_headings=source.absent,
        )
        entries = self._in_order()
        room = _MOST_ENTRY_BYTES
        for entry in entries:
            room -= entry.ByteSize()
            if room < 0:
                report.entries_left_out = 1 + sum(1 for _ in entries)
                break
            report.entries.append(entry)
        return report

    def _in_order(self) -> Iterator[lists.SchoolListEntry]:
        """Give the entries, the most pressing first."""
        yield from map(_entry_of, self._statement.rejections)
        yield from sorted(self._entries, key=lambda one: (one.outcome, one.resource))


def _entry_of(rejection: Rejection) -> lists.SchoolListEntry:
    dutch, english = texts_of(rejection)
    return lists.SchoolListEntry(
        outcome=lists.SCHOOL_LIST_OUTCOME_REJECTED,
        resource=f"schools/{rejection.brin}" if rejection.brin else "",
        line=rejection.line,
        rejection=rejection.reason,
        column=rejection.column,
        value_shape=rejection.value,
        text_nl=dutch,
        text_en=english,
    )
