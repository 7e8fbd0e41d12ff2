"""How a system keeps its state: SQLite or PostgreSQL, behind two calls, `write` and `read`."""

from oso_store.database import Database, StoreUnavailableError
from oso_store.migration import SchemaError

__all__ = ["Database", "SchemaError", "StoreUnavailableError"]
