"""A school system by somebody who has the contract and docs/protocol, and none of our code.

Its school opens a session, fetches and verifies a dossier from a real source, and closes. Whoever
writes a client in another language does these steps; if one of them cannot be done from the
contract alone, this is where it shows.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from google.rpc import error_details_pb2, status_pb2

from oso.dossier.v1.dossier_pb2 import Dossier
from oso.exchange.v1 import dossier_exchange_service_pb2 as exchange
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.exchange.v1.manifest_pb2 import Manifest
from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1 import traffic_center_service_pb2 as center
from oso.trafficcenter.v1.session_pb2 import Grant
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_OVERSTAPDOSSIER, PupilIdentity

if TYPE_CHECKING:
    from .conftest import World

SECONDS = 10.0


class School:
    """The stranger's system."""

    def __init__(self, world: World) -> None:
        """Connect to the Traffic Center."""
        self.world = world
        self.center = TrafficCenterServiceStub(self.channel(world.center, world.center_name))
        self.salt = os.urandom(32)
        self.identity = _identity(world.document.dossier)

    def channel(self, address: str, name: str) -> grpc.Channel:
        """Open a channel over mutual TLS to a system of that name, and no other."""
        world = self.world
        tls = grpc.ssl_channel_credentials(world.root, world.key, world.certificate)
        return grpc.secure_channel(address, tls, [("grpc.ssl_target_name_override", name)])

    def search_key(self) -> bytes:
        """Compute docs/protocol/search-key.md."""
        born = self.identity.birth_date
        fields = ("bsn", self.identity.bsn, f"{born.year:04d}-{born.month:02d}-{born.day:02d}")
        content = b"oso.search-key.v1\0" + self.salt
        for field in fields:
            content += bytes([len(field)]) + field.encode("ascii")
        return hashlib.sha256(content).digest()

    def open(self) -> center.OpenSessionResponse:
        """Ask the Traffic Center for a session."""
        request = center.OpenSessionRequest(
            request_id=str(uuid.uuid4()),
            target_routing_key=self.world.target_routing_key,
            source_brin="00SS",
            kind=TRANSFER_KIND_OVERSTAPDOSSIER,
            accepted_dossier_years=["2019.1"],
        )
        request.key.search_key = self.search_key()
        request.send_time.GetCurrentTime()
        return self.center.OpenSession(request, timeout=SECONDS)

    def fetch(self, opened: center.OpenSessionResponse) -> list[exchange.FetchDossierResponse]:
        """Fetch from the source; give what came."""
        (address,) = opened.source_delivery_points
        point = address.delivery_point
        request = exchange.FetchDossierRequest(
            session_id=opened.session.session_id,
            grant=opened.grant,
            source_routing_key=point.routing_key,
            identity=self.identity,
            salt=self.salt,
            accepted_dossier_years=["2019.1"],
        )
        with self.channel(point.address, self.world.source_name) as channel:
            stream = DossierExchangeServiceStub(channel).FetchDossier(request, timeout=SECONDS)
            return list(stream)

    def close(
        self, opened: center.OpenSessionResponse, result: codes.ResultCode.ValueType, digest: bytes
    ) -> center.CloseSessionResponse:
        """Tell the Traffic Center what came of it."""
        (address,) = opened.source_delivery_points
        request = center.CloseSessionRequest(
            request_id=str(uuid.uuid4()),
            session_id=opened.session.session_id,
            result=result,
            source_routing_key=address.delivery_point.routing_key,
            manifest_sha256=digest,
        )
        return self.center.CloseSession(request, timeout=SECONDS)


def _identity(dossier: Dossier) -> PupilIdentity:
    pupil = dossier.huidigeschool.leerling
    return PupilIdentity(bsn=pupil.bsn, birth_date=pupil.geboortedatum)


@pytest.fixture
def school(world: World) -> School:
    """Give the stranger's system."""
    return School(world)


def _parts(responses: list[exchange.FetchDossierResponse]) -> dict[int, bytes]:
    parts: dict[int, bytes] = {}
    for response in responses:
        chunk = response.chunk
        assert len(parts.get(chunk.part_number, b"")) == chunk.offset
        parts[chunk.part_number] = parts.get(chunk.part_number, b"") + chunk.data
    return parts


def test_the_grant_can_be_verified(school: School) -> None:
    """The grant is signed as session.proto says, for this certificate, kind and key."""
    opened = school.open()

    signed = opened.grant
    Ed25519PublicKey.from_public_bytes(school.world.grant_key).verify(
        signed.signature, b"oso.trafficcenter.v1.Grant\0" + signed.grant
    )
    grant = Grant.FromString(signed.grant)
    own = x509.load_pem_x509_certificate(school.world.certificate)
    assert own.fingerprint(hashes.SHA256()) == grant.target_certificate_sha256
    assert (opened.session.session_id, school.search_key()) == (
        grant.session_id,
        grant.key.search_key,
    )


def test_a_dossier_can_be_fetched_and_verified(school: School) -> None:
    """The manifest is signed as manifest.proto says, and every part has its digest."""
    opened = school.open()

    first, *rest = school.fetch(opened)

    signed = first.manifest
    certificate = x509.load_der_x509_certificate(signed.certificate)
    (address,) = opened.source_delivery_points
    assert certificate.fingerprint(hashes.SHA256()) in address.certificate_sha256
    key: Any = certificate.public_key()
    content = b"oso.exchange.v1.Manifest\0" + signed.manifest
    key.verify(signed.signature, content, ec.ECDSA(hashes.SHA256()))
    manifest, parts = Manifest.FromString(signed.manifest), _parts(rest)
    assert [part.part_number for part in manifest.parts] == sorted(parts)
    for part in manifest.parts:
        assert part.sha256 == hashlib.sha256(parts[part.part_number]).digest()
    assert school.world.document.dossier == Dossier.FromString(parts[0])
    assert list(school.world.document.attachments) == [parts[1], parts[2]]

    digest = hashlib.sha256(signed.manifest).digest()
    closed = school.close(opened, codes.RESULT_CODE_DELIVERED, digest)
    assert codes.RESULT_CODE_DELIVERED == closed.session.result


def test_a_refusal_says_which_and_why(school: School) -> None:
    """A refusal is a google.rpc.Status with a reason of the contract and a Dutch sentence."""
    opened = school.open()
    school.identity.birth_date.day = 31 - school.identity.birth_date.day

    with pytest.raises(grpc.RpcError) as refused:
        school.fetch(opened)

    error: Any = refused.value
    trailers = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    info, text = error_details_pb2.ErrorInfo(), error_details_pb2.LocalizedMessage()
    assert any(detail.Unpack(info) for detail in status.details)
    assert any(detail.Unpack(text) for detail in status.details)
    assert ("KEY_MISMATCH", "oso", "nl") == (info.reason, info.domain, text.locale)


def test_only_the_contract_is_used() -> None:
    """This file imports generated code and public libraries; nothing of ours."""
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123  its own text
        imports = [line for line in file if line.startswith(("import ", "from "))]

    assert [] == [line for line in imports if line.split()[1].startswith("oso_")]
