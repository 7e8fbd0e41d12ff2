"""The table of keys of Traffic Centers."""

from __future__ import annotations

from sqlalchemy import LargeBinary
from sqlmodel import Field

from oso_registry.tables import ResourceRow


class GrantKeyRow(ResourceRow, table=True):
    """A key of a Traffic Center."""

    __tablename__ = "grant_key"

    system: str = Field(index=True)  # the system's resource name
    public_key: bytes = Field(sa_type=LargeBinary)
