"""An SWV's system by somebody who has the contract and docs/protocol, and none of our code.

It is told by a real school that a dossier waits for it, verifies that word, and fetches the dossier
with the coupling key that came with it.
"""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from oso.dossier.v1.dossier_pb2 import Dossier
from oso.exchange.v1 import dossier_exchange_service_pb2 as exchange
from oso.exchange.v1 import dossier_exchange_service_pb2_grpc as exchange_grpc
from oso.exchange.v1.manifest_pb2 import Manifest
from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1 import traffic_center_service_pb2 as center
from oso.trafficcenter.v1.notification_pb2 import Notification, SignedNotification
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_dossier import write_xml
from oso_dossier.synthetic import generate
from oso_registry.testing import TRAFFIC_CENTER, Landscape, routing_key_of, swv_routing_key_of

from .conftest import SOURCE, running_center, running_process, trust, write_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECONDS = 10.0
SWV = "PO3001"


@dataclass
class Swv(exchange_grpc.DossierExchangeServiceServicer):
    """The stranger's system: it listens, and keeps what it is told.

    Attributes:
        landscape: Where its certificate is.
        center: Address of the Traffic Center.
        told: What it was told.

    """

    landscape: Landscape
    center: str
    told: list[SignedNotification] = field(default_factory=list)

    def Notify(self, request: exchange.NotifyRequest, context: Any) -> exchange.NotifyResponse:  # noqa: N802
        """Keep what a school tells, when that school showed a certificate."""
        assert context.auth_context()["x509_subject_alternative_name"]
        self.told.append(request.notification)
        return exchange.NotifyResponse()

    def pem(self) -> tuple[bytes, bytes, bytes]:
        """Give root, key and certificate."""
        return (
            self.landscape.root_file.read_bytes(),
            self.landscape.key_file("swv-a").read_bytes(),
            self.landscape.certificate_file("swv-a").read_bytes(),
        )

    def channel(self, address: str, system: str) -> grpc.Channel:
        """Open a channel to a system."""
        name = f"{system}.system.oso.internal"
        options = [("grpc.ssl_target_name_override", name)]
        return grpc.secure_channel(address, grpc.ssl_channel_credentials(*self.pem()), options)

    def serve(self, port: int) -> grpc.Server:
        """Listen for schools."""
        root, key, certificate = self.pem()
        server = grpc.server(ThreadPoolExecutor(2))
        exchange_grpc.add_DossierExchangeServiceServicer_to_server(self, server)
        pair = [(key, certificate)]
        credentials = grpc.ssl_server_credentials(pair, root, require_client_auth=True)
        server.add_secure_port(f"127.0.0.1:{port}", credentials)
        server.start()
        return server


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def _school(landscape: Landscape, center_address: str, address: str) -> Path:
    """Make the home of a school, with a dossier for an SWV that is ready; give it."""
    home = landscape.folder / SOURCE
    home.mkdir()
    values = {
        "brin": SOURCE,
        "routing_key": routing_key_of(SOURCE),
        "swv_routing_key": routing_key_of(SOURCE, 2),
        "listen": address,
        "traffic_center": center_address,
        "traffic_center_system": TRAFFIC_CENTER,
        "certificate": str(landscape.certificate_file("las-a")),
        "key": str(landscape.key_file("las-a")),
        **trust(landscape),
    }
    write_settings(home / "las.toml", values)
    (home / "dossier.xml").write_bytes(write_xml(generate("POSWV", 7)))
    _las(home, "import", str(home / "dossier.xml"))
    _las(home, "ready", "1", "--for", SWV)
    return home


