"""Run by Alembic for each migration."""

from sqlmodel import SQLModel

import oso_registry.app  # noqa: F401  fills the metadata
from oso_store.migration import run_env

run_env(SQLModel.metadata)
