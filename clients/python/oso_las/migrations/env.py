"""Run by Alembic for each migration."""

from sqlmodel import SQLModel

import oso_las.tables  # noqa: F401  fills the metadata
from oso_store.migration import run_env

run_env(SQLModel.metadata)
