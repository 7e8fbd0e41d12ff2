"""Which years of the standard are accepted when. Pure: moments are handed in, aware and in UTC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oso_registry.columns import microseconds
from oso_registry.store import microseconds_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from google.protobuf.timestamp_pb2 import Timestamp

    from oso.registry.v1.dossier_year_pb2 import DossierYear

_PREFIX = "dossierYears/"


@dataclass(frozen=True)
class PastChange:
    """A change that would make another past.

    Attributes:
        field: `start_time` or `end_time`: where it would.
        moment: The moment that is there, or that was asked for, and lies in the past.

    """

    field: str
    moment: Timestamp


def year_of(name: str) -> str:
    """Give the year of a resource name, such as `2019.1`."""
    return name.removeprefix(_PREFIX)


def name_of_year(year: str) -> str:
    """Give the resource name of a year such as `2019.1`."""
    return f"{_PREFIX}{year}"


def age_of(name: str) -> tuple[int, int]:
    """Give what years are ordered by, the oldest first: 2019.2 comes before 2019.10.

    Raises:
        ValueError: It is no resource name of a year.

    """
    year, release = year_of(name).split(".")
    return int(year), int(release)


def accepted_years(years: Iterable[DossierYear], moment: datetime) -> list[str]:
    """Give the years accepted at a moment, such as `2019.1`, the oldest first."""
    at = microseconds_of(moment)
    accepted = [year.name for year in years if _start(year) <= at and not _ended(year, at)]
    return [year_of(name) for name in sorted(accepted, key=age_of)]


def next_change(years: Iterable[DossierYear], moment: datetime) -> Timestamp | None:
    """Give the first moment later than this at which a year begins or ends; None for never."""
    at = microseconds_of(moment)
    dates = [date for year in years for date in _dates(year) if microseconds(date) > at]
    return min(dates, key=microseconds, default=None)


def first_without(years: Iterable[DossierYear], moment: datetime) -> int | None:
    """Give from when on, this moment or later, no year is accepted; None when always one is.

    Microseconds since 1970.
    """
    covered = microseconds_of(moment)
    for year in sorted(years, key=_start):
        if _start(year) > covered:
            break
        if not year.HasField("end_time"):
            return None
        covered = max(covered, microseconds(year.end_time))
    return covered


def change_of_past(
    known: DossierYear | None, made: DossierYear | None, now: datetime
) -> PastChange | None:
    """Tell where a change would make another past; None when it does not.

    The past is every moment before `now`: at each of them a year was accepted, or was not, and so
    it stays. None for a year that is not there.
    """
    at = microseconds_of(now)
    for field in ("start_time", "end_time"):
        before, after = _date(known, field), _date(made, field)
        if _same(before, after):
            continue
        for moment in (before, after):
            if moment is not None and microseconds(moment) < at:
                return PastChange(field, moment)
    return None


def _date(year: DossierYear | None, field: str) -> Timestamp | None:
    return getattr(year, field) if year is not None and year.HasField(field) else None  # type: ignore[arg-type]


def _same(one: Timestamp | None, other: Timestamp | None) -> bool:
    if one is None or other is None:
        return one is other
    return microseconds(one) == microseconds(other)


def _dates(year: DossierYear) -> list[Timestamp]:
    return [year.start_time, *([year.end_time] if year.HasField("end_time") else [])]


def _start(year: DossierYear) -> int:
    return microseconds(year.start_time)


def _ended(year: DossierYear, at: int) -> bool:
    return year.HasField("end_time") and microseconds(year.end_time) <= at
