"""Registering the keys of Traffic Centers, and taking them away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.options.v1.access_pb2 import ROLE_TRAFFIC_CENTER
from oso_registry.calls import invalid
from oso_registry.grant_keys.resources import GRANT_KEYS
from oso_registry.parties.register import require_etag
from oso_registry.resources import new, page
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.signing import key_id_of

if TYPE_CHECKING:
    from oso.registry.v1.grant_key_pb2 import GrantKey
    from oso.registry.v1.grant_key_service_pb2 import ListGrantKeysRequest
    from oso_registry.store import Transaction

_ALL = "systems/-"
_AT = "grant_key"


def list_grant_keys(tx: Transaction, request: ListGrantKeysRequest) -> tuple[list[GrantKey], str]:
    """Give a page of keys by name, and the token of the next."""
    where = [] if request.parent == _ALL else [GRANT_KEYS.table.c.system == request.parent]
    return page(tx, GRANT_KEYS, request, *where)


def add_grant_key(tx: Transaction, given: GrantKey, system: str) -> GrantKey:
    """Register a key of a Traffic Center.

    Raises:
        OsoError: RESOURCE_UNKNOWN, RESOURCE_EXISTS; REQUEST_INVALID when the system is no Traffic
            Center, is disabled, or the key is none.

    """
    holder = tx.require(SYSTEMS, system)
    if holder.role != ROLE_TRAFFIC_CENTER:
        raise invalid("parent", f"{system} is no Traffic Center")
    if holder.disabled:
        raise invalid("parent", f"{system} is disabled")
    name = f"{system}/grantKeys/{key_id_of(given.public_key)}"
    return tx.put(GRANT_KEYS, new(tx, GRANT_KEYS, given, name, _AT))


def remove_grant_key(tx: Transaction, name: str, etag: str) -> None:
    """Take a key away.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE.

    """
    require_etag(tx.require(GRANT_KEYS, name), etag)
    tx.remove(GRANT_KEYS, name)
