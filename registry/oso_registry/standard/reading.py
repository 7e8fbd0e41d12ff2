"""What the standard is read with: inside a call, and where the directory is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from google.protobuf.message import Message

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from oso_registry.store import Collection

M = TypeVar("M", bound=Message)


class Reader(Protocol):
    """What resources are read with: a `Transaction`, or a `Batch` before its commit."""

    def list(self, collection: Collection[M], *where: ColumnElement[bool]) -> list[M]:
        """List resources of a kind, by name."""
        ...
