"""The tables of the directory: what was published, and how it came about."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel


class DirectoryStateRow(SQLModel, table=True):
    """Which version is the newest. One row."""

    __tablename__ = "directory_state"

    only: int = Field(primary_key=True)  # always 1
    epoch: int = Field(sa_type=BigInteger)
    version: int = Field(sa_type=BigInteger)
    delta_sha256: bytes = Field(sa_type=LargeBinary)  # empty in the first version of an epoch


class DirectoryEntryRow(SQLModel, table=True):
    """An entry as the newest version has it."""

    __tablename__ = "directory_entry"

    kind: int = Field(primary_key=True)  # entries.Kind
    key: str = Field(primary_key=True)
    content: bytes = Field(sa_type=LargeBinary)  # the serialized message


class DirectoryDeltaRow(SQLModel, table=True):
    """What changed from one version to the next; not signed yet."""

    __tablename__ = "directory_delta"

    version: int = Field(sa_type=BigInteger, primary_key=True)
    epoch: int = Field(sa_type=BigInteger)
    content: bytes = Field(sa_type=LargeBinary)  # a serialized DirectoryDelta
