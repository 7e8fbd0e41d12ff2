"""What a school list is read into: rows that can be used, and why others cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.directory.v1.directory_pb2 import Sector
    from oso.registry.v1.school_list_pb2 import SchoolListRejection


@dataclass(frozen=True, slots=True)
class Address:
    """What a row says of where a location lives; None where the list has no such column."""

    street: str | None = None
    house_number: str | None = None
    postcode: str | None = None
    town: str | None = None

    def __bool__(self) -> bool:
        """Tell whether it says anything."""
        return bool(self.street or self.house_number or self.postcode or self.town)


@dataclass(frozen=True, slots=True)
class Row:
    """One row that can be used: a location of a school.

    Attributes:
        line: Where it stands, the line of headings being 1.
        brin: Institution code, such as `00SS`.
        vestiging: Number of the location, two digits.
        name: Name of the location.
        board: Number of the board, five digits; empty when the row does not say.
        address: Where it lives.
        sector: Kind of education.

    """

    line: int
    brin: str
    vestiging: str
    name: str
    board: str
    address: Address
    sector: Sector.ValueType


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a row cannot be used; a row may have several.

    Attributes:
        line: Where the row stands.
        reason: Why.
        column: Heading of the column at fault; empty when it is about the row.
        value: Shape of the value at fault, see `shape_of`.
        brin: Which school the row is about, as far as it can be told.
        details: What else the text says, such as the number of another line.

    """

    line: int
    reason: SchoolListRejection.ValueType
    column: str = ""
    value: str = ""
    brin: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SchoolList:
    """A school list as it was read.

    Attributes:
        rows: The rows that can be used, in order.
        rejections: Why others cannot, in order.
        count: Rows in all.
        encoding: `utf-8` or `windows-1252`.
        delimiter: `;` or `,`.
        absent: Headings that were not found.

    """

    rows: tuple[Row, ...]
    rejections: tuple[Rejection, ...]
    count: int
    encoding: str
    delimiter: str
    absent: tuple[str, ...]


_LONGEST_SHAPE = 40


def shape_of(value: str) -> str:
    """Give the shape of a value: what it looks like, and not what it says.

    `9` for a digit, `A` and `a` for letters, other characters as they are; cut at 40. A list that
    should not have been sent at all may hold anything.
    """
    shape = "".join(_class_of(one) for one in value[:_LONGEST_SHAPE])
    return shape if len(value) <= _LONGEST_SHAPE else shape + "…"


def _class_of(character: str) -> str:
    if character.isdigit():
        return "9"
    if character.isalpha():
        return "a" if character.islower() else "A"
    return character if character.isprintable() else "?"
