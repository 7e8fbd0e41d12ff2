"""The whole directory, signed, in parts that fit in a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import Directory, SignedDirectory
from oso.directory.v1.directory_service_pb2 import SnapshotPart, WatchDirectoryResponse
from oso_registry.directory.entries import GENERAL, Kind
from oso_rpc.directory.signed import DOMAIN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from oso_registry.directory.contents import Contents
    from oso_registry.directory.publishing import State
    from oso_rpc.signing import Signer

_PART_BYTES = 256 * 1024
_FIELDS = {Kind.SCHOOL: 3, Kind.SYSTEM: 4, Kind.DELIVERY_POINT: 5}  # of Directory
_BYTES_FOLLOW = 2  # the wire type of what has a length


@dataclass(frozen=True)
class Snapshot:
    """The whole of a version, signed.

    Attributes:
        state: Which version.
        parts: What is sent.
        size: Bytes of all parts together.

    """

    state: State
    parts: Sequence[WatchDirectoryResponse]
    size: int


def make_snapshot(contents: Contents, signer: Signer, now: datetime) -> Snapshot:
    """Make and sign the whole: entries are put together as they are, without reading them."""
    state = contents.state
    head = Directory(
        version=state.order.number, epoch=state.order.epoch, delta_sha256=state.delta_sha256
    )
    head.issue_time.FromDatetime(now)
    pieces = [head.SerializeToString(deterministic=True), contents.entries.get(GENERAL, b"")]
    for place in sorted(contents.entries):
        if place.kind is not Kind.GENERAL:
            entry = contents.entries[place]
            pieces.append(
                bytes([_FIELDS[place.kind] << 3 | _BYTES_FOLLOW]) + _varint(len(entry)) + entry
            )
    directory = b"".join(pieces)
    signed = SignedDirectory(
        directory=directory, signature=signer.sign(DOMAIN, directory), key_id=signer.key_id
    ).SerializeToString(deterministic=True)
    parts = [
        WatchDirectoryResponse(
            snapshot=SnapshotPart(content=signed[at : at + _PART_BYTES], size=len(signed))
        )
        for at in range(0, len(signed), _PART_BYTES)
    ]
    return Snapshot(state, parts, len(signed))


def _varint(number: int) -> bytes:
    """Give a number as protobuf writes it."""
    made = bytearray()
    while number > 0x7F:  # noqa: PLR2004  seven bits a byte, the eighth says that more follow
        made.append(number & 0x7F | 0x80)
        number >>= 7
    made.append(number)
    return bytes(made)
