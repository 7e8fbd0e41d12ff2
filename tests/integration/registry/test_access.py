"""Who may call what at OfficeHeart: every method, every role, and nobody at all."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc
import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from oso.options.v1.access_pb2 import ROLE_AUDITOR, ROLE_REGISTRAR, Role
from oso.registry.v1 import audit_service_pb2_grpc
from oso.registry.v1.audit_service_pb2 import ListAuditEntriesRequest
from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_REVOKED
from oso_registry.access import access_of, may_call
from oso_registry.systems.resources import CERTIFICATES, certificates_of
from oso_rpc.credentials import Credentials, new_key_and_request, write_private
from oso_rpc.errors import from_rpc_error
from oso_rpc.identity import system_tls_name

if TYPE_CHECKING:
    from pathlib import Path

    from oso_registry.store import Transaction

    from .conftest import HeadOffice

_OFFICE_HEARTS = ("oso.registry.v1.", "oso.directory.v1.")


async def _methods(channel: grpc.aio.Channel) -> list[str]:
    """Walk all methods a server tells of itself."""
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)

    async def asked(
        request: reflection_pb2.ServerReflectionRequest,
    ) -> reflection_pb2.ServerReflectionResponse:
        call = stub.ServerReflectionInfo(iter([request]))
        async for response in call:
            return response
        raise AssertionError

    request = reflection_pb2.ServerReflectionRequest
    services = (await asked(request(list_services=""))).list_services_response.service
    methods = []
    for service in services:
        files = await asked(request(file_containing_symbol=service.name))
        for serialized in files.file_descriptor_response.file_descriptor_proto:
            file = FileDescriptorProto.FromString(serialized)
            methods += [
                f"/{service.name}/{method.name}"
                for one in file.service
                if f"{file.package}.{one.name}" == service.name
                for method in one.method
            ]
    return sorted(set(methods))


async def _reason(channel: grpc.aio.Channel, method: str) -> str:
    """Call a method with an empty request; give why it was refused, empty when it was not."""
    ask: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(method)
    call = ask(iter([b""]), timeout=5)
    try:
        async for _ in call:
            break
    except grpc.aio.AioRpcError as error:
        told = from_rpc_error(error, party="OfficeHeart")
        return f"{told.name} {told.metadata.get('detail', '')}"
    finally:
        call.cancel()
    return ""


def _is_ours(method: str) -> bool:
    return method.startswith(tuple(f"/{package}" for package in _OFFICE_HEARTS))


async def test_every_method_says_who_may_call_it(head_office: HeadOffice) -> None:
    """No method of OfficeHeart is left to the default, which is to refuse everybody."""
    desk = await head_office.desk()

    methods = [method for method in await _methods(desk.channel) if _is_ours(method)]

    assert methods
    assert [] == [method for method in methods if not access_of(method).ByteSize()]


@pytest.mark.parametrize("role", [role for role in Role.values() if role])
async def test_a_role_may_call_what_the_contract_gives_it_and_nothing_else(
    head_office: HeadOffice, role: Role.ValueType
) -> None:
    """Every method refuses every role it does not name, before it looks at the request."""
    desk = await head_office.desk(role)

    wrong = []
    for method in filter(_is_ours, await _methods(desk.channel)):
        reason = await _reason(desk.channel, method)
        refused = reason == f"NOT_ALLOWED {method.rpartition('/')[2]}"
        if refused == may_call(role, method):
            wrong.append((method, reason))

    assert [] == wrong


async def test_without_a_certificate_only_enrolment_answers(head_office: HeadOffice) -> None:
    """On the open port a method refuses who has no certificate, unless it says otherwise."""
    desk = await head_office.desk()
    root = (head_office.folder / "ca" / "root.crt").read_bytes()
    pin = ("grpc.ssl_target_name_override", system_tls_name("officeheart"))
    address = f"127.0.0.1:{head_office.server.open_port}"
    stranger = grpc.aio.secure_channel(address, grpc.ssl_channel_credentials(root), options=(pin,))

    wrong = []
    for method in await _methods(desk.channel):
        refused = (await _reason(stranger, method)).startswith("CERTIFICATE_UNKNOWN")
        if refused == access_of(method).without_certificate:
            wrong.append(method)
    await stranger.close()

    assert [] == wrong


async def test_a_certificate_that_was_taken_back_is_refused_on_its_open_connection(
    head_office: HeadOffice,
) -> None:
    """The next call after the revocation is refused, though the connection stands."""
    desk = await head_office.desk()
    stub = desk.stub(audit_service_pb2_grpc.AuditServiceStub)
    await stub.ListAuditEntries(ListAuditEntriesRequest(), timeout=10)

    def revoke(tx: Transaction) -> None:
        for certificate in certificates_of(tx, f"systems/{desk.system_id}"):
            certificate.state = CERTIFICATE_STATE_REVOKED
            tx.put(CERTIFICATES, certificate)

    await head_office.house.office.act(revoke)

    assert "CERTIFICATE_REVOKED " == await _reason(
        desk.channel, "/oso.registry.v1.AuditService/ListAuditEntries"
    )


async def test_a_certificate_nobody_registered_is_refused(
    head_office: HeadOffice, tmp_path: Path
) -> None:
    """Our authority's signature alone opens no door."""
    key, request = new_key_and_request("registrar")
    write_private(tmp_path / "x.key", key)
    (tmp_path / "x.crt").write_bytes(
        head_office.authority.issue(request, "registrar", datetime.now(UTC))
    )
    root = head_office.folder / "ca" / "root.crt"
    desk = head_office.connect(
        "registrar", Credentials.load(tmp_path / "x.crt", tmp_path / "x.key", root)
    )

    assert "CERTIFICATE_UNKNOWN " == await _reason(
        desk.channel, "/oso.registry.v1.AuditService/ListAuditEntries"
    )


