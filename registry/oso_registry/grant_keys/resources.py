"""Keys of Traffic Centers as resources."""

from __future__ import annotations

from oso.registry.v1.grant_key_pb2 import GrantKey
from oso_registry.grant_keys.tables import GrantKeyRow
from oso_registry.store import Collection


def holder_of(grant_key: str) -> str:
    """Give the name of the system a key is of, from the key's name."""
    return grant_key.partition("/grantKeys/")[0]


GRANT_KEYS = Collection(
    GrantKey, GrantKeyRow, extra=lambda grant_key: {"system": holder_of(grant_key.name)}
)
