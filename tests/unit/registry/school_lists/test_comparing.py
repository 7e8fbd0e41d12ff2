"""What a list would change of what is registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oso.directory.v1 import directory_pb2 as directory
from oso.registry.v1.party_pb2 import (
    PARTY_STATUS_ACTIVE,
    PARTY_STATUS_CLOSED,
    Board,
    Location,
    PostalAddress,
    School,
)
from oso.registry.v1.school_list_pb2 import SchoolListOutcome, SchoolListRejection
from oso_registry.school_lists.comparing import Plan, compare
from oso_registry.school_lists.reading import read_school_list
from oso_registry.school_lists.stating import statement_of

if TYPE_CHECKING:
    from collections.abc import Iterable

PO, SO, VO = directory.SECTOR_PO, directory.SECTOR_SO, directory.SECTOR_VO
VSO, MBO = directory.SECTOR_VSO, directory.SECTOR_MBO
HEADINGS = "INSTELLINGSCODE;VESTIGINGSCODE;VESTIGINGSNAAM;BEVOEGD GEZAG NUMMER;PLAATSNAAM"
BOARD = Board(
    name="boards/41234", display_name="Stichting A", status=PARTY_STATUS_ACTIVE, etag="b1"
)


def school(
    brin: str,
    *vestigingen: str,
    sector: directory.Sector.ValueType = PO,
    status: int = PARTY_STATUS_ACTIVE,
) -> School:
    """Give a registered school as an earlier import left it; a location is called by its number."""
    return School(
        name=f"schools/{brin}",
        display_name=f"School {vestigingen[0]}" if vestigingen else "School",
        board="boards/41234",
        sector=sector,
        status=status,  # type: ignore[arg-type]
        qualification=directory.QUALIFICATION_STATE_QUALIFIED,
        address=PostalAddress(town="Zwolle"),
        locations=[
            Location(
                vestiging=one,
                display_name=f"School {one}",
                address=PostalAddress(town="Zwolle"),
                status=status,  # type: ignore[arg-type]
            )
            for one in vestigingen
        ],
        etag=f"e-{brin}",
    )


def row(brin: str, vestiging: str, **given: str) -> str:
    """Write a row that says what `school` has registered, but for what is given."""
    said = {"name": f"School {vestiging}", "board": "41234", "town": "Zwolle"} | given
    return f"{brin};{vestiging};{said['name']};{said['board']};{said['town']}"


def plan(
    rows: Iterable[str],
    *registered: School,
    sector: directory.Sector.ValueType = PO,
    boards: Iterable[Board] = (BOARD,),
    close: bool = False,
) -> Plan:
    """Compare a list with these schools."""
    read = read_school_list("\n".join([HEADINGS, *rows]).encode(), sector)
    return compare(
        statement_of(read),
        {one.name: one for one in registered},
        {one.name: one for one in boards},
        close_missing=close,
    )


def told(made: Plan) -> list[tuple[str, str, dict[str, tuple[str, str]]]]:
    """Give outcome, resource and changes of each entry of the report."""
    return [
        (
            SchoolListOutcome.Name(one.outcome).removeprefix("SCHOOL_LIST_OUTCOME_"),
            one.resource,
            {change.field: (getattr(change, "from"), change.to) for change in one.changes},
        )
        for one in made.outcomes.report(applied=False).entries
    ]


def counts(of: object) -> dict[str, int]:
    """Give what is not zero."""
    return {field.name: value for field, value in of.ListFields()}  # type: ignore[attr-defined]


def rejections(made: Plan) -> list[tuple[int, str]]:
    """Give line and reason of what was rejected."""
    return [
        (
            one.line,
            SchoolListRejection.Name(one.rejection).removeprefix("SCHOOL_LIST_REJECTION_"),
        )
        for one in made.outcomes.report(applied=False).entries
        if one.rejection
    ]


def test_a_new_school_and_its_board() -> None:
    """A school that is not registered becomes so, called as its main location."""
    made = plan([row("00SS", "01"), row("00SS", "00", name="De Regenboog")], boards=[])

    assert [("NEW", "boards/41234", {}), ("NEW", "schools/00SS", {})] == told(made)
    assert ["Bevoegd gezag 41234"] == [one.resource.display_name for one in made.boards]
    new = made.schools[0]
    assert ("De Regenboog", "boards/41234", PO, "") == (
        new.resource.display_name,
        new.resource.board,
        new.resource.sector,
        new.etag,
    )
    assert directory.QUALIFICATION_STATE_REGISTERED == new.resource.qualification
    assert ["00", "01"] == [one.vestiging for one in new.resource.locations]
    assert "Zwolle" == new.resource.address.town


def test_the_same_again_is_unchanged() -> None:
    """A list that says what is registered plans nothing."""
    made = plan([row("00SS", "00"), row("00SS", "02")], school("00SS", "00", "02"))

    report = made.outcomes.report(applied=False)
    assert ([], []) == (list(made.schools), list(made.boards))
    assert ({"unchanged": 1}, {"unchanged": 2}, {"unchanged": 1}) == (
        counts(report.schools),
        counts(report.locations),
        counts(report.boards),
    )


def test_changes_are_told_field_by_field() -> None:
    """A change says the field, what is registered and what the list says; the rest stays."""
    made = plan(
        [row("00SS", "00", name="Het Kompas", board="49999"), row("00SS", "03", board="49999")],
        school("00SS", "00"),
    )

    changes = {
        "display_name": ("School 00", "Het Kompas"),
        "board": ("boards/41234", "boards/49999"),
        "locations/00.display_name": ("School 00", "Het Kompas"),
        "locations/03": ("", "School 03"),
    }
    assert [("CHANGED", "schools/00SS", changes), ("NEW", "boards/49999", {})] == told(made)
    changed = made.schools[0]
    assert ("e-00SS", directory.QUALIFICATION_STATE_QUALIFIED) == (
        changed.etag,
        changed.resource.qualification,
    )


def test_blank_fields_change_nothing() -> None:
    """What the list leaves blank stays as registered."""
    made = plan([row("00SS", "00", board=" ", town=" ")], school("00SS", "00"))

    assert [] == told(made)


def test_another_location_than_the_main_one_does_not_rename_the_school() -> None:
    """A list without the main location leaves name and address of the school."""
    made = plan([row("00SS", "01", name="Het Kompas")], school("00SS", "00", "01"))

    assert {"locations/01.display_name": ("School 01", "Het Kompas")} in [
        changes for outcome, _, changes in told(made) if outcome == "CHANGED"
    ]


def test_absent_schools_and_locations_are_left_and_told() -> None:
    """Without being asked to, nothing is closed; the report says what closing would do."""
    made = plan([row("00SS", "00")], school("00SS", "00", "01"), school("00TT", "00"))

    gone = {
        "status": ("ACTIVE", "CLOSED"),
        "locations/00.status": ("ACTIVE", "CLOSED"),
    }
    assert [
        ("MISSING", "schools/00SS", {"locations/01.status": ("ACTIVE", "CLOSED")}),
        ("MISSING", "schools/00TT", gone),
    ] == told(made)
    assert ([], 0, 3) == (list(made.schools), made.closing, made.registered)


def test_absent_schools_and_locations_are_closed_when_asked() -> None:
    """With `close_missing` schools and locations that are not in the list are closed."""
    made = plan([row("00SS", "00")], school("00SS", "00", "01"), school("00TT", "00"), close=True)

    assert ["CLOSED", "CHANGED"] == [outcome for outcome, _, _ in told(made)]
    assert {"schools/00SS": PARTY_STATUS_ACTIVE, "schools/00TT": PARTY_STATUS_CLOSED} == {
        one.resource.name: one.resource.status for one in made.schools
    }
    assert (2, 3) == (made.closing, made.registered)


def test_a_school_without_locations_is_closed_as_a_whole() -> None:
    """A school that was registered by hand, without locations, counts as one."""
    made = plan([row("00SS", "00")], school("00SS", "00"), school("00TT"), close=True)

    assert [("CLOSED", "schools/00TT", {"status": ("ACTIVE", "CLOSED")})] == told(made)
    assert (1, 2) == (made.closing, made.registered)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(school("00TT", "00", sector=VO), id="of another sector"),
        pytest.param(school("00TT", "00", status=PARTY_STATUS_CLOSED), id="closed already"),
    ],
)
def test_a_list_says_nothing_of_other_schools(other: School) -> None:
    """Schools of other sectors, and closed ones, are not missed."""
    made = plan([row("00SS", "00")], school("00SS", "00"), other, close=True)

    assert ([], 0, 1) == (told(made), made.closing, made.registered)


def test_test_schools_are_not_the_ministrys() -> None:
    """A test school is neither missed nor changed by a list."""
    ours = school("00SS", "00")
    ours.test_school = True

    assert [] == told(plan([row("00TT", "00")], school("00TT", "00"), ours, close=True))
    assert [(2, "TEST_SCHOOL")] == rejections(plan([row("00SS", "00", name="A")], ours))


def test_closed_schools_and_boards_open_again() -> None:
    """A closed school that is in the list takes part again, and so does its board."""
    closed = Board()
    closed.CopyFrom(BOARD)
    closed.status = PARTY_STATUS_CLOSED
    made = plan(
        [row("00SS", "00")], school("00SS", "00", status=PARTY_STATUS_CLOSED), boards=[closed]
    )

    assert [("REOPENED", "boards/41234"), ("REOPENED", "schools/00SS")] == [
        (outcome, resource) for outcome, resource, _ in told(made)
    ]
    assert "Stichting A" == made.boards[0].resource.display_name


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [row("00SS", "00"), row("00SS", "01"), row("00SS", "00")],
            [(2, "TWICE"), (4, "TWICE")],
        ),
        (
            [row("00SS", "00"), row("00SS", "01", board="49999")],
            [(2, "BOARDS_DIFFER"), (3, "BOARDS_DIFFER")],
        ),
        (
            [row("00SS", "00"), row("00SS", "01", name=" ")],
            [(3, "BLANK")],
        ),
    ],
)
def test_a_school_is_taken_as_a_whole_or_not_at_all(
    rows: list[str], expected: list[tuple[int, str]]
) -> None:
    """With one row rejected a school is neither changed nor missed; others are."""
    made = plan([*rows, row("00TT", "00")], school("00SS", "00", "07"), close=True)

    assert expected == rejections(made)
    assert ["schools/00TT"] == [one.resource.name for one in made.schools]
    assert 1 == made.outcomes.report(applied=False).schools.held_back


def test_a_row_that_names_no_school_makes_closing_unsure() -> None:
    """The first line that does not say which school it is about is told."""
    assert 3 == plan([row("00SS", "00"), row("SS", "00"), row("T", "00")]).unsure
    assert 0 == plan([row("00SS", "00"), row("00TT", "0")]).unsure


@pytest.mark.parametrize(
    ("registered", "listed", "vestiging", "expected"),
    [
        (PO, VO, "00", "REGISTERED_OTHERWISE"),
        (MBO, VO, "00", "REGISTERED_OTHERWISE"),
        (VO, MBO, "00", "REGISTERED_OTHERWISE"),
        (SO, VSO, "00", ""),
        (MBO, VO, "51", ""),
    ],
)
def test_sectors_that_go_together(
    registered: directory.Sector.ValueType,
    listed: directory.Sector.ValueType,
    vestiging: str,
    expected: str,
) -> None:
    """A list may not turn a school into one of another sector, but for the two special ones."""
    made = plan([row("00SS", vestiging)], school("00SS", "00", sector=registered), sector=listed)

    assert [(2, expected)] * bool(expected) == rejections(made)


def test_a_list_of_secondary_education_at_a_shared_brin() -> None:
    """It tells of the locations from 51 on, and leaves the rest of the school as it is."""
    shared = school("00SS", "00", "51", "52", sector=MBO)
    made = plan([row("00SS", "51", name="A", board="49999")], shared, sector=VO, close=True)

    assert [
        (
            "CHANGED",
            "schools/00SS",
            {
                "locations/51.display_name": ("School 51", "A"),
                "locations/52.status": ("ACTIVE", "CLOSED"),
            },
        ),
    ] == told(made)
    assert (1, 2) == (made.closing, made.registered)


def test_a_list_of_secondary_education_without_the_shared_brin() -> None:
    """Its locations from 51 on are missed, the school is not closed."""
    shared = school("00SS", "00", "51", sector=MBO)
    made = plan([row("00TT", "00")], shared, sector=VO, close=True)

    assert {"locations/51.status": ("ACTIVE", "CLOSED")} in [
        changes for _, _, changes in told(made)
    ]
    assert PARTY_STATUS_ACTIVE == next(
        one.resource.status for one in made.schools if one.resource.name == "schools/00SS"
    )


def test_a_list_of_vocational_education_takes_a_shared_brin_over() -> None:
    """A BRIN known for locations from 51 on only turns out to be shared; they stay."""
    made = plan(
        [row("00SS", "00", name="ROC")], school("00SS", "51", sector=VO), sector=MBO, close=True
    )

    changes = told(made)[0][2]
    assert (("VO", "MBO"), ("School 51", "ROC")) == (changes["sector"], changes["display_name"])
    assert [PARTY_STATUS_ACTIVE] * 2 == [one.status for one in made.schools[0].resource.locations]


def test_a_report_that_would_be_too_large_is_cut() -> None:
    """Entries past a mebibyte are counted only; the most pressing come first."""
    rows = [
        row(f"{n // 676:02}{chr(65 + n // 26 % 26)}{chr(65 + n % 26)}", "00", name="x" * 190)
        for n in range(9000)
    ]
    made = plan([*rows, row("SS", "00")])

    report = made.outcomes.report(applied=False)
    assert "REJECTED" == told(made)[0][0]
    assert report.entries_left_out > 0
    assert 9001 == len(report.entries) + report.entries_left_out
    assert report.ByteSize() < 1_100_000
