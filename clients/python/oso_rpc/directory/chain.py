"""What may follow upon what: every word of OfficeHeart against what is known already.

Pure: bytes, keys and what is known in; what is known then out, or an error and nothing changed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oso_rpc.clock import moment
from oso_rpc.directory.errors import (
    DirectoryEpochError,
    DirectoryGapError,
    DirectoryOlderError,
)
from oso_rpc.directory.signed import open_delta, open_directory, open_heartbeat
from oso_rpc.directory.view import DirectoryView, Version

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from oso.directory.v1.directory_service_pb2 import (
        SignedDirectoryDelta,
        SignedDirectoryHeartbeat,
    )

NOTHING = Version(0, 0)


@dataclass(frozen=True)
class Known:
    """What is known of the directory.

    Attributes:
        view: The newest version.
        issue_time: When OfficeHeart last said that it is; its age counts from here.

    """

    view: DirectoryView
    issue_time: datetime


class Chain:
    """Judges words of OfficeHeart by the keys that are trusted."""

    def __init__(self, trusted_keys: Mapping[str, bytes]) -> None:
        """Take the keys, by key id."""
        self._trusted_keys = trusted_keys

    def after_snapshot(self, known: Known | None, seen: Version, signed: bytes) -> Known:
        """Take a serialized SignedDirectory in place of what is known.

        Args:
            known: What is known.
            seen: The newest version ever seen, also by another process before this one.
            signed: The snapshot.

        Raises:
            DirectorySignatureError: No key we trust signed it.
            DirectoryInvalidError: It is no directory.
            DirectoryOlderError: It is older than what was seen.

        """
        view = open_directory(signed, self._trusted_keys)
        _require_newest(view.order, seen if known is None else max(seen, known.view.order))
        issue_time = view.issue_time
        if known is not None and known.view.order == view.order:
            # A heartbeat may have said since that this version is still the newest.
            issue_time = max(issue_time, known.issue_time)
        return Known(view, issue_time)

    def after_delta(self, known: Known, signed: SignedDirectoryDelta) -> Known:
        """Apply a change.

        Raises:
            DirectorySignatureError: No key we trust signed it.
            DirectoryInvalidError: It is no change of a directory.
            DirectoryOlderError: It leads to the version that is known, or one before.
            DirectoryGapError: It does not follow upon the version that is known.

        """
        delta = open_delta(signed, self._trusted_keys)
        view, found = known.view, Version(delta.epoch, delta.version)
        if found == view.order:
            raise DirectoryOlderError(delta.version, view.version)
        _require_newest(found, view.order)
        if (
            found != Version(view.epoch, view.version + 1)
            or delta.previous_sha256 != view.delta_sha256
        ):
            raise DirectoryGapError(delta.version, view.version)
        changed = view.changed(delta, hashlib.sha256(signed.delta).digest())
        return Known(changed, changed.issue_time)

    def after_heartbeat(self, known: Known, signed: SignedDirectoryHeartbeat) -> Known:
        """Take OfficeHeart's word that what is known is the newest.

        Raises:
            DirectorySignatureError: No key we trust signed it.
            DirectoryInvalidError: It is no heartbeat.
            DirectoryOlderError: It is about a version before ours.
            DirectoryGapError: It is about one we do not have.

        """
        heartbeat = open_heartbeat(signed, self._trusted_keys)
        view = known.view
        _require_newest(Version(heartbeat.epoch, heartbeat.version), view.order)
        if (
            Version(heartbeat.epoch, heartbeat.version) != view.order
            or heartbeat.delta_sha256 != view.delta_sha256
        ):
            raise DirectoryGapError(heartbeat.version, view.version)
        return Known(view, moment(heartbeat.issue_time))


def _require_newest(found: Version, have: Version) -> None:
    if found.epoch < have.epoch:
        raise DirectoryEpochError(found.number, have.number)
    if found < have:
        raise DirectoryOlderError(found.number, have.number)
