"""Which kind of education: from a row's ONDERWIJSSTRUCTUUR, or from the name of the file."""

from __future__ import annotations

import re
from pathlib import PurePath

from oso.directory.v1.directory_pb2 import (
    SECTOR_MBO,
    SECTOR_PO,
    SECTOR_SO,
    SECTOR_UNSPECIFIED,
    SECTOR_VO,
    SECTOR_VSO,
    Sector,
)

# Schools for special education have often both; the register has one sector for each BRIN.
SPECIAL = frozenset({SECTOR_SO, SECTOR_VSO})
# Locations with these numbers give secondary education at a BRIN shared with vocational education.
FIRST_SHARED_VESTIGING = "51"

_WORDS = {
    SECTOR_PO: "BAO BASISONDERWIJS BO PO SBAO SBO",
    SECTOR_SO: "SO",
    SECTOR_VO: "ATHENEUM BRUGJAAR BRUGJAREN GYMNASIUM HAVO LWOO MAVO PRAKTIJKONDERWIJS PRO VBO "
    "VMBO VO VWO",
    SECTOR_VSO: "VSO",
    SECTOR_MBO: "BVE MBO",
}
_SECTOR_OF_WORD = {word: sector for sector, words in _WORDS.items() for word in words.split()}
_NO_LETTERS = re.compile(r"[^A-Z]+")


def sectors_in(text: str) -> frozenset[Sector.ValueType]:
    """Find the kinds of education a text such as `HAVO/VWO` speaks of; (V)SO is both."""
    words = _NO_LETTERS.split(text.upper().replace("(V)SO", "SO VSO"))
    return frozenset(_SECTOR_OF_WORD[word] for word in words if word in _SECTOR_OF_WORD)


def one_of(sectors: frozenset[Sector.ValueType]) -> Sector.ValueType:
    """Give the one kind of education; special education of both kinds is SO, else not given."""
    if sectors == SPECIAL:
        return SECTOR_SO
    return next(iter(sectors)) if len(sectors) == 1 else SECTOR_UNSPECIFIED


def sector_of_file_name(name: str) -> Sector.ValueType:
    """Take the kind of education from a name such as `alle-vestigingen-vo.csv`, if it says one."""
    found = sectors_in(PurePath(name).stem)
    return next(iter(found)) if len(found) == 1 else SECTOR_UNSPECIFIED


def go_together(one: Sector.ValueType, other: Sector.ValueType) -> bool:
    """Tell whether a school may go from the one kind of education to the other."""
    return one == other or {one, other} <= SPECIAL
