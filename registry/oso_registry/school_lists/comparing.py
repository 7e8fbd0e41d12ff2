"""Comparing a list with what is registered: what an import would do, as a plan.

A list speaks of the locations in its sectors, and of nothing else. A BRIN may be shared: its
locations from 51 on give secondary education, the school as such is one of vocational education. So
a list of secondary education changes, misses and closes those locations only, and leaves the
school's own name, board and address to the list of vocational education.

Blank fields say nothing: what is registered stays. Only within an address that is given a blank
means there is none, or half of the old address would be left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from oso.directory.v1.directory_pb2 import (
    QUALIFICATION_STATE_REGISTERED,
    SECTOR_MBO,
    SECTOR_VO,
)
from oso.registry.v1 import school_list_pb2 as lists
from oso.registry.v1.party_pb2 import (
    PARTY_STATUS_ACTIVE,
    PARTY_STATUS_CLOSED,
    Board,
    Location,
    School,
)
from oso_registry.school_lists.changes import changes_between, sector_name
from oso_registry.school_lists.reporting import Outcomes
from oso_registry.school_lists.rows import Rejection
from oso_registry.school_lists.sectors import FIRST_SHARED_VESTIGING, go_together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from oso.directory.v1.directory_pb2 import Sector
    from oso.registry.v1.party_pb2 import PostalAddress
    from oso_registry.school_lists.rows import Address, Row
    from oso_registry.school_lists.stating import StatedSchool, Statement

M = TypeVar("M", School, Board)
# Stands for a school that was registered by hand without locations.
_WHOLE = Location(vestiging="00")


@dataclass(frozen=True, slots=True)
class Planned(Generic[M]):
    """A resource to register.

    Attributes:
        resource: As it is to be.
        etag: Of what it is compared with; empty when it was not registered.

    """

    resource: M
    etag: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do.

    Attributes:
        boards: Boards to register; they come before the schools.
        schools: Schools to register.
        outcomes: What to tell of it.
        closing: How many active locations it would close.
        registered: How many active locations are registered in the sectors of the list.
        unsure: First line that does not say which school it is about; 0 if all do.

    """

    boards: Sequence[Planned[Board]]
    schools: Sequence[Planned[School]]
    outcomes: Outcomes
    closing: int
    registered: int
    unsure: int


def compare(
    statement: Statement,
    schools: Mapping[str, School],
    boards: Mapping[str, Board],
    *,
    close_missing: bool,
) -> Plan:
    """Compare what a list states with what is registered.

    Args:
        statement: What the list states.
        schools: The registered schools by name.
        boards: The registered boards by name.
        close_missing: Close what is not in the list.

    """
    statement = statement.without(_refused(statement, schools))
    comparison = _Comparison(statement, schools, close=close_missing)
    for stated in statement.schools.values():
        comparison.of_stated(stated)
    for school in schools.values():
        comparison.of_absent(school)
    for brin, line in statement.held_back.items():
        comparison.of_held_back(brin, line)
    return Plan(
        boards=comparison.boards(boards),
        schools=comparison.planned,
        outcomes=comparison.outcomes,
        closing=comparison.closing,
        registered=comparison.registered,
        unsure=next((one.line for one in statement.rejections if not one.brin), 0),
    )


def _refused(statement: Statement, schools: Mapping[str, School]) -> Iterator[Rejection]:
    """Find the rows of schools that are registered as something the list cannot mean."""
    for stated in statement.schools.values():
        school = schools.get(f"schools/{stated.brin}")
        if school is None:
            continue
        if school.test_school:
            reason, details = lists.SCHOOL_LIST_REJECTION_TEST_SCHOOL, {}
        elif not _can_be(school, stated):
            reason = lists.SCHOOL_LIST_REJECTION_REGISTERED_OTHERWISE
            details = {
                "registered": sector_name(school.sector),
                "stated": sector_name(stated.sector),
            }
        else:
            continue
        for row in stated.locations:
            yield Rejection(row.line, reason, brin=stated.brin, details=details)