def _las(home: Path, *arguments: str) -> Any:
    """Run `oso las --json`; give what it says last."""
    command = [sys.executable, "-m", "oso_las", "las", "--home", str(home), "--json", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def told_swv(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Swv]:
    """Start everything, and have a worker of the school notify the SWV."""
    landscape = Landscape(tmp_path_factory.mktemp("landscape"))
    for system in ("las-a", "swv-a"):
        landscape.add_system(system)
    source_address, swv_port = f"127.0.0.1:{_free_port()}", _free_port()
    landscape.add_school(SOURCE, "las-a", address=source_address)
    landscape.add_delivery_point(
        SOURCE, "las-a", 2, TRANSFER_KIND_SWV_DOSSIER, address=source_address
    )
    landscape.add_swv(SWV, "swv-a", address=f"127.0.0.1:{swv_port}")
    landscape.publish()
    with running_center(landscape) as address:
        home = _school(landscape, address, source_address)
        with running_process("oso_las", "las", "--home", home, "serve"):
            swv = Swv(landscape, address)  # type: ignore[abstract]  # an SWV gives out nothing
            server = swv.serve(swv_port)
            (sent,) = _las(home, "notify", "1")["notified"]
            assert sent["result"] == "ARRIVED"
            yield swv
            server.stop(0)


def test_the_word_of_the_centre_can_be_verified(told_swv: Swv) -> None:
    """With its Ed25519 key over name, zero byte and bytes; and it names no pupil, but a key."""
    (signed,) = told_swv.told
    key = told_swv.landscape.directory.traffic_center_keys[0].public_key
    message = b"oso.trafficcenter.v1.Notification\0" + signed.notification
    Ed25519PublicKey.from_public_bytes(key).verify(signed.signature, message)
    notification = Notification.FromString(signed.notification)

    assert (notification.source_brin, notification.target_swv) == (SOURCE, SWV)
    assert notification.target_routing_key == swv_routing_key_of(SWV)
    assert len(notification.coupling_key) == 43


def test_the_dossier_is_fetched_with_the_coupling_key(told_swv: Swv) -> None:
    """Open, fetch and close; what comes is the dossier, without a number of a person."""
    notification = Notification.FromString(told_swv.told[0].notification)
    with told_swv.channel(told_swv.center, TRAFFIC_CENTER) as to_center:
        traffic_center = TrafficCenterServiceStub(to_center)
        opening = center.OpenSessionRequest(
            request_id=str(uuid.uuid4()),
            target_routing_key=swv_routing_key_of(SWV),
            source_brin=notification.source_brin,
            kind=TRANSFER_KIND_SWV_DOSSIER,
            accepted_dossier_years=["2019.1"],
        )
        opening.key.coupling_key = notification.coupling_key
        opening.send_time.GetCurrentTime()
        opened = traffic_center.OpenSession(opening, timeout=SECONDS)
        (address,) = opened.source_delivery_points
        request = exchange.FetchDossierRequest(
            session_id=opened.session.session_id,
            grant=opened.grant,
            source_routing_key=address.delivery_point.routing_key,
            coupling_key=notification.coupling_key,
            accepted_dossier_years=["2019.1"],
        )
        with told_swv.channel(address.delivery_point.address, "las-a") as to_school:
            stub = exchange_grpc.DossierExchangeServiceStub(to_school)
            first, *rest = stub.FetchDossier(request, timeout=SECONDS)
        manifest = Manifest.FromString(first.manifest.manifest)
        closing = center.CloseSessionRequest(
            request_id=str(uuid.uuid4()),
            session_id=opened.session.session_id,
            result=codes.RESULT_CODE_DELIVERED,
            source_routing_key=address.delivery_point.routing_key,
            manifest_sha256=hashlib.sha256(first.manifest.manifest).digest(),
        )
        closed = traffic_center.CloseSession(closing, timeout=SECONDS)

    content = b"".join(one.chunk.data for one in rest if one.chunk.part_number == 0)
    dossier = Dossier.FromString(content)
    assert (manifest.profile, manifest.kind) == ("POSWV", TRANSFER_KIND_SWV_DOSSIER)
    assert dossier == generate("POSWV", 7).dossier
    assert dossier.huidigeschool.leerling.WhichOneof("nummer") is None
    assert closed.session.target_swv == SWV
