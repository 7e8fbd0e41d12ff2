"""From an invitation to a certificate in use, and its end: real calls, real keys, a real kill."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import textwrap
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import grpc
from click.testing import CliRunner
from google.protobuf.json_format import Parse

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import certificate_service_pb2 as certificates
from oso.registry.v1 import enrolment_service_pb2 as enrolment
from oso.registry.v1 import system_service_pb2 as systems
from oso.registry.v1.audit_service_pb2 import ListAuditEntriesRequest
from oso.registry.v1.audit_service_pb2_grpc import AuditServiceStub
from oso.registry.v1.certificate_service_pb2_grpc import CertificateServiceStub
from oso.registry.v1.enrolment_service_pb2_grpc import EnrolmentServiceStub
from oso.registry.v1.invitation_pb2 import Invitation
from oso.registry.v1.system_pb2 import (
    CERTIFICATE_STATE_INTENDED,
    CERTIFICATE_STATE_ISSUED,
    REVOCATION_REASON_KEY_COMPROMISE,
    System,
)
from oso.registry.v1.system_service_pb2_grpc import SystemServiceStub
from oso_registry.app import opened
from oso_registry.calls import Caller
from oso_registry.cli import main
from oso_registry.settings import SETTINGS_FILE, Settings
from oso_registry.systems.invitations import digest_of
from oso_registry.systems.resources import CERTIFICATES
from oso_rpc.credentials import Credentials, new_key_and_request, write_private
from oso_rpc.errors import from_rpc_error
from oso_rpc.identity import system_tls_name

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Desk, HeadOffice

_SYSTEM = "systems/las-new"


async def _refused(call: Any) -> str:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error, party="OfficeHeart").name
    return ""


async def _register(desk: Desk, role: roles.Role.ValueType = roles.ROLE_HELPDESK) -> None:
    request = systems.CreateSystemRequest(
        request_id=str(uuid4()),
        system_id=_SYSTEM.removeprefix("systems/"),
        system=System(display_name="Nieuw", role=role),
    )
    await desk.stub(SystemServiceStub).CreateSystem(request, timeout=10)


async def _invite(desk: Desk) -> Invitation:
    request = enrolment.InviteSystemRequest(request_id=str(uuid4()), system=_SYSTEM)
    told = await desk.stub(EnrolmentServiceStub).InviteSystem(request, timeout=10)
    return told.invitation


def _open_channel(invitation: Invitation) -> grpc.aio.Channel:
    """Connect as whoever has an invitation and nothing else."""
    pin = ("grpc.ssl_target_name_override", system_tls_name("officeheart"))
    tls = grpc.ssl_channel_credentials(invitation.authority_pem.encode())
    return grpc.aio.secure_channel(invitation.enrolment_address, tls, options=(pin,))


async def _enrol(
    invitation: Invitation, csr: bytes, **changes: str
) -> enrolment.EnrolCertificateResponse:
    request = enrolment.EnrolCertificateRequest(
        request_id=str(uuid4()),
        system=changes.get("system", invitation.system),
        token=changes.get("token", invitation.token),
        signing_request=csr,
    )
    request.request_time.FromDatetime(datetime.now(UTC))
    channel = _open_channel(invitation)
    try:
        stub = EnrolmentServiceStub(channel)
        return await stub.EnrolCertificate(request, timeout=10)  # type: ignore[no-any-return,unused-ignore]
    finally:
        await channel.close()


def _write(folder: Path, key: bytes, given: Any) -> Credentials:
    folder.mkdir()
    write_private(folder / "system.key", key)
    (folder / "system.crt").write_text(given.certificate.pem)
    (folder / "root.crt").write_text(given.authority_pem)
    return Credentials.load(folder / "system.crt", folder / "system.key", folder / "root.crt")


async def test_who_was_invited_enrols_renews_and_is_revoked(
    head_office: HeadOffice, tmp_path: Path
) -> None:
    """The key never leaves; each certificate opens the door until it is taken back."""
    registrar = await head_office.desk()
    await _register(registrar)
    invitation = await _invite(registrar)
    key, csr = new_key_and_request("las-new")

    first = head_office.connect(
        "las-new", _write(tmp_path / "a", key, await _enrol(invitation, csr))
    )

    stub = first.stub(EnrolmentServiceStub)
    next_key, next_csr = new_key_and_request("las-new")
    renewal = enrolment.RenewCertificateRequest(request_id=str(uuid4()), signing_request=next_csr)
    given = await stub.RenewCertificate(renewal, timeout=10)
    second = head_office.connect("las-new", _write(tmp_path / "b", next_key, given))
    listing = certificates.ListCertificatesRequest(parent=_SYSTEM)
    for desk in (first, second):
        told = await desk.stub(CertificateServiceStub).ListCertificates(listing, timeout=10)
        assert [CERTIFICATE_STATE_ISSUED] * 2 == [one.state for one in told.certificates]
    revocation = certificates.RevokeCertificateRequest(
        request_id=str(uuid4()),
        name=given.certificate.name,
        reason=REVOCATION_REASON_KEY_COMPROMISE,
    )
    await registrar.stub(CertificateServiceStub).RevokeCertificate(revocation, timeout=10)
    refused = [
        await _refused(desk.stub(CertificateServiceStub).ListCertificates(listing, timeout=10))
        for desk in (first, second)
    ]
    assert ["", "CERTIFICATE_REVOKED"] == refused


async def test_the_token_lies_nowhere(head_office: HeadOffice) -> None:
    """Neither in the database nor in the audit trail: only its SHA-256."""
    registrar = await head_office.desk()
    await _register(registrar)

    invitation = await _invite(registrar)

    house = head_office.house
    kept = await house.office.database.read(
        lambda batch: [
            str(dict(row))
            for table in ("invitation", "reply", "audit_entry")
            for row in batch.connection.exec_driver_sql(f"SELECT * FROM {table}").mappings()  # noqa: S608  names of ours
        ]
    )
    assert any(digest_of(invitation.token) in row for row in kept)
    assert not any(invitation.token in row for row in kept)
    auditor = await head_office.desk(roles.ROLE_AUDITOR)
    told = await auditor.stub(AuditServiceStub).ListAuditEntries(
        ListAuditEntriesRequest(resource=_SYSTEM), timeout=10
    )
    assert ["InviteSystem", "CreateSystem"] == [one.method for one in told.audit_entries]


async def test_a_guesser_is_stopped_before_the_database_is_asked(head_office: HeadOffice) -> None:
    """After ten tokens that are no good nobody at that address gets an answer for a while."""
    registrar = await head_office.desk()
    await _register(registrar)
    invitation = await _invite(registrar)
    _, csr = new_key_and_request("las-new")

    reasons = [await _refused(_enrol(invitation, csr, token="A" * 43)) for _ in range(11)]

    assert [*["ENROLMENT_TOKEN_UNKNOWN"] * 10, "ENROLMENT_BUSY"] == reasons
    assert "ENROLMENT_BUSY" == await _refused(_enrol(invitation, csr))


async def test_a_system_out_of_use_is_refused_on_its_open_connection(
    head_office: HeadOffice,
) -> None:
    """The next call after it was disabled is refused; enabled, it still needs a new certificate."""
    registrar = await head_office.desk()
    other = await head_office.desk(roles.ROLE_HELPDESK)
    stub = registrar.stub(SystemServiceStub)
    listing = systems.ListSystemsRequest()
    name = f"systems/{other.system_id}"
    before = await _refused(other.stub(SystemServiceStub).ListSystems(listing, timeout=10))

    await stub.DisableSystem(
        systems.DisableSystemRequest(request_id=str(uuid4()), name=name), timeout=10
    )
    disabled = await _refused(other.stub(SystemServiceStub).ListSystems(listing, timeout=10))
    await stub.EnableSystem(
        systems.EnableSystemRequest(request_id=str(uuid4()), name=name), timeout=10
    )
    enabled = await _refused(other.stub(SystemServiceStub).ListSystems(listing, timeout=10))

    assert ["", "CERTIFICATE_REVOKED", "CERTIFICATE_REVOKED"] == [before, disabled, enabled]


async def test_at_a_desk_a_system_is_registered_invited_and_revoked(
    head_office: HeadOffice, tmp_path: Path
) -> None:
    """The commands say in a line what they did; the invitation is for its owner's eyes."""
    at = head_office.folder / "desk"
    settings = at / "desk.toml"
    settings.write_text(f'office_heart = "{head_office.address}"\n')
    file = tmp_path / "invitation.json"

    async def run(*arguments: str) -> str:
        done = await asyncio.to_thread(
            CliRunner().invoke, main, ["--desk", str(at), "--lang", "en", *arguments]
        )
        return done.output

    added = await run("system", "add", "las-new", "--name", "Nieuw", "--role", "helpdesk")
    invited = await run("system", "invite", "las-new", "--out", str(file))
    again = await run("system", "invite", "las-new", "--out", str(file))
    invitation = Parse(file.read_text(), Invitation())
    key, csr = new_key_and_request("las-new")
    given = await _enrol(invitation, csr)
    desk = head_office.connect("las-new", _write(tmp_path / "a", key, given))
    serial = given.certificate.name.rpartition("/")[2]
    shown = await run("system", "show", "las-new")
    revoked = await run("certificate", "revoke", f"las-new/{serial}", "--reason", "superseded")

    assert "las-new  Nieuw  helpdesk\n" == added
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert "send it as you would a password" in invited
    assert invitation.token not in invited
    assert "is there already; nothing was changed" in again
    assert [True, True, True] == [
        f"las-new/{serial}" in shown,
        "issued" in shown,
        "revoked" in revoked,
    ]
    listing = systems.ListSystemsRequest()
    assert "CERTIFICATE_REVOKED" == await _refused(
        desk.stub(SystemServiceStub).ListSystems(listing, timeout=10)
    )


