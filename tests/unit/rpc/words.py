"""Words of an OfficeHeart about the directory, as a test wants them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from oso.directory.v1.directory_pb2 import (
    QUALIFICATION_STATE_QUALIFIED,
    SECTOR_PO,
    Directory,
    School,
    SignedDirectory,
)
from oso.directory.v1.directory_service_pb2 import (
    DirectoryDelta,
    DirectoryHeartbeat,
    SignedDirectoryDelta,
    SignedDirectoryHeartbeat,
)
from oso_rpc.directory.signed import DELTA_DOMAIN, DOMAIN, HEARTBEAT_DOMAIN
from oso_rpc.signing import Signer

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EPOCH = 7


class Words:
    """Signs words, one after another.

    Attributes:
        signer: The key.
        epoch: The epoch of what is said.
        version: The last version.
        head: Digest of the last delta.

    """

    def __init__(self, epoch: int = EPOCH, version: int = 1) -> None:
        """Begin with a version that no delta led to."""
        self.signer = Signer(Ed25519PrivateKey.generate())
        self.epoch = epoch
        self.version = version
        self.head = b""
        self.time = NOW

    @property
    def keys(self) -> dict[str, bytes]:
        """What a reader trusts."""
        return {self.signer.key_id: self.signer.public_key}

    def snapshot(self, *brins: str) -> bytes:
        """Say the whole, with these schools."""
        whole = Directory(
            version=self.version,
            epoch=self.epoch,
            delta_sha256=self.head,
            schools=[school(brin) for brin in brins],
            accepted_dossier_years=["2019.1"],
        )
        whole.issue_time.FromDatetime(self.time)
        content = whole.SerializeToString()
        return SignedDirectory(
            directory=content,
            signature=self.signer.sign(DOMAIN, content),
            key_id=self.signer.key_id,
        ).SerializeToString()

    def delta(self, *brins: str, **changes: Any) -> SignedDirectoryDelta:
        """Say a change that follows upon the one before, with these schools."""
        self.version += 1
        self.time += timedelta(minutes=1)
        delta = DirectoryDelta(
            epoch=self.epoch,
            version=self.version,
            previous_sha256=self.head,
            schools=[school(brin) for brin in brins],
        )
        delta.issue_time.FromDatetime(self.time)
        for field, value in changes.items():
            if isinstance(value, list):
                getattr(delta, field).extend(value)
            else:
                setattr(delta, field, value)
        content = delta.SerializeToString()
        self.head = hashlib.sha256(content).digest()
        return SignedDirectoryDelta(
            delta=content,
            signature=self.signer.sign(DELTA_DOMAIN, content),
            key_id=self.signer.key_id,
        )

    def heartbeat(self, **changes: Any) -> SignedDirectoryHeartbeat:
        """Say that the last version is the newest."""
        self.time += timedelta(minutes=1)
        beat = DirectoryHeartbeat(epoch=self.epoch, version=self.version, delta_sha256=self.head)
        beat.issue_time.FromDatetime(self.time)
        for field, value in changes.items():
            setattr(beat, field, value)
        content = beat.SerializeToString()
        return SignedDirectoryHeartbeat(
            heartbeat=content,
            signature=self.signer.sign(HEARTBEAT_DOMAIN, content),
            key_id=self.signer.key_id,
        )


def school(brin: str) -> School:
    """Make a qualified school."""
    return School(
        brin=brin,
        name=f"School {brin}",
        sector=SECTOR_PO,
        qualification=QUALIFICATION_STATE_QUALIFIED,
    )