def _can_be(school: School, stated: StatedSchool) -> bool:
    """Tell whether a list may say this of a registered school."""
    if go_together(school.sector, stated.sector):
        return True
    if (school.sector, stated.sector) == (SECTOR_MBO, SECTOR_VO):
        return stated.all_shared
    if (school.sector, stated.sector) == (SECTOR_VO, SECTOR_MBO):
        return all(one.vestiging >= FIRST_SHARED_VESTIGING for one in _active(school))
    return False


class _Comparison:
    """One comparison on its way."""

    def __init__(self, statement: Statement, schools: Mapping[str, School], *, close: bool) -> None:
        self.outcomes = Outcomes(statement)
        self.planned: list[Planned[School]] = []
        self.closing = 0
        self._statement = statement
        self._schools = schools
        self._close = close
        self._boards: dict[str, int] = {}
        self.registered = sum(len(self._covered(school)) for school in schools.values())

    def of_stated(self, stated: StatedSchool) -> None:
        """Compare a school of the list with what is registered of it."""
        before = self._schools.get(f"schools/{stated.brin}")
        after = School(name=f"schools/{stated.brin}", qualification=QUALIFICATION_STATE_REGISTERED)
        if before is not None:
            after.CopyFrom(before)
        # Of a shared BRIN the list of secondary education tells its own locations only.
        if stated.sector != SECTOR_VO or not after.sector:
            after.sector = stated.sector
        after.status = PARTY_STATUS_ACTIVE
        if stated.board and after.sector == stated.sector:
            after.board = f"boards/{stated.board}"
            self._boards.setdefault(stated.board, stated.line)
        said = {row.vestiging for row in stated.locations}
        covered = self._covered(after)
        absent = [one for one in covered if one.vestiging not in said and one is not _WHOLE]
        self._state_locations(after, stated.locations)
        if self._close:
            self._close_locations(absent)
        after.locations.sort(key=lambda one: one.vestiging)
        if after.sector == stated.sector:
            _take_main_location(after, stated)
        self._settle(before, after, stated.line)
        if absent and not self._close:
            self._leave(after, absent)

    def of_absent(self, school: School) -> None:
        """See what becomes of a registered school that is not in the list."""
        brin = school.name.removeprefix("schools/")
        absent = self._covered(school)
        if not absent or brin in self._statement.schools or brin in self._statement.held_back:
            return
        after = _closed(school, absent)
        if not self._close:
            if after.status == PARTY_STATUS_CLOSED:
                self.outcomes.schools["missing"] += 1
            self._leave(school, absent)
            return
        self.closing += len(absent)
        self.outcomes.locations["closed"] += len(absent)
        self._settle(school, after, 0)

    def of_held_back(self, brin: str, line: int) -> None:
        """Tell of a school that stays as it is, for a row of it was rejected."""
        school = self._schools.get(f"schools/{brin}")
        name = "" if school is None else school.display_name
        self.outcomes.schools["held_back"] += 1
        self.outcomes.add(lists.SCHOOL_LIST_OUTCOME_HELD_BACK, f"schools/{brin}", name, line)

    def boards(self, registered: Mapping[str, Board]) -> list[Planned[Board]]:
        """Plan the boards the schools of the list are to belong to."""
        planned: list[Planned[Board]] = []
        for number, line in sorted(self._boards.items()):
            board = Board(name=f"boards/{number}")
            before = registered.get(board.name)
            if before is not None and before.status == PARTY_STATUS_ACTIVE:
                self.outcomes.boards["unchanged"] += 1
                continue
            if before is None:
                # The list has no names of boards; the registrar can fill it in.
                board.display_name = f"Bevoegd gezag {number}"
                outcome, count = lists.SCHOOL_LIST_OUTCOME_NEW, "new"
            else:
                board.CopyFrom(before)
                outcome, count = lists.SCHOOL_LIST_OUTCOME_REOPENED, "reopened"
            board.status = PARTY_STATUS_ACTIVE
            self.outcomes.boards[count] += 1
            self.outcomes.add(outcome, board.name, board.display_name, line)
            planned.append(Planned(board, "" if before is None else before.etag))
        return planned

    def _settle(self, before: School | None, after: School, line: int) -> None:
        """Plan what is new or changed, and tell of it."""
        if before is None:
            outcome, count = lists.SCHOOL_LIST_OUTCOME_NEW, "new"
        elif after == before:
            self.outcomes.schools["unchanged"] += 1
            return
        elif after.status == before.status:
            outcome, count = lists.SCHOOL_LIST_OUTCOME_CHANGED, "changed"
        elif after.status == PARTY_STATUS_ACTIVE:
            outcome, count = lists.SCHOOL_LIST_OUTCOME_REOPENED, "reopened"
        else:
            outcome, count = lists.SCHOOL_LIST_OUTCOME_CLOSED, "closed"
        changes = [] if before is None else list(changes_between(before, after))
        self.outcomes.schools[count] += 1
        self.outcomes.add(outcome, after.name, after.display_name, line, changes)
        self.planned.append(Planned(after, "" if before is None else before.etag))

    def _leave(self, school: School, absent: Sequence[Location]) -> None:
        """Tell what closing would do."""
        self.outcomes.locations["missing"] += len(absent)
        self.outcomes.add(
            lists.SCHOOL_LIST_OUTCOME_MISSING,
            school.name,
            school.display_name,
            changes=changes_between(school, _closed(school, absent)),
        )

    def _close_locations(self, absent: Sequence[Location]) -> None:
        for one in absent:
            one.status = PARTY_STATUS_CLOSED
        self.closing += len(absent)
        self.outcomes.locations["closed"] += len(absent)

    def _covered(self, school: School) -> list[Location]:
        """Give the active locations of an active school that the list speaks of."""
        if school.test_school or school.status != PARTY_STATUS_ACTIVE:
            return []
        active = _active(school) or [_WHOLE]
        return [one for one in active if _sector_of(school, one) in self._statement.sectors]

    def _state_locations(self, school: School, rows: Sequence[Row]) -> None:
        known = {one.vestiging: one for one in school.locations}
        for row in rows:
            location = known.get(row.vestiging)
            self.outcomes.locations[_state_location(school, location, row)] += 1