async def test_a_registrar_who_lost_everything_is_invited_at_the_home_folder(
    head_office: HeadOffice, tmp_path: Path
) -> None:
    """Whoever administers OfficeHeart's machine can let a registrar in again, and nobody else."""
    home, file = str(head_office.folder), tmp_path / "invitation.json"

    async def run(*arguments: str) -> Any:
        return await asyncio.to_thread(
            CliRunner().invoke,
            main,
            ["--lang", "en", "invite-registrar", "--home", home, *arguments],
        )

    other = await run("--out", str(file), "--system", "officeheart")
    done = await run("--out", str(file))

    assert (1, 0) == (other.exit_code, done.exit_code)
    invitation = Parse(file.read_text(), Invitation())
    house = head_office.house
    port = f"127.0.0.1:{head_office.server.open_port}"
    invitation.enrolment_address = port  # the settings of this test say port 0
    key, csr = new_key_and_request("registrar")
    credentials = _write(tmp_path / "a", key, await _enrol(invitation, csr))
    desk = head_office.connect("registrar", credentials)
    assert "" == await _refused(
        desk.stub(SystemServiceStub).ListSystems(systems.ListSystemsRequest(), timeout=10)
    )
    assert house.settings.listen_enrolment != port


# OfficeHeart, but for a signature: there the process dies, as a machine that loses its power.
_DIES_WHILE_SIGNING = textwrap.dedent(
    """
    import asyncio, os, signal, sys
    from pathlib import Path
    import oso_rpc
    from oso_registry import app
    from oso_registry.authority import Authority
    from oso_registry.settings import SETTINGS_FILE, Settings

    Authority.sign = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    home = Path(sys.argv[1])
    asyncio.run(app.serve(home, Settings.load(home / SETTINGS_FILE)))
    """
)


