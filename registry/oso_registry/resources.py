"""The standard methods on resources (AIP-131 to AIP-135, AIP-154, AIP-158, AIP-203).

A service says what is its own: which resources there are, whose they are, what must hold. In the
contract the resource inside a request to create or change it is marked `IGNORE_ALWAYS`: what is
checked is not the part that was sent but the whole it would become, here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import protovalidate
from google.protobuf.message import Message

from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import invalid
from oso_rpc.errors import OsoError
from oso_rpc.violations import path_of

if TYPE_CHECKING:
    from google.protobuf.field_mask_pb2 import FieldMask
    from sqlalchemy import ColumnElement

    from oso_registry.store import Collection, Transaction

_PAGE = 100
_MOST_PER_PAGE = 1000
_ALL = "*"

M = TypeVar("M", bound=Message)


class PageRequest(Protocol):
    """A request for a page of a list."""

    page_size: int
    page_token: str


def page_size(asked: int) -> int:
    """Give the size of a page: 100 unless asked, 1,000 at most."""
    return min(asked or _PAGE, _MOST_PER_PAGE)


def page(
    tx: Transaction, collection: Collection[M], request: PageRequest, *where: ColumnElement[bool]
) -> tuple[list[M], str]:
    """Give a page of resources by name, and the token of the next; empty on the last one.

    A page has 100 unless asked, 1,000 at most. What comes or goes between two pages changes nothing
    about the rest.
    """
    size = page_size(request.page_size)
    found: Any = tx.list(collection, *where, after=request.page_token, limit=size + 1)
    more = len(found) > size
    return found[:size], found[size - 1].name if more else ""


def new(tx: Transaction, collection: Collection[M], given: M, name: str, at: str) -> M:
    """Make a resource of what was sent, not written yet: named, without what only we may set.

    Args:
        tx: The transaction.
        collection: Its kind.
        given: What was sent.
        name: The name it gets.
        at: The field of the request it was sent in, for the refusal.

    Raises:
        OsoError: RESOURCE_EXISTS; REQUEST_INVALID with the fields.

    """
    if tx.get(collection, name) is not None:
        raise OsoError(codes.RESULT_CODE_RESOURCE_EXISTS, resource=name)
    made: Any = _own(given)
    for field in collection.output_only:
        made.ClearField(field)
    made.name = name
    check(made, at)
    return made  # type: ignore[no-any-return]


def changed(
    tx: Transaction, collection: Collection[M], given: M, mask: FieldMask, at: str
) -> tuple[M, M]:
    """Give a resource as it is, and as it would be with the fields of a mask from what was sent.

    Without a mask the fields that were sent count, with `*` all (AIP-134). Fields only we may set
    stay as they are (AIP-203). An etag that was sent must be the present one.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE; REQUEST_INVALID with the fields.

    """
    sent: Any = given
    known: Any = tx.require(collection, sent.name)
    if sent.etag and sent.etag != known.etag:
        raise OsoError(codes.RESULT_CODE_ETAG_STALE, resource=sent.name)
    made: Any = _own(known)
    for path in _paths(given, mask):
        if path in collection.output_only:
            continue
        made.ClearField(path)
        if _is_set(given, path):
            _take(made, given, path)
    check(made, at)
    return known, made


def check(message: Message, at: str) -> None:
    """Check a resource as a whole against the contract.

    Raises:
        OsoError: REQUEST_INVALID with the fields.

    """
    violations = protovalidate.collect_violations(message)
    if violations:
        found = [(f"{at}.{path_of(one)}".rstrip("."), one.proto.message) for one in violations[:20]]
        raise OsoError(
            codes.RESULT_CODE_REQUEST_INVALID,
            violations=found,
            detail="; ".join(f"{path}: {text}" for path, text in found)[:500],
        )


def _paths(given: Message, mask: FieldMask) -> list[str]:
    names = [field.name for field in given.DESCRIPTOR.fields]
    if not mask.paths:
        return [name for name in names if _is_set(given, name)]
    if list(mask.paths) == [_ALL]:
        return names
    for path in mask.paths:
        if path not in names:
            raise invalid("update_mask", f"{path[:60]} is not a field of {given.DESCRIPTOR.name}")
    return list(mask.paths)


def _is_set(message: Message, name: str) -> bool:
    return any(field.name == name for field, _ in message.ListFields())


def _take(made: Any, given: Any, path: str) -> None:
    field = given.DESCRIPTOR.fields_by_name[path]
    if field.is_repeated:
        getattr(made, path).extend(getattr(given, path))
    elif field.message_type is not None:
        getattr(made, path).CopyFrom(getattr(given, path))
    else:
        setattr(made, path, getattr(given, path))


def _own(message: M) -> M:
    made = type(message)()
    made.CopyFrom(message)
    return made
