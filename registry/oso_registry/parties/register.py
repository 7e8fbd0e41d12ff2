"""How parties of every kind are registered, changed, closed and reopened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from google.protobuf.message import Message

from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, PARTY_STATUS_CLOSED
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import not_allowed
from oso_registry.parties.resources import has_text
from oso_registry.parties.sight import Sight, require_seen, seen_by
from oso_registry.resources import changed, new, page
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from google.protobuf.field_mask_pb2 import FieldMask
    from sqlalchemy import ColumnElement

    from oso_registry.store import Collection, Transaction

M = TypeVar("M", bound=Message)
_NAMED = 5


@dataclass(frozen=True)
class Register(Generic[M]):
    """The register of one kind of party.

    Attributes:
        collection: Where they lie.
        field: What requests call one, such as `board`.
        sight: Which of them each role sees.
        settle: Completes one that is to be written, and refuses what cannot be: (transaction, how
            it is now or None, how it would be).
        users: Names what is in use that depends on one.
        release: Ends what depends on one.
        own_fields: What those it belongs to may change of it; a registrar may change all.

    """

    collection: Collection[M]
    field: str
    sight: Sight
    settle: Callable[[Transaction, M | None, M], None] = lambda _tx, _known, _made: None
    users: Callable[[Transaction, str], list[str]] = lambda _tx, _name: []
    release: Callable[[Transaction, str], None] = lambda _tx, _name: None
    own_fields: frozenset[str] = frozenset({"address"})

    def get(self, tx: Transaction, name: str) -> M:
        """Give one the caller sees.

        Raises:
            OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

        """
        return require_seen(tx, self.collection, name, self.sight)

    def page(
        self, tx: Transaction, request: Any, *where: ColumnElement[bool]
    ) -> tuple[list[M], str]:
        """Give a page of those the caller sees, and the token of the next."""
        conditions = [*where, *seen_by(tx.caller, self.sight)]
        conditions += has_text(self.collection, request.text)
        if request.status:
            conditions.append(self.collection.table.c.status == request.status)
        return page(tx, self.collection, request, *conditions)

    def create(self, tx: Transaction, given: M, name: str) -> M:
        """Register one; it takes part from then on.

        Raises:
            OsoError: RESOURCE_EXISTS, REQUEST_INVALID; what `settle` raises.

        """
        made: Any = new(tx, self.collection, given, name, self.field)
        made.status = PARTY_STATUS_ACTIVE
        self.settle(tx, None, made)
        return tx.put(self.collection, made)  # type: ignore[no-any-return]

    def update(self, tx: Transaction, given: M, mask: FieldMask) -> M:
        """Change one.

        Raises:
            OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, ETAG_STALE, REQUEST_INVALID, PARTY_CLOSED; what
                `settle` raises.

        """
        sent: Any = given
        self.get(tx, sent.name)
        known, made = changed(tx, self.collection, given, mask, self.field)
        if not tx.caller.is_registrar:
            for field in _differing(known, made):
                if field not in self.own_fields:
                    raise not_allowed(f"{sent.name} {field}")
        require_active(known)
        self.settle(tx, known, made)
        return tx.put(self.collection, made)

    def close(self, tx: Transaction, name: str, etag: str, *, force: bool = False) -> M:
        """Close one; with `force`, and what depends on it. Closed already: nothing changes.

        Raises:
            OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, ETAG_STALE; IN_USE, unless forced.

        """
        known: Any = self._present(tx, name, etag)
        if known.status == PARTY_STATUS_CLOSED:
            return known  # type: ignore[no-any-return]
        if force:
            self.release(tx, name)
        require_unused(name, self.users(tx, name))
        known.status = PARTY_STATUS_CLOSED
        return tx.put(self.collection, known)  # type: ignore[no-any-return]

    def reopen(self, tx: Transaction, name: str, etag: str) -> M:
        """Let a closed one take part again. Open already: nothing changes.

        Raises:
            OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, ETAG_STALE; what `settle` raises.

        """
        known: Any = self._present(tx, name, etag)
        if known.status == PARTY_STATUS_ACTIVE:
            return known  # type: ignore[no-any-return]
        known.status = PARTY_STATUS_ACTIVE
        self.settle(tx, known, known)
        return tx.put(self.collection, known)  # type: ignore[no-any-return]

    def _present(self, tx: Transaction, name: str, etag: str) -> M:
        known: Any = self.get(tx, name)
        require_etag(known, etag)
        return known  # type: ignore[no-any-return]


def require_etag(known: Any, etag: str) -> None:
    """Refuse an etag that is not the present one; an empty one goes.

    Raises:
        OsoError: ETAG_STALE.

    """
    if etag and etag != known.etag:
        raise OsoError(codes.RESULT_CODE_ETAG_STALE, resource=known.name)


def require_active(party: Any) -> None:
    """Refuse a party that does not take part.

    Raises:
        OsoError: PARTY_CLOSED.

    """
    if party.status != PARTY_STATUS_ACTIVE:
        raise OsoError(codes.RESULT_CODE_PARTY_CLOSED, resource=party.name)


def require_unused(name: str, users: Sequence[str]) -> None:
    """Refuse to end what others depend on.

    Raises:
        OsoError: IN_USE, with the first of them.

    """
    if users:
        more = f" (+{len(users) - _NAMED})" if len(users) > _NAMED else ""
        raise OsoError(
            codes.RESULT_CODE_IN_USE, resource=name, used_by=", ".join(users[:_NAMED]) + more
        )


def _differing(one: Message, other: Message) -> list[str]:
    before = {field.name: value for field, value in one.ListFields()}
    after = {field.name: value for field, value in other.ListFields()}
    names = [field.name for field in one.DESCRIPTOR.fields]
    return [name for name in names if before.get(name) != after.get(name)]
