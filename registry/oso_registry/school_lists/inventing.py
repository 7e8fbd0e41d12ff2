"""Invented school lists: as large and as odd as the ministry's, and the same for the same seed.

No school, board or town in them is meant to exist; institution codes below 01 are left to the
schools OSO tests with.
"""

from __future__ import annotations

import random
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from oso.directory.v1.directory_pb2 import (
    SECTOR_MBO,
    SECTOR_PO,
    SECTOR_SO,
    SECTOR_UNSPECIFIED,
    SECTOR_VO,
    SECTOR_VSO,
)
from oso_registry.school_lists.rows import Address, Row

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oso.directory.v1.directory_pb2 import Sector

T = TypeVar("T")

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_PER_NUMBER = len(_LETTERS) ** 2
_MOST_SCHOOLS = 99 * _PER_NUMBER
_MOST_BOARDS = 99_999
# Out of a hundred schools in the country.
_SHARES = {SECTOR_PO: 84, SECTOR_SO: 3, SECTOR_VSO: 3, SECTOR_VO: 9, SECTOR_MBO: 1}
# How many locations a school of a sector may have; the first numbers are the most likely.
_LOCATIONS = {
    SECTOR_PO: (1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3),
    SECTOR_SO: (1, 1, 1, 2, 3),
    SECTOR_VSO: (1, 1, 1, 2, 3),
    SECTOR_VO: (1, 1, 1, 2, 2, 3, 4, 6, 9),
    SECTOR_MBO: (2, 4, 6, 9, 14),
}
_FIRST_SHARED = 51
# Out of a hundred: schools and locations that leave a field blank, schools of secondary education
# that share a BRIN, schools of vocational education that do.
_BLANK = 1
_SHARED_VO = 3
_SHARED_MBO = 50
_ARTICLES = ("De", "Het", "'t", "OBS De", "CBS De", "Basisschool De", "St. Renée\u2019s")
_FIRST = (
    "Zonne", "Regen", "Water", "Wilgen", "Duin", "Heide", "Molen", "Kompas", "Ster", "Linde",
    "Vlinder", "Bries", "Zee", "Mozaïek", "Kastanje", "Parel", "Trekvogel", "Vuur", "Prélude",
)  # fmt: skip
_LAST = (
    "wijzer", "boom", "hof", "gaard", "akker", "poort", "kring", "burcht", "brug", "schip",
    "toren", "baak", "plein", "tuin", "wiek", "spoor", "veld", "nest",
)  # fmt: skip
_LEARNED = ("College", "Lyceum", "Scholengroep", "Praktijkschool", "Gymnasium Coöperatie")
_TOWN_FIRST = (
    "Ooster", "Wester", "Zuider", "Noorder", "Hooge", "Lage", "Nieuw-", "Oud-", "Midden", "Sint ",
)  # fmt: skip
_TOWN_LAST = (
    "wolderhaven", "drechterveen", "kluft", "zijlsterhout", "berghermeer", "loërdijk",
    "horstbroek", "vlietmonde", "akkerzand", "burghiem",
)  # fmt: skip
_STREETS = ("Oefenlaan", "Voorbeeldstraat", "Proefweg", "Testplein", "Demokade", "Verzonnenpad")
_POSTCODE_LETTERS = "ABCDEGHJKLNPRSTVWXZ"


def invented(
    seed: int,
    schools: int,
    boards: int,
    sector: Sector.ValueType = SECTOR_UNSPECIFIED,
) -> list[Row]:
    """Invent the rows of a list.

    Args:
        seed: The same seed gives the same rows.
        schools: Number of schools; each has a location or more.
        boards: Number of boards; a few schools name none.
        sector: Kind of education; not given: all of them, in one list.

    Raises:
        ValueError: There are no codes for so many schools or boards.

    """
    if not (0 < schools <= _MOST_SCHOOLS and 0 < boards <= _MOST_BOARDS):
        raise ValueError(
            f"between 1 and {_MOST_SCHOOLS} schools, and between 1 and {_MOST_BOARDS} boards"
        )
    return _Inventor(random.Random(seed), boards).rows(schools, sector)  # noqa: S311  no secret


class _Inventor:
    """Invents one list."""

    def __init__(self, chance: random.Random, boards: int) -> None:
        self._chance = chance
        self._boards = [f"{one:05}" for one in chance.sample(range(1, _MOST_BOARDS + 1), boards)]
        self._lines = count(2)

    def rows(self, schools: int, sector: Sector.ValueType) -> list[Row]:
        numbers = self._chance.sample(range(_PER_NUMBER, 100 * _PER_NUMBER), schools)
        return [
            row
            for place, number in enumerate(sorted(numbers))
            for row in self._school(_brin(number), place, sector)
        ]

    def _school(self, brin: str, place: int, sector: Sector.ValueType) -> Iterator[Row]:
        # The first schools go round the boards, so that each board has one.
        if place < len(self._boards):
            board = self._boards[place]
        else:
            board = "" if self._happens(_BLANK) else self._one(self._boards)
        own = sector or self._chance.choices(list(_SHARES), list(_SHARES.values()))[0]
        town = self._one(_TOWN_FIRST) + self._one(_TOWN_LAST)
        name = self._name(own, town)

        def location(number: int, sector: Sector.ValueType, called: str) -> Row:
            street = self._one(_STREETS)
            return Row(
                line=next(self._lines),
                brin=brin,
                vestiging=f"{number:02}",
                name=called,
                board=board,
                address=Address(street, self._house_number(), self._postcode(), town),
                sector=sector,
            )

        first = _FIRST_SHARED if own == SECTOR_VO and self._happens(_SHARED_VO) else 0
        yield location(first, own, name)
        for number in range(1, self._one(_LOCATIONS[own])):
            yield location(first + number, own, f"{name} {self._one(_FIRST)}{self._one(_LAST)}")
        if own == SECTOR_MBO and not sector and self._happens(_SHARED_MBO):
            yield location(_FIRST_SHARED, SECTOR_VO, f"{name} VO")

    def _name(self, sector: Sector.ValueType, town: str) -> str:
        name = self._one(_FIRST) + self._one(_LAST)
        if sector in (SECTOR_VO, SECTOR_MBO):
            return f"{town} {self._one(_LEARNED)} {name}"
        return f"{self._one(_ARTICLES)} {name}"

    def _house_number(self) -> str:
        number = str(self._chance.randrange(1, 400))
        return number + self._one(("", "", "", "", "", " A", "-13", " bis"))

    def _postcode(self) -> str:
        if self._happens(_BLANK):
            return ""
        letters = self._one(_POSTCODE_LETTERS) + self._one(_POSTCODE_LETTERS)
        return f"{self._chance.randrange(1000, 10_000)}{letters}"

    def _happens(self, per_cent: int) -> bool:
        return self._chance.randrange(100) < per_cent

    def _one(self, values: Sequence[T]) -> T:
        return self._chance.choice(values)


def _brin(number: int) -> str:
    digits, letters = divmod(number, _PER_NUMBER)
    first, second = divmod(letters, len(_LETTERS))
    return f"{digits:02}{_LETTERS[first]}{_LETTERS[second]}"
