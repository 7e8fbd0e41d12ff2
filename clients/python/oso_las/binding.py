"""Which certificate of ours a session is bound to.

The Traffic Center binds a session to the certificate it was opened with. A renewal in between
changes nothing of that: it is fetched and closed with the certificate it was opened with.
"""

from __future__ import annotations

from oso.trafficcenter.v1.session_pb2 import Grant, SignedGrant
from oso.trafficcenter.v1.traffic_center_service_pb2 import OpenSessionResponse


def bound_to(opened: OpenSessionResponse) -> bytes:
    """Give the thumbprint of the certificate a session was granted to; empty when it is not told.

    Raises:
        DecodeError: The grant cannot be read.

    """
    return Grant.FromString(opened.grant.grant).target_certificate_sha256


def only_binding(opened: OpenSessionResponse) -> bytes:
    """Give of a session that is over what closing it still needs, and nothing about the pupil."""
    grant = Grant(target_certificate_sha256=bound_to(opened)).SerializeToString()
    return OpenSessionResponse(grant=SignedGrant(grant=grant)).SerializeToString()
