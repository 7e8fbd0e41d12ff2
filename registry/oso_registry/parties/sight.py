"""Which resources a caller sees: what the contract calls its own.

Workers of OfficeHeart see all. For the others there is a condition for each role, made of whom they
speak for; a role without one sees nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf.message import Message
from sqlalchemy import false

from oso.options.v1 import access_pb2 as roles
from oso.result.v1.result_code_pb2 import RESULT_CODE_RESOURCE_UNKNOWN
from oso_registry.calls import Caller, not_allowed
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from oso_registry.store import Collection, Transaction

M = TypeVar("M", bound=Message)
Sight = Mapping[roles.Role.ValueType, Callable[[str], "ColumnElement[bool]"]]

# What a refusal repeats of a name somebody sent.
LONGEST_NAME = 150
_STAFF = frozenset({roles.ROLE_REGISTRAR, roles.ROLE_AUDITOR, roles.ROLE_HELPDESK})


def seen_by(caller: Caller, sight: Sight) -> list[ColumnElement[bool]]:
    """Give the conditions that leave what a caller sees; none when it sees all."""
    if caller.role in _STAFF:
        return []
    condition = sight.get(caller.role)
    return [condition(caller.owner) if condition is not None and caller.owner else false()]


def require_seen(tx: Transaction, collection: Collection[M], name: str, sight: Sight) -> M:
    """Find a resource the caller sees.

    Whoever does not see all is not told whether what it does not see is there (AIP-211).

    Raises:
        OsoError: RESOURCE_UNKNOWN; NOT_ALLOWED.

    """
    conditions = seen_by(tx.caller, sight)
    found: Any = tx.list(collection, collection.table.c.name == name, *conditions, limit=1)
    if not found:
        if conditions:
            raise not_allowed(name[:LONGEST_NAME])
        raise OsoError(RESULT_CODE_RESOURCE_UNKNOWN, resource=name[:LONGEST_NAME])
    return found[0]  # type: ignore[no-any-return]
