"""Run by Alembic for each migration."""

from oso_store.migration import run_env
from sqlmodel import SQLModel

import oso_trafficcenter.tables  # noqa: F401  fills the metadata

run_env(SQLModel.metadata)
