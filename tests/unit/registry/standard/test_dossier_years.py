"""Adding, changing and removing years of the standard: what must hold, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from oso.registry.v1.dossier_year_pb2 import DossierYear
from oso.registry.v1.dossier_year_service_pb2 import ListDossierYearsRequest
from oso_registry.standard.dossier_years import (
    Accepted,
    accepted_at,
    add_dossier_year,
    change_dossier_year,
    get_dossier_year,
    list_dossier_years,
    remove_dossier_year,
)
from oso_registry.standard.initial import initial_standard
from oso_registry.standard.resources import DOSSIER_YEARS
from oso_registry.standard.years import accepted_years

from . import house as of

if TYPE_CHECKING:
    from .house import House

_FIRST, _NEXT = "dossierYears/2019.1", "dossierYears/2020.1"


def _change(house: House, name: str, given: DossierYear, *paths: str) -> str:
    made = DossierYear()
    made.CopyFrom(given)
    made.name = name
    return of.outcome(change_dossier_year, house.call(), made, FieldMask(paths=paths))


def test_on_the_first_day_the_year_in_use_is_accepted(house: House) -> None:
    """2019.1 and nothing else, with no end; and loading it again changes nothing."""
    before = get_dossier_year(house.call(), _FIRST)
    initial_standard(house.call(days=1))

    assert Accepted(("2019.1",), None) == accepted_at(house.call(), of.NOW)
    assert Accepted((), datetime(2019, 8, 1, tzinfo=UTC)) == accepted_at(
        house.batch, datetime(2019, 7, 31, tzinfo=UTC)
    )
    assert before == get_dossier_year(house.call(), _FIRST)


def test_a_year_to_come_is_registered(house: House) -> None:
    """The directory is told of it now: what is accepted, and when that will change."""
    made = add_dossier_year(house.call(), of.year(30, 60), "2020.1")

    assert (_NEXT, of.at(30), of.at(60), of.at(0)) == (
        made.name, made.start_time, made.end_time, made.create_time
    )  # fmt: skip
    assert bool(made.etag)
    assert [
        Accepted(("2019.1",), of.NOW + timedelta(days=30)),
        Accepted(("2019.1", "2020.1"), of.NOW + timedelta(days=60)),
        Accepted(("2019.1",), None),
    ] == [accepted_at(house.call(), of.NOW + timedelta(days=day)) for day in (0, 30, 60)]


def test_a_year_without_a_start_is_accepted_from_now_on(house: House) -> None:
    """Nobody has to guess what the clock of OfficeHeart says."""
    made = add_dossier_year(house.call(), DossierYear(), "2020.1")

    assert of.at(0) == made.start_time
    assert ("2019.1", "2020.1") == accepted_at(house.call(), of.NOW).years


@pytest.mark.parametrize(
    ("year", "given", "expected"),
    [
        ("2019.1", of.year(1), "RESOURCE_EXISTS resource=dossierYears/2019.1"),
        ("2020.01", of.year(1), "REQUEST_INVALID dossier_year_id: is written without zeros"),
        ("2020.1", of.year(-1), "DOSSIER_YEAR_PAST field=start_time moment=2026-02-28 12:00 UTC"),
        ("2020.1", of.year(-9, -1), "DOSSIER_YEAR_PAST field=start_time"),
        ("2020.1", of.year(2, 2), "REQUEST_INVALID dossier_year.end_time: must be later"),
        ("2020.1", of.year(2, 1), "REQUEST_INVALID dossier_year.end_time: must be later"),
        ("2020.1", of.year(None, -1), "REQUEST_INVALID dossier_year.end_time: must be later"),
        (
            "2020.1",
            DossierYear(start_time=Timestamp(seconds=1 << 60)),
            "REQUEST_INVALID dossier_year.start_time: is no moment",
        ),
        (
            "2020.1",
            DossierYear(start_time=of.at(1), end_time=Timestamp(seconds=1 << 60)),
            "REQUEST_INVALID dossier_year.end_time: is no moment",
        ),
    ],
)
def test_a_year_that_cannot_be_is_refused(
    house: House, year: str, given: DossierYear, expected: str
) -> None:
    """One that is there, another spelling of it, a start in the past, an end before the start."""
    before = house.call().list(DOSSIER_YEARS)

    told = of.outcome(add_dossier_year, house.call(), given, year)

    assert told.startswith(expected)
    assert before == house.call().list(DOSSIER_YEARS)


def test_output_only_fields_that_were_sent_do_not_count(house: House) -> None:
    """Name and times are ours to give (AIP-203)."""
    given = DossierYear(
        name=_FIRST, start_time=of.at(1), etag="x", create_time=of.at(-9), update_time=of.at(-9)
    )

    made = add_dossier_year(house.call(), given, "2020.1")

    assert (_NEXT, of.at(0), of.at(0)) == (made.name, made.create_time, made.update_time)


@pytest.mark.parametrize(
    ("name", "given", "paths", "expected"),
    [
        # the year in use, since 2019: its start is past, its end is to come
        (_FIRST, of.year(-1), ["start_time"], "DOSSIER_YEAR_PAST field=start_time"),
        (_FIRST, of.year(1), ["start_time"], "DOSSIER_YEAR_PAST field=start_time"),
        (_FIRST, of.year(end=-1), ["end_time"], "DOSSIER_YEAR_PAST field=end_time"),
        (_FIRST, of.year(end=60), ["end_time"], "NO_YEAR_ACCEPTED moment=2026-04-30 12:00 UTC"),
        (_FIRST, of.year(end=20), ["end_time"], "NO_YEAR_ACCEPTED moment=2026-03-21 12:00 UTC"),
        # one that was, from 80 to 40 days ago
        ("dossierYears/2018.1", of.year(), ["end_time"], "DOSSIER_YEAR_PAST field=end_time"),
        ("dossierYears/2018.1", of.year(end=9), [], "DOSSIER_YEAR_PAST field=end_time"),
        # one to come, from the 30th to the 60th day
        (_NEXT, of.year(-1), ["start_time"], "DOSSIER_YEAR_PAST field=start_time"),
        (_NEXT, of.year(end=-1), ["end_time"], "REQUEST_INVALID dossier_year.end_time"),
        (_NEXT, of.year(0), ["start_time"], ""),
        (_NEXT, of.year(31), ["start_time"], ""),
        (_NEXT, of.year(31), ["*"], ""),
        (_NEXT, of.year(), ["*"], "REQUEST_INVALID dossier_year.start_time"),
        (_NEXT, of.year(1), ["begin"], "REQUEST_INVALID update_mask"),
        ("dossierYears/2030.1", of.year(1), [], "RESOURCE_UNKNOWN"),
        ("", of.year(1), [], "RESOURCE_UNKNOWN"),
    ],
)
def test_only_what_is_to_come_can_be_changed(
    house: House, name: str, given: DossierYear, paths: list[str], expected: str
) -> None:
    """What was accepted stays so, and what was not too; and always some year is accepted."""
    add_dossier_year(house.call(days=-85), of.year(-80, -40), "2018.1")
    add_dossier_year(house.call(days=-85), of.year(30, 60), "2020.1")
    before = house.call().list(DOSSIER_YEARS)

    told = _change(house, name, given, *paths)

    assert told.startswith(expected)
    assert bool(told) == bool(expected) == (before == house.call().list(DOSSIER_YEARS))


def test_one_year_takes_over_from_another(house: House) -> None:
    """The old one may end once the new one has no end, on the same moment at the earliest."""
    add_dossier_year(house.call(), of.year(30), "2020.1")

    assert "NO_YEAR_ACCEPTED moment=2026-03-30 12:00 UTC" == _change(
        house, _FIRST, of.year(end=29), "end_time"
    )
    assert "" == _change(house, _FIRST, of.year(end=30), "end_time")
    assert "NO_YEAR_ACCEPTED moment=2026-03-31 12:00 UTC" == _change(
        house, _NEXT, of.year(31), "start_time"
    )
    assert "NO_YEAR_ACCEPTED moment=2026-03-31 12:00 UTC" == of.outcome(
        remove_dossier_year, house.call(), _NEXT
    )
    assert "" == _change(house, _FIRST, of.year(), "end_time")
    assert "" == of.outcome(remove_dossier_year, house.call(), _NEXT)


def test_a_year_that_was_ever_accepted_is_not_removed(house: House) -> None:
    """One that is to come goes; one that begins this moment too; one that began stays."""
    for name, start in (("2020.1", 1), ("2020.2", 0)):
        add_dossier_year(house.call(), of.year(start), name)

    assert [
        "DOSSIER_YEAR_PAST field=start_time moment=2019-08-01 00:00 UTC",
        "DOSSIER_YEAR_PAST field=start_time moment=2026-03-02 12:00 UTC",
        "",
        "RESOURCE_UNKNOWN resource=dossierYears/2020.2",
    ] == [
        of.outcome(remove_dossier_year, house.call(days=days), name)
        for name, days in (
            (_FIRST, 0), (_NEXT, 2), ("dossierYears/2020.2", 0), ("dossierYears/2020.2", 0)
        )
    ]  # fmt: skip


def test_an_etag_that_is_not_the_present_one_is_refused(house: House) -> None:
    """Changing and removing what somebody else changed meanwhile."""
    old = add_dossier_year(house.call(), of.year(30), "2020.1")
    _change(house, _NEXT, of.year(40), "start_time")
    old.start_time.CopyFrom(of.at(50))

    assert "ETAG_STALE resource=dossierYears/2020.1" == of.outcome(
        change_dossier_year, house.call(), old, FieldMask()
    )
    assert "ETAG_STALE resource=dossierYears/2020.1" == of.outcome(
        remove_dossier_year, house.call(), _NEXT, old.etag
    )


def test_without_any_year_the_first_must_hold_from_now_on(house: House) -> None:
    """An OfficeHeart that was made before there were years gets them by hand."""
    house.call().remove(DOSSIER_YEARS, _FIRST)

    assert [
        "NO_YEAR_ACCEPTED moment=2026-03-01 12:00 UTC",
        "NO_YEAR_ACCEPTED moment=2026-03-10 12:00 UTC",
        "",
    ] == [
        of.outcome(add_dossier_year, house.call(), given, "2020.1")
        for given in (of.year(1), of.year(0, 9), of.year(0))
    ]


def test_years_come_in_pages_the_oldest_first(house: House) -> None:
    """Each once, by number; a token that was not given out is refused."""
    for name in ("2020.1", "2019.10", "2019.2"):
        add_dossier_year(house.call(), of.year(1), name)
    request, names = ListDossierYearsRequest(page_size=2), []
    for _ in range(2):
        found, request.page_token = list_dossier_years(house.call(of.LAS), request)
        names.append([one.name.partition("/")[2] for one in found])

    assert [["2019.1", "2019.2"], ["2019.10", "2020.1"]] == names
    assert "" == request.page_token
    made_up = ListDossierYearsRequest(page_token=f"{_FIRST}.x")
    assert "REQUEST_INVALID page_token: is none that was given out" == of.outcome(
        list_dossier_years, house.call(), made_up
    )


_MOMENTS = st.none() | st.integers(-3, 9)
_STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # days that go by before it
        st.sampled_from(["add", "change", "remove"]),
        st.sampled_from(["2019.1", "2020.1", "2021.1"]),
        _MOMENTS,
        _MOMENTS,
        st.sampled_from([[], ["start_time"], ["end_time"], ["*"]]),
    ),
    max_size=12,
)


@given(_STEPS)
@settings(max_examples=40)
def test_whatever_is_done_the_past_stays_and_some_year_is_accepted(steps: list[Any]) -> None:
    """What was accepted at a moment is told of that moment for ever, and is never nothing."""
    house = of.House()
    seen: dict[float, list[str]] = {}
    today = 0.0
    for days, what, name, start, end, paths in steps:
        today += days
        tx = house.call(days=today)
        dates = [None if day is None else today + day for day in (start, end)]
        sent = of.year(dates[0], dates[1], name)
        if what == "add":
            of.outcome(add_dossier_year, tx, sent, name)
        elif what == "change":
            of.outcome(change_dossier_year, tx, sent, FieldMask(paths=paths))
        else:
            of.outcome(remove_dossier_year, tx, sent.name)
        known = tx.list(DOSSIER_YEARS)
        told = {
            half / 2: accepted_years(known, of.NOW + timedelta(days=half / 2))
            for half in range(int(today + 15) * 2)
        }
        assert all(told.values())
        assert {moment: told[moment] for moment in seen} == seen
        seen = {moment: years for moment, years in told.items() if moment < today}
    house.close()
