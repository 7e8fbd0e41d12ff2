"""The tables of the standard: dossier years, and the test-code table with its releases."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field

from oso_registry.tables import ResourceRow


class DossierYearRow(ResourceRow, table=True):
    """A year of the standard."""

    __tablename__ = "dossier_year"

    start_time: int = Field(sa_type=BigInteger)
    end_time: int | None = Field(sa_type=BigInteger)
