"""The tables of mandates and delivery points. Their states follow from these, and are not kept."""

from __future__ import annotations

from sqlalchemy import BigInteger
from sqlmodel import Field

from oso_registry.tables import ResourceRow


class MandateRow(ResourceRow, table=True):
    """A mandate of a board for a school, or of an SWV."""

    __tablename__ = "mandate"

    board: str
    school: str = Field(index=True)
    swv: str = Field(index=True)
    supplier: str = Field(index=True)
    kinds: str
    start_time: int = Field(sa_type=BigInteger)
    end_time: int | None = Field(sa_type=BigInteger)
    revoke_time: int | None = Field(sa_type=BigInteger)
    revoke_reason: str


class DeliveryPointRow(ResourceRow, table=True):
    """A delivery point."""

    __tablename__ = "delivery_point"

    school: str = Field(index=True)
    swv: str = Field(index=True)
    vestiging: str
    mandate: str = Field(index=True)
    system: str = Field(index=True)
    address: str
    product: str = Field(index=True)
    kinds: str
    dossier_years: str
    start_time: int | None = Field(sa_type=BigInteger)
    end_time: int | None = Field(sa_type=BigInteger)
    disabled: bool
