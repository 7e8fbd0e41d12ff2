"""Writing a school list as the ministry does, its oddities included.

A heading has a blank behind it, a blank field holds one space, postcodes have a space, and there
are twenty columns more than anybody needs.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import (
    SECTOR_MBO,
    SECTOR_PO,
    SECTOR_SO,
    SECTOR_VO,
    SECTOR_VSO,
)
from oso_registry.school_lists.headings import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from oso_registry.school_lists.rows import Row


class Generation(Enum):
    """Which headings a list has."""

    OLD = "old"
    NEW = "new"


@dataclass(frozen=True)
class Form:
    """How a list is written.

    Attributes:
        generation: Its headings. The older ones do not say the sector.
        encoding: Python's name of the encoding.
        delimiter: Between fields.
        end: Of lines.

    """

    generation: Generation = Generation.NEW
    encoding: str = "utf-8"
    delimiter: str = ";"
    end: str = "\r\n"


FORMS = {
    Generation.OLD: Form(Generation.OLD, "cp1252"),
    Generation.NEW: Form(Generation.NEW, "utf-8-sig"),
}

_STRUCTURES = {
    SECTOR_PO: "BAO",
    SECTOR_SO: "SO",
    SECTOR_VSO: "VSO",
    SECTOR_VO: "HAVO/VWO",
    SECTOR_MBO: "MBO",
}
_REGIONS = (
    "NODAAL GEBIED", "RPA-GEBIED", "WGR-GEBIED", "COROPGEBIED", "ONDERWIJSGEBIED", "RMC-REGIO",
)  # fmt: skip
_REGION = "Verzonnen"


def _code(row: Row) -> str:
    return row.brin + row.vestiging


def _postcode(row: Row) -> str:
    postcode = row.address.postcode or ""
    return f"{postcode[:4]} {postcode[4:]}".strip()


def _columns(generation: Generation) -> dict[str, Callable[[Row], str]]:
    """Give the headings in order, with what stands under each."""
    new = generation is Generation.NEW
    address: dict[str, Callable[[Row], str]] = {
        Column.STREET.heading: lambda row: row.address.street or "",
        Column.HOUSE_NUMBER.heading: lambda row: row.address.house_number or "",
        Column.POSTCODE.heading: _postcode,
        Column.TOWN.heading: lambda row: row.address.town or "",
    }
    columns: dict[str, Callable[[Row], str]] = {
        "PROVINCIE": lambda _: _REGION,
        Column.BOARD.heading: lambda row: row.board,
        Column.BRIN.value[not new]: lambda row: row.brin,
        Column.VESTIGING.value[not new]: _code if new else lambda row: row.vestiging,
        Column.NAME.heading: lambda row: row.name,
        **address,
        "GEMEENTENUMMER": lambda _: "0099",
        "GEMEENTENAAM ": lambda row: row.address.town or "",
        "DENOMINATIE": lambda _: "Openbaar",
        "TELEFOONNUMMER": lambda _: "0990000000",
        "INTERNETADRES": lambda row: f"www.{_code(row).lower()}.example",
    }
    if new:
        columns[Column.STRUCTURE.heading] = lambda row: _STRUCTURES[row.sector]
    columns |= {f"{heading} CORRESPONDENTIEADRES": give for heading, give in address.items()}
    for region in _REGIONS:
        columns |= {f"{region} CODE": lambda _: "09", f"{region} NAAM": lambda _: _REGION}
    if new:
        columns["VAKANTIEREGIO"] = lambda _: "Midden"
    return columns


def write_school_list(rows: Iterable[Row], form: Form) -> bytes:
    """Write rows as a file.

    Raises:
        UnicodeEncodeError: The encoding does not have a character.

    """
    columns = _columns(form.generation)
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=form.delimiter, lineterminator=form.end)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([give(row) or " " for give in columns.values()])
    return text.getvalue().encode(form.encoding)