async def test_the_audit_trail_says_who_did_what(head_office: HeadOffice) -> None:
    """Each entry has the resource as it was before and as it became."""
    auditor = await head_office.desk(ROLE_AUDITOR)
    registrar = await head_office.desk(ROLE_REGISTRAR)
    stub = auditor.stub(audit_service_pb2_grpc.AuditServiceStub)

    told = await stub.ListAuditEntries(
        ListAuditEntriesRequest(resource=f"systems/{registrar.system_id}"), timeout=10
    )

    assert 1 == len(told.audit_entries)
    entry = told.audit_entries[0]
    assert (False, True) == (entry.HasField("before"), entry.HasField("after"))
    assert "oso.registry.v1.System" == entry.after.TypeName()


async def test_the_audit_trail_comes_in_pages_the_newest_first(head_office: HeadOffice) -> None:
    """Every entry comes once, in falling order."""
    desk = await head_office.desk(ROLE_AUDITOR)
    stub = desk.stub(audit_service_pb2_grpc.AuditServiceStub)
    numbers, token = [], ""
    while True:
        told = await stub.ListAuditEntries(
            ListAuditEntriesRequest(page_size=2, page_token=token), timeout=10
        )
        numbers += [int(one.name.rpartition("/")[2]) for one in told.audit_entries]
        token = told.next_page_token
        if not token:
            break

    assert list(range(len(numbers), 0, -1)) == numbers


async def test_a_page_token_that_was_not_given_out_is_refused(head_office: HeadOffice) -> None:
    """A made-up token is the caller's mistake, and is told so."""
    desk = await head_office.desk(ROLE_AUDITOR)
    stub = desk.stub(audit_service_pb2_grpc.AuditServiceStub)
    request = ListAuditEntriesRequest()
    setattr(request, "page_token", "x")  # noqa: B010  ruff takes it for a password

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.ListAuditEntries(request, timeout=10)

    assert "REQUEST_INVALID" == from_rpc_error(refused.value, party="OfficeHeart").name


@pytest.mark.parametrize("seconds", [-1, 10**12, 2**63 - 1])
async def test_a_moment_outside_the_calendar_is_refused(
    head_office: HeadOffice, seconds: int
) -> None:
    """Before 1970 or after the year 9999 is the caller's mistake, and is told so."""
    desk = await head_office.desk(ROLE_AUDITOR)
    stub = desk.stub(audit_service_pb2_grpc.AuditServiceStub)
    request = ListAuditEntriesRequest()
    request.start_time.seconds = seconds

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.ListAuditEntries(request, timeout=10)

    assert "REQUEST_INVALID" == from_rpc_error(refused.value, party="OfficeHeart").name
