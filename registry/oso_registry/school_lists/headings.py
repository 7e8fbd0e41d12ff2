"""The columns of a school list and the headings they stand under, in both generations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_SCHOOL_LIST_HEADING_MISSING,
    RESULT_CODE_SCHOOL_LIST_HEADING_TWICE,
)
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Column(Enum):
    """What a column says; the value is its headings, the newer generation first."""

    BRIN = ("INSTELLINGSCODE", "BRIN NUMMER")
    VESTIGING = ("VESTIGINGSCODE", "VESTIGINGSNUMMER")
    NAME = ("VESTIGINGSNAAM",)
    BOARD = ("BEVOEGD GEZAG NUMMER",)
    STREET = ("STRAATNAAM",)
    HOUSE_NUMBER = ("HUISNUMMER-TOEVOEGING",)
    POSTCODE = ("POSTCODE",)
    TOWN = ("PLAATSNAAM",)
    STRUCTURE = ("ONDERWIJSSTRUCTUUR",)

    @property
    def heading(self) -> str:
        """The heading people know it by."""
        return str(self.value[0])


NEEDED = (Column.BRIN, Column.VESTIGING, Column.NAME)
ADDRESS = (Column.STREET, Column.HOUSE_NUMBER, Column.POSTCODE, Column.TOWN)


def _plain(heading: str) -> str:
    """Bring a heading to what matters: blanks, hyphens and case differ from list to list."""
    return "".join(one for one in heading.upper() if one.isalnum())


_COLUMNS = {_plain(heading): column for column in Column for heading in column.value}


@dataclass(frozen=True)
class Headings:
    """The first line of a list.

    Attributes:
        places: Where each column is found: (place in the row, heading as we write it). More than
            one when it is there under the headings of both generations.
        width: Number of headings, known or not.

    """

    places: Mapping[Column, Sequence[tuple[int, str]]]
    width: int

    @property
    def absent(self) -> tuple[str, ...]:
        """Headings that are not there; ONDERWIJSSTRUCTUUR, which few lists have, is not told."""
        return tuple(
            column.heading
            for column in Column
            if column not in self.places and column is not Column.STRUCTURE
        )


def known_headings(fields: Sequence[str]) -> int:
    """Count the headings that are known: tells which delimiter is the right one."""
    return sum(_plain(field) in _COLUMNS for field in fields)


def headings_of(fields: Sequence[str]) -> Headings:
    """Find the columns in the fields of the first line, in any order and with others between them.

    Raises:
        OsoError: SCHOOL_LIST_HEADING_MISSING, SCHOOL_LIST_HEADING_TWICE.

    """
    places: dict[Column, list[tuple[int, str]]] = {}
    written = {_plain(heading): heading for column in Column for heading in column.value}
    seen: set[str] = set()
    for place, field in enumerate(fields):
        plain = _plain(field)
        column = _COLUMNS.get(plain)
        if column is None:
            continue
        if plain in seen:
            raise OsoError(RESULT_CODE_SCHOOL_LIST_HEADING_TWICE, heading=written[plain])
        seen.add(plain)
        places.setdefault(column, []).append((place, written[plain]))
    missing = [" / ".join(column.value) for column in NEEDED if column not in places]
    if missing:
        raise OsoError(RESULT_CODE_SCHOOL_LIST_HEADING_MISSING, headings=", ".join(missing))
    return Headings(places, len(fields))
