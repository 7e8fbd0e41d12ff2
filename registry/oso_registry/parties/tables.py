"""The tables of who takes part. `searched` is what a search looks at, without capitals."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field

from oso_registry.tables import ResourceRow


class BoardRow(ResourceRow, table=True):
    """A board."""

    __tablename__ = "board"

    display_name: str
    address: str
    status: int
    searched: str


class SchoolRow(ResourceRow, table=True):
    """A school with its locations."""

    __tablename__ = "school"

    display_name: str
    board: str = Field(index=True)
    sector: int
    address: str
    status: int
    locations: str
    qualification: int
    test_school: bool
    trial_end_time: int | None = Field(default=None, sa_type=BigInteger)
    searched: str


class SwvRow(ResourceRow, table=True):
    """A samenwerkingsverband."""

    __tablename__ = "swv"

    display_name: str
    address: str
    status: int
    qualification: int
    test_swv: bool
    searched: str


class RegionalInitiativeRow(ResourceRow, table=True):
    """A regional initiative."""

    __tablename__ = "regional_initiative"

    display_name: str
    address: str
    status: int
    searched: str


class SupplierRow(ResourceRow, table=True):
    """A supplier."""

    __tablename__ = "supplier"

    display_name: str
    address: str
    status: int
    admission: int
    searched: str


class ProductRow(ResourceRow, table=True):
    """A product of a supplier."""

    __tablename__ = "product"

    supplier: str = Field(index=True)  # the supplier's resource name
    display_name: str
    version: str
    status: int
    qualifications: str
    searched: str
