"""Who follows the directory goes on when its certificate changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.options.v1.access_pb2 import ROLE_AUDITOR
from oso.registry.v1.certificate_service_pb2 import RevokeCertificateRequest
from oso.registry.v1.certificate_service_pb2_grpc import CertificateServiceStub
from oso.registry.v1.system_pb2 import REVOCATION_REASON_SUPERSEDED
from oso_rpc.channel import Connection
from oso_rpc.clock import SystemClock
from oso_rpc.renewal import AT_ONCE, RenewalPlan, Renewer

from .conftest import put_school, until

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Followers


async def test_who_follows_goes_on_with_the_new_certificate(
    followers: Followers, tmp_path: Path
) -> None:
    """A follower renews, and the old certificate is revoked: it comes back with the new one."""
    source = await followers.credentials("follower", ROLE_AUDITOR)
    follower = await followers.follow(source, tmp_path / "a.pb")
    await followers.act(put_school("00AA"))
    await until(follower, lambda view: view.school("00AA"))
    old = source.current.certificate
    connection = Connection(followers.head_office.address, "officeheart", source)
    renewer = Renewer(source, connection, SystemClock(), RenewalPlan(overlap=AT_ONCE))
    await renewer.ask()
    await renewer.take_up()
    await connection.close()
    desk = await followers.head_office.desk()
    stub: Any = CertificateServiceStub(desk.channel)

    await stub.RevokeCertificate(
        RevokeCertificateRequest(
            request_id="7f2c6f0e-3a57-4d07-9d0c-5e8f3f1a2b3c",
            name=f"systems/follower/certificates/{old.serial_number:040x}",
            reason=REVOCATION_REASON_SUPERSEDED,
        ),
        timeout=10,
    )
    await followers.act(put_school("99ZZ"))

    assert await until(follower, lambda view: view.school("99ZZ"))
    assert source.current.certificate != old
