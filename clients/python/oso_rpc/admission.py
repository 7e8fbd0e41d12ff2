"""May this certificate be used now?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from oso.directory.v1.directory_pb2 import CERTIFICATE_STATUS_ACTIVE, CERTIFICATE_STATUS_REVOKED
from oso.result.v1.result_code_pb2 import (
    RESULT_CODE_CERTIFICATE_EXPIRED,
    RESULT_CODE_CERTIFICATE_REVOKED,
    RESULT_CODE_CERTIFICATE_UNKNOWN,
)
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from datetime import datetime

    from oso_rpc.directory import CurrentDirectory
    from oso_rpc.identity import PeerIdentity


class Admission(Protocol):
    """Decides on every call whether the caller's certificate may be used."""

    def check(self, peer: PeerIdentity, now: datetime) -> None:
        """Return when it may; raise OsoError when it may not."""
        ...


class DirectoryAdmission:
    """Admits certificates the directory has as active, between their dates.

    gRPC checks a certificate once, when a connection is made. This is asked on each call, so a
    certificate that is taken back is refused on open connections too.
    """

    def __init__(self, source: CurrentDirectory) -> None:
        """Take the directory to ask."""
        self._source = source

    def check(self, peer: PeerIdentity, now: datetime) -> None:
        """Refuse a certificate that is expired, revoked or unknown.

        Raises:
            OsoError: CERTIFICATE_EXPIRED, CERTIFICATE_REVOKED, CERTIFICATE_UNKNOWN or
                DIRECTORY_EXPIRED.

        """
        if not peer.not_before <= now < peer.not_after:
            raise OsoError(
                RESULT_CODE_CERTIFICATE_EXPIRED,
                not_before=peer.not_before.isoformat(),
                not_after=peer.not_after.isoformat(),
            )
        found = self._source.view().certificate(peer.certificate_sha256)
        if found is None or found[0].system_id != peer.system_id:
            raise OsoError(RESULT_CODE_CERTIFICATE_UNKNOWN)
        if found[1].status == CERTIFICATE_STATUS_REVOKED:
            raise OsoError(RESULT_CODE_CERTIFICATE_REVOKED)
        if found[1].status != CERTIFICATE_STATUS_ACTIVE:
            raise OsoError(RESULT_CODE_CERTIFICATE_UNKNOWN)