def _state_location(school: School, location: Location | None, row: Row) -> str:
    """Write what a row says into the school; tell what that makes of the location."""
    made = Location(vestiging=row.vestiging)
    if location is not None:
        made.CopyFrom(location)
    made.display_name = row.name
    made.status = PARTY_STATUS_ACTIVE
    _state_address(made.address if row.address else None, row.address)
    if location is None:
        school.locations.append(made)
        return "new"
    if made == location:
        return "unchanged"
    outcome = "changed" if location.status == PARTY_STATUS_ACTIVE else "reopened"
    location.CopyFrom(made)
    return outcome


def _state_address(address: PostalAddress | None, stated: Address) -> None:
    if address is None:
        return
    for name in ("street", "house_number", "postcode", "town"):
        value = getattr(stated, name)
        if value is not None:
            setattr(address, name, value)


def _take_main_location(school: School, stated: StatedSchool) -> None:
    """A school is called as its main location, the lowest that is active, and lives there."""
    main = min(_active(school), key=lambda one: one.vestiging)
    if main.vestiging == stated.locations[0].vestiging:
        school.display_name = main.display_name
        if main.HasField("address"):
            school.address.CopyFrom(main.address)


def _closed(school: School, absent: Sequence[Location]) -> School:
    """Give a school with locations closed; itself too, if none is left."""
    closed = School()
    closed.CopyFrom(school)
    gone = {one.vestiging for one in absent}
    for one in closed.locations:
        if one.vestiging in gone:
            one.status = PARTY_STATUS_CLOSED
    if not _active(closed):
        closed.status = PARTY_STATUS_CLOSED
    return closed


def _active(school: School) -> list[Location]:
    return [one for one in school.locations if one.status == PARTY_STATUS_ACTIVE]


def _sector_of(school: School, location: Location) -> Sector.ValueType:
    """Give the kind of education at a location; of a shared BRIN it is not the school's."""
    if school.sector == SECTOR_MBO and location.vestiging >= FIRST_SHARED_VESTIGING:
        return SECTOR_VO
    return school.sector
