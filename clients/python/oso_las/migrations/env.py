"""Run by Alembic for each migration."""

import oso_las.tables  # noqa: F401  fills the metadata
from oso_store.migration import run_env
from sqlmodel import SQLModel

run_env(SQLModel.metadata)
