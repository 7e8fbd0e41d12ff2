"""What OfficeHeart signs of the directory, and opening it.

Opening believes nothing before the signature is verified, over the bytes as they came.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import protovalidate
from google.protobuf.message import DecodeError, Message

from oso.directory.v1.directory_pb2 import Directory, SignedDirectory
from oso.directory.v1.directory_service_pb2 import DirectoryDelta, DirectoryHeartbeat
from oso_rpc.directory.errors import DirectoryInvalidError, DirectorySignatureError
from oso_rpc.directory.view import DirectoryView
from oso_rpc.signing import verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.directory.v1.directory_service_pb2 import (
        SignedDirectoryDelta,
        SignedDirectoryHeartbeat,
    )

DOMAIN = "oso.directory.v1"
DELTA_DOMAIN = "oso.directory.v1.Delta"
HEARTBEAT_DOMAIN = "oso.directory.v1.Heartbeat"

M = TypeVar("M", bound=Message)


def open_directory(signed: bytes, trusted_keys: Mapping[str, bytes]) -> DirectoryView:
    """Open a serialized SignedDirectory.

    Raises:
        DirectorySignatureError: No key we trust signed it.
        DirectoryInvalidError: It is no directory.

    """
    try:
        envelope = SignedDirectory.FromString(signed)
    except DecodeError:
        raise DirectoryInvalidError from None
    _require(trusted_keys, envelope, DOMAIN, envelope.directory)
    return DirectoryView(_read(Directory, envelope.directory))


def open_delta(envelope: SignedDirectoryDelta, trusted_keys: Mapping[str, bytes]) -> DirectoryDelta:
    """Open a SignedDirectoryDelta.

    Raises: as `open_directory`.
    """
    _require(trusted_keys, envelope, DELTA_DOMAIN, envelope.delta)
    delta = _read(DirectoryDelta, envelope.delta)
    if delta.HasField("general"):
        _require_sound(delta)
    return delta


def open_heartbeat(
    envelope: SignedDirectoryHeartbeat, trusted_keys: Mapping[str, bytes]
) -> DirectoryHeartbeat:
    """Open a SignedDirectoryHeartbeat.

    Raises: as `open_directory`.
    """
    _require(trusted_keys, envelope, HEARTBEAT_DOMAIN, envelope.heartbeat)
    return _read(DirectoryHeartbeat, envelope.heartbeat)


def _require(
    trusted_keys: Mapping[str, bytes],
    envelope: SignedDirectory | SignedDirectoryDelta | SignedDirectoryHeartbeat,
    domain: str,
    content: bytes,
) -> None:
    if not verify(trusted_keys, envelope.key_id, domain, content, envelope.signature):
        raise DirectorySignatureError


def _read(kind: type[M], content: bytes) -> M:
    try:
        message = kind.FromString(content)
        protovalidate.validate(message)
    except (DecodeError, protovalidate.ValidationError):
        raise DirectoryInvalidError from None
    return message


def _require_sound(delta: DirectoryDelta) -> None:
    """Check the part of a Directory that comes without version and time, as one that has both."""
    whole = Directory(version=delta.version, issue_time=delta.issue_time)
    whole.MergeFrom(delta.general)
    try:
        protovalidate.validate(whole)
    except protovalidate.ValidationError:
        raise DirectoryInvalidError from None
