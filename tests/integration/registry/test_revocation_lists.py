"""Revocation lists: what was revoked stands in a signed file, and anybody can fetch it."""

from __future__ import annotations

import asyncio
import http.client
import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from cryptography import x509

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import certificate_service_pb2 as certificates
from oso.registry.v1.certificate_service_pb2_grpc import CertificateServiceStub
from oso.registry.v1.system_pb2 import REVOCATION_REASON_KEY_COMPROMISE
from oso_registry.public import showing
from oso_rpc.server import AddressInUseError

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import HeadOffice


def _get(port: int, path: str) -> tuple[int, str, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    told = (answer.status, answer.headers.get("content-type", ""), answer.read())
    connection.close()
    return told


async def test_a_revoked_certificate_is_on_its_issuers_list(head_office: HeadOffice) -> None:
    """Serial number and reason, signed by the issuer, under a higher number than before."""
    registrar = await head_office.desk()
    other = await head_office.desk(roles.ROLE_HELPDESK)
    lists, file = head_office.house.lists, head_office.folder / "public" / "issuing-1.crl"
    await lists.refresh()
    before = x509.load_der_x509_crl(file.read_bytes())
    stub = registrar.stub(CertificateServiceStub)
    listing = certificates.ListCertificatesRequest(parent=f"systems/{other.system_id}")
    name = (await stub.ListCertificates(listing, timeout=10)).certificates[0].name
    request = certificates.RevokeCertificateRequest(
        request_id=str(uuid4()), name=name, reason=REVOCATION_REASON_KEY_COMPROMISE
    )
    await stub.RevokeCertificate(request, timeout=10)

    await lists.refresh()

    after = x509.load_der_x509_crl(file.read_bytes())
    issuer = x509.load_pem_x509_certificate(file.with_suffix(".crt").read_bytes())
    found = after.get_revoked_certificate_by_serial_number(int(name.rpartition("/")[2], 16))
    assert [] == list(before)
    assert found is not None
    reason = found.extensions.get_extension_for_class(x509.CRLReason).value.reason
    assert x509.ReasonFlags.key_compromise == reason
    assert after.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    numbers = [
        one.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        for one in (before, after)
    ]
    assert numbers[0] < numbers[1]
    assert not await lists.refresh()


async def test_anybody_fetches_lists_and_certificates_and_nothing_else(tmp_path: Path) -> None:
    """No other file, no folder, no way out of the folder."""
    folder = tmp_path / "public"
    folder.mkdir()
    (folder / "issuing-1.crl").write_bytes(b"list")
    (folder / "root.crt").write_bytes(b"root")
    (folder / ".hidden.crl").write_bytes(b"half")
    (tmp_path / "secret.crt").write_bytes(b"secret")
    os.mkfifo(folder / "notes.txt")

    async with showing(folder, "127.0.0.1:0") as port:
        told = {
            path: await asyncio.to_thread(_get, port, path)
            for path in (
                "/issuing-1.crl",
                "/root.crt",
                "/",
                "/notes.txt",
                "/.hidden.crl",
                "/../secret.crt",
                "/%2e%2e/secret.crt",
                "/..%2fsecret.crt",
                "/public/root.crt",
            )
        }

    good = {path: answer for path, answer in told.items() if answer[0] == 200}
    assert {
        "/issuing-1.crl": (200, "application/pkix-crl", b"list"),
        "/root.crt": (200, "application/x-pem-file", b"root"),
    } == good
    assert {404} == {answer[0] for path, answer in told.items() if path not in good}


async def test_an_address_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    """In use, or no address at all: a sentence rather than a trace."""
    async with showing(tmp_path, "127.0.0.1:0") as port:
        for address in (f"127.0.0.1:{port}", "127.0.0.1:x", "127.0.0.1:99999"):
            with pytest.raises(AddressInUseError):
                async with showing(tmp_path, address):
                    pass
