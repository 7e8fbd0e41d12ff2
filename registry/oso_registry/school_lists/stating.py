"""What a list states of each school: its rows by institution code, if they agree.

A school is taken from the list as a whole or not at all: with one row of it rejected nobody knows
which of its locations is the first, or whether one is gone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import SECTOR_MBO, SECTOR_VO
from oso.registry.v1.school_list_pb2 import (
    SCHOOL_LIST_REJECTION_BOARDS_DIFFER,
    SCHOOL_LIST_REJECTION_SECTORS_DIFFER,
    SCHOOL_LIST_REJECTION_TWICE,
)
from oso_registry.school_lists.rows import Rejection
from oso_registry.school_lists.sectors import FIRST_SHARED_VESTIGING, SPECIAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from oso.directory.v1.directory_pb2 import Sector
    from oso_registry.school_lists.rows import Row, SchoolList


@dataclass(frozen=True, slots=True)
class StatedSchool:
    """A school as the list has it.

    Attributes:
        brin: Institution code.
        sector: Kind of education; of a BRIN shared with vocational education MBO, when the list
            has that part too.
        board: Number of its board; empty when the list does not say.
        locations: Its rows, by number of the location; never empty.

    """

    brin: str
    sector: Sector.ValueType
    board: str
    locations: Sequence[Row]

    @property
    def line(self) -> int:
        """Its first line in the list."""
        return min(row.line for row in self.locations)

    @property
    def all_shared(self) -> bool:
        """Whether all its locations have numbers of those that share a BRIN with an MBO."""
        return self.locations[0].vestiging >= FIRST_SHARED_VESTIGING


@dataclass(frozen=True, slots=True)
class Statement:
    """What a list states.

    Attributes:
        schools: The schools whose rows can all be used, by institution code.
        rejections: Why rows cannot be used, by line.
        held_back: Schools with a rejected row: institution code -> its first line.
        sectors: Kinds of education the list speaks of.
        source: The list.

    """

    schools: Mapping[str, StatedSchool]
    rejections: Sequence[Rejection]
    held_back: Mapping[str, int]
    sectors: frozenset[Sector.ValueType]
    source: SchoolList = field(repr=False)

    def without(self, rejections: Iterable[Rejection]) -> Statement:
        """Give the statement without schools that turned out to be rejected."""
        more = tuple(rejections)
        if not more:
            return self
        gone = {one.brin for one in more}
        return replace(
            self,
            schools={brin: one for brin, one in self.schools.items() if brin not in gone},
            rejections=sorted((*self.rejections, *more), key=lambda one: one.line),
            held_back={**self.held_back, **{brin: self.schools[brin].line for brin in gone}},
        )


def statement_of(read: SchoolList) -> Statement:
    """Gather the rows by school and reject what contradicts itself."""
    by_brin: dict[str, list[Row]] = defaultdict(list)
    for row in read.rows:
        by_brin[row.brin].append(row)
    rejections = list(read.rejections)
    for rows in by_brin.values():
        rejections += _contradictions(rows)
    rejections.sort(key=lambda one: one.line)
    rejected: dict[str, int] = {}
    for one in rejections:
        if one.brin:
            first = min([one.line, *(row.line for row in by_brin.get(one.brin, ()))])
            rejected.setdefault(one.brin, first)
    return Statement(
        schools={
            brin: _stated(rows) for brin, rows in sorted(by_brin.items()) if brin not in rejected
        },
        rejections=rejections,
        held_back=rejected,
        sectors=frozenset(row.sector for row in read.rows),
        source=read,
    )


def _stated(rows: list[Row]) -> StatedSchool:
    rows.sort(key=lambda row: row.vestiging)
    # Vocational education has the lower numbers: of a BRIN that is shared it comes first. Of
    # special education the main location tells.
    return StatedSchool(rows[0].brin, rows[0].sector, _boards(rows)[0], rows)


def _boards(rows: Iterable[Row]) -> list[str]:
    """Give the boards the rows name, each once, in the order of the rows; `` if none does."""
    return list(dict.fromkeys(row.board for row in rows if row.board)) or [""]


def _contradictions(rows: Sequence[Row]) -> Iterator[Rejection]:
    """Find what cannot be true of the rows of one institution code together.

    Of two rows that contradict each other nobody can tell which is right: both are rejected.
    """
    by_vestiging: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_vestiging[row.vestiging].append(row)
    for same in by_vestiging.values():
        for row in same:
            if len(same) > 1:
                other = next(one.line for one in same if one is not row)
                yield Rejection(
                    row.line, SCHOOL_LIST_REJECTION_TWICE, "", "", row.brin, {"other": str(other)}
                )
    reason = None
    if len(_boards(rows)) > 1:
        reason = SCHOOL_LIST_REJECTION_BOARDS_DIFFER
    elif not _sectors_agree(rows):
        reason = SCHOOL_LIST_REJECTION_SECTORS_DIFFER
    if reason is not None:
        for row in rows:
            yield Rejection(row.line, reason, brin=row.brin)


def _sectors_agree(rows: Sequence[Row]) -> bool:
    sectors = {row.sector for row in rows}
    if sectors == {SECTOR_MBO, SECTOR_VO}:
        return all(
            (row.sector == SECTOR_VO) == (row.vestiging >= FIRST_SHARED_VESTIGING) for row in rows
        )
    return len(sectors) == 1 or sectors <= SPECIAL
