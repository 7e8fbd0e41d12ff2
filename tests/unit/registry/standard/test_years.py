"""Which years are accepted when: what follows from their dates."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso_registry.columns import timestamp
from oso_registry.standard.years import (
    accepted_years,
    age_of,
    change_of_past,
    first_without,
    next_change,
)
from oso_registry.store import microseconds_of

from .house import NOW, at, year

if TYPE_CHECKING:
    from oso.registry.v1.dossier_year_pb2 import DossierYear

_DAYS = st.integers(-5, 5)


@st.composite
def _years(draw: st.DrawFn) -> list[DossierYear]:
    made = []
    for number in range(draw(st.integers(0, 4))):
        start = draw(_DAYS)
        length = draw(st.none() | st.integers(1, 6))
        made.append(year(start, None if length is None else start + length, f"2020.{number}"))
    return made


def test_a_year_is_accepted_from_its_start_until_its_end() -> None:
    """The start belongs to it, the end does not."""
    known = [year(0, 1, "2020.1")]

    assert [[], ["2020.1"], ["2020.1"], []] == [
        accepted_years(known, NOW + timedelta(microseconds=offset))
        for offset in (-1, 0, 86_400_000_000 - 1, 86_400_000_000)
    ]


def test_years_come_the_oldest_first() -> None:
    """By number, not by letter: the tenth release of a year comes after its second."""
    known = [year(-1, name=name) for name in ("2020.1", "2019.10", "2019.2")]

    assert ["2019.2", "2019.10", "2020.1"] == accepted_years(known, NOW)
    with pytest.raises(ValueError, match="invalid"):
        age_of("dossierYears/x.y")


def test_the_next_change_is_the_first_start_or_end_to_come() -> None:
    """A moment that is now has come already; without any to come there is no change."""
    known = [year(-9, 0, "2018.1"), year(-9, 3, "2019.1"), year(2, name="2020.1")]

    assert at(2) == next_change(known, NOW)
    assert at(3) == next_change(known, NOW + timedelta(days=2))
    assert None is next_change(known, NOW + timedelta(days=3))


@pytest.mark.parametrize(
    ("years", "expected"),
    [
        ([], 0),
        ([(-9, None)], None),
        ([(-9, 3)], 3),
        ([(-9, 0)], 0),
        ([(-9, -5)], 0),
        ([(1, None)], 0),
        ([(-9, 3), (3, None)], None),
        ([(-9, 3), (4, None)], 3),
        ([(-9, 3), (-8, 1), (2, 6)], 6),
        ([(5, None), (-9, 2), (1, 5)], None),
    ],
)
def test_the_first_moment_without_any_year(
    years: list[tuple[float, float | None]], expected: float | None
) -> None:
    """From now on: where one ends another must have begun."""
    known = [year(start, end, "2020.1") for start, end in years]

    found = first_without(known, NOW)

    assert (None if expected is None else at(expected)) == (
        None if found is None else timestamp(found)
    )


@given(_years())
def test_a_moment_without_a_year_is_found_where_one_is(years: list[DossierYear]) -> None:
    """The answer is the first day at which none is accepted; no day has one missing else."""
    found = first_without(years, NOW)

    bare = [day for day in range(30) if not accepted_years(years, NOW + timedelta(days=day))]
    assert (microseconds_of(NOW + timedelta(days=bare[0])) if bare else None) == found


@given(_years(), _years())
def test_a_change_is_of_the_past_when_a_past_day_has_another_answer(
    some: list[DossierYear], others: list[DossierYear]
) -> None:
    """What is refused and what is not follows from the days before today alone."""
    known, made = (one[0] if one else None for one in (some, others))
    past = [NOW - timedelta(microseconds=1), *(NOW - timedelta(days=day) for day in range(1, 12))]

    def accepted(one: DossierYear | None) -> list[bool]:
        return [one is not None and bool(accepted_years([one], moment)) for moment in past]

    assert (accepted(known) != accepted(made)) == (change_of_past(known, made, NOW) is not None)
