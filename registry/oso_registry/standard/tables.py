"""The tables of the standard: dossier years, and the test-code table with its releases."""

from __future__ import annotations

from sqlalchemy import BigInteger, LargeBinary
from sqlmodel import Field, SQLModel

from oso_registry.tables import ResourceRow


class DossierYearRow(ResourceRow, table=True):
    """A year of the standard."""

    __tablename__ = "dossier_year"

    start_time: int = Field(sa_type=BigInteger)
    end_time: int | None = Field(sa_type=BigInteger)


class TestCodeReleaseRow(ResourceRow, table=True):
    """A release of the test-code table."""

    __tablename__ = "test_code_release"

    number: int = Field(unique=True)
    state: int
    note: str
    code_count: int
    sha256: bytes = Field(sa_type=LargeBinary)
    publish_time: int | None = Field(sa_type=BigInteger)


class TestCodeRow(ResourceRow, table=True):
    """A code of a release. `searched` is what a search looks at, without capitals."""

    __tablename__ = "test_code"

    release: str = Field(index=True)  # the release's resource name
    display_name: str
    subject: str
    publisher: str
    version: str
    part: bool
    norm_scales: str
    start_date: str
    end_date: str | None
    searched: str


class TestCodeFileRow(SQLModel, table=True):
    """A published release as a file, as it was given out from its first day on."""

    __tablename__ = "test_code_file"

    release: str = Field(primary_key=True)  # the release's resource name
    content: bytes = Field(sa_type=LargeBinary)