_COMMAND = "from oso_registry.cli import main; main()"


def _start(*command: str) -> tuple[subprocess.Popen[str], str]:
    child = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert child.stdout is not None
    with child.stdout:
        line = child.stdout.readline()
    return child, line.rpartition(" ")[2].strip()


async def test_a_crash_between_intent_and_signature_is_repaired(
    head_office: HeadOffice, tmp_path: Path
) -> None:
    """The client that asks again gets the one certificate that was meant, and it works."""
    registrar = await head_office.desk()
    await _register(registrar)
    invitation = await _invite(registrar)
    key, csr = new_key_and_request("las-new")
    home = head_office.folder
    settings = Settings.load(home / SETTINGS_FILE)

    async def states() -> list[tuple[str, int]]:
        async with opened(home, settings) as office:
            found = await office.look(Caller(), lambda tx: tx.list(CERTIFICATES))
        return [(one.name, one.state) for one in found if one.name.startswith(_SYSTEM)]

    child, invitation.enrolment_address = _start("-c", _DIES_WHILE_SIGNING, str(home))
    lost = await _refused(_enrol(invitation, csr))
    killed = await asyncio.to_thread(child.wait)
    intended = await states()
    child, invitation.enrolment_address = _start(
        "-c", "from oso_registry.cli import main; main()", "serve", "--home", str(home)
    )
    repaired = await states()
    given = await _enrol(invitation, csr)
    child.terminate()
    await asyncio.to_thread(child.wait)

    assert ("UNREACHABLE", -signal.SIGKILL) == (lost, killed)
    assert [CERTIFICATE_STATE_INTENDED] == [state for _, state in intended]
    assert [(intended[0][0], CERTIFICATE_STATE_ISSUED)] == repaired
    assert intended[0][0] == given.certificate.name
    desk = head_office.connect("las-new", _write(tmp_path / "a", key, given))
    assert "" == await _refused(
        desk.stub(SystemServiceStub).ListSystems(systems.ListSystemsRequest(), timeout=10)
    )
