"""Dossier years and the test-code table over the wire: real calls, on both databases."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import dossier_year_service_pb2 as years
from oso.registry.v1 import dossier_year_service_pb2_grpc as years_grpc
from oso.registry.v1 import test_code_pb2 as contract
from oso.registry.v1 import test_code_service_pb2 as table
from oso.registry.v1 import test_code_service_pb2_grpc as table_grpc
from oso.registry.v1.audit_service_pb2 import ListAuditEntriesRequest
from oso.registry.v1.audit_service_pb2_grpc import AuditServiceStub
from oso.registry.v1.dossier_year_pb2 import DossierYear
from oso_dossier import write_xml
from oso_dossier.synthetic import generate
from oso_registry.standard.dossier_years import accepted_at
from oso_registry.standard.in_force import table_in_force
from oso_registry.standard.initial import initial_standard, read_first_release
from oso_rpc.errors import from_rpc_error

if TYPE_CHECKING:
    from pathlib import Path

    HeadOffice = Any
    Desk = Any

_CURRENT, _FIRST, _DRAFT = (f"testCodeReleases/{one}" for one in ("current", "0001", "0002"))
_LINE = b"NIEUW-1;Nieuwe toets;Rekenen;Uitgever;2026;nee;IV;2026-08-01;\r\n"
_HEADINGS, *_LINES = read_first_release().splitlines(keepends=True)
_CONTENT = b"".join([_HEADINGS, *sorted([*_LINES, _LINE])])


class _Call:
    """The stubs of one desk; each call with a timeout, and a request_id where one is needed."""

    def __init__(self, desk: Desk) -> None:
        stubs = (
            years_grpc.DossierYearServiceStub,
            table_grpc.TestCodeServiceStub,
            AuditServiceStub,
        )
        self._stubs = [desk.stub(make) for make in stubs]

    def __call__(self, request: Any) -> Any:
        method = request.DESCRIPTOR.name.removesuffix("Request")
        if "request_id" in request.DESCRIPTOR.fields_by_name and not request.request_id:
            request.request_id = str(uuid.uuid4())
        stub = next(one for one in self._stubs if hasattr(one, method))
        return getattr(stub, method)(request, timeout=10)


async def _refused(call: Any) -> str:
    """Await a call; give the reason it was refused for, empty when it was not."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error, party="OfficeHeart").name
    return ""


async def _calls(head_office: HeadOffice, *who: roles.Role.ValueType) -> list[_Call]:
    await head_office.house.office.act(initial_standard)
    return [_Call(await head_office.desk(role, "suppliers/x")) for role in who]


async def test_a_release_from_draft_to_every_system(
    head_office: HeadOffice, tmp_path: Path
) -> None:
    """What a registrar takes in and publishes, a LAS gets byte for byte, and can check and use."""
    registrar, las = await _calls(head_office, roles.ROLE_REGISTRAR, roles.ROLE_LAS)
    await registrar(table.CreateTestCodeReleaseRequest())
    imported = await registrar(table.ImportTestCodesRequest(name=_DRAFT, content=_CONTENT))
    hidden = await _refused(las(table.ExportTestCodesRequest(name=_DRAFT)))
    published = await registrar(
        table.PublishTestCodeReleaseRequest(name=_DRAFT, etag=imported.test_code_release.etag)
    )

    got = await las(table.ExportTestCodesRequest(name=_CURRENT))
    old = await las(table.ExportTestCodesRequest(name=_FIRST))
    told = await head_office.house.office.database.read(table_in_force)

    assert (True, "RESOURCE_UNKNOWN") == (imported.imported, hidden)
    assert (_CONTENT, read_first_release()) == (got.content, old.content)
    assert published.test_code_release == got.test_code_release
    assert (_DRAFT, hashlib.sha256(_CONTENT).digest()) == (told.release, told.sha256)
    assert told.publish_time == got.test_code_release.publish_time
    assert "" == await _findings(tmp_path, got.content)
    assert "OSO.TST" in await _findings(tmp_path, b"".join(_CONTENT.splitlines(keepends=True)[:2]))


async def _findings(folder: Path, content: bytes) -> str:
    """Let `oso dossier validate` check an invented dossier with a table; give what it finds."""
    (folder / "table.csv").write_bytes(content)
    (folder / "dossier.xml").write_bytes(write_xml(generate("POVO", seed=1)))
    command = [
        *(sys.executable, "-m", "oso_las", "dossier", "validate", "--warnings", "--json"),
        *("--test-codes", str(folder / "table.csv"), str(folder / "dossier.xml")),
    ]
    done = await asyncio.to_thread(
        lambda: subprocess.run(command, capture_output=True, text=True, check=True)
    )
    return " ".join(one["rule"] for one in json.loads(done.stdout)["findings"])


async def test_the_same_request_id_gets_the_same_answer(head_office: HeadOffice) -> None:
    """Also once something else happened since; another request under it is refused."""
    (registrar,) = await _calls(head_office, roles.ROLE_REGISTRAR)
    begin = table.CreateTestCodeReleaseRequest(request_id=str(uuid.uuid4()))
    first = await registrar(begin)
    take = table.ImportTestCodesRequest(request_id=str(uuid.uuid4()), name=_DRAFT, content=_CONTENT)
    imported = await registrar(take)
    await registrar(table.PublishTestCodeReleaseRequest(name=_DRAFT))

    assert first == await registrar(begin)
    assert imported == await registrar(take)
    take.content = read_first_release()
    assert "REQUEST_ID_REUSED" == await _refused(registrar(take))
    assert "TEST_CODES_PUBLISHED" == await _refused(
        registrar(table.ImportTestCodesRequest(name=_DRAFT, content=_CONTENT))
    )


async def test_of_two_who_begin_a_draft_at_once_one_is_told_of_the_other(
    head_office: HeadOffice,
) -> None:
    """There is one draft; and of two who publish it, one does."""
    some, others = await _calls(head_office, roles.ROLE_REGISTRAR, roles.ROLE_REGISTRAR)

    begun = await asyncio.gather(
        *(_refused(one(table.CreateTestCodeReleaseRequest())) for one in (some, others))
    )
    await some(table.ImportTestCodesRequest(name=_DRAFT, content=_CONTENT))
    published = await asyncio.gather(
        *(_refused(one(table.PublishTestCodeReleaseRequest(name=_DRAFT))) for one in (some, others))
    )

    assert ["", "RESOURCE_EXISTS"] == sorted(begun)
    assert ["", "TEST_CODES_PUBLISHED"] == sorted(published)


async def test_a_draft_is_worked_on_code_by_code(head_office: HeadOffice) -> None:
    """Each step over the wire; every one has its line in the audit trail."""
    registrar, supplier = await _calls(head_office, roles.ROLE_REGISTRAR, roles.ROLE_SUPPLIER)
    await registrar(table.CreateTestCodeReleaseRequest())
    name = f"{_DRAFT}/testCodes/NIEUW-1"
    code = contract.TestCode(
        display_name="Nieuwe toets",
        subject="Rekenen",
        publisher="Uitgever",
        norm_scales=["IV"],
        start_date=Date(year=2026, month=8, day=1),
    )
    await registrar(
        table.CreateTestCodeRequest(parent=_DRAFT, test_code_id="NIEUW-1", test_code=code)
    )
    code.name, code.version = name, "2026"
    await registrar(
        table.UpdateTestCodeRequest(test_code=code, update_mask=FieldMask(paths=["version"]))
    )
    note = contract.TestCodeRelease(name=_DRAFT, note="Een toets erbij")
    await registrar(table.UpdateTestCodeReleaseRequest(test_code_release=note))

    listed = await registrar(table.ListTestCodesRequest(parent=_DRAFT, text="nieuwe TOETS"))
    got = await registrar(table.GetTestCodeRequest(name=name))
    compared = await registrar(table.CompareTestCodeReleasesRequest(earlier=_FIRST, later=_DRAFT))
    exported = await registrar(table.ExportTestCodesRequest(name=_DRAFT))
    nothing = await registrar(table.ListTestCodesRequest(parent=_DRAFT, text="\0"))
    seen = await supplier(table.ListTestCodeReleasesRequest())
    await registrar(table.DeleteTestCodeRequest(name=name, etag=got.test_code.etag))
    await registrar(table.DeleteTestCodeReleaseRequest(name=_DRAFT))
    releases = await registrar(table.ListTestCodeReleasesRequest())
    audit = await registrar(ListAuditEntriesRequest(resource=name))

    assert [got.test_code] == list(listed.test_codes)
    assert ["NIEUW-1"] == [one.code for one in compared.differences]
    assert _CONTENT == exported.content
    assert [] == list(nothing.test_codes)
    assert [_FIRST] == [one.name for one in seen.test_code_releases]
    assert [_FIRST] == [one.name for one in releases.test_code_releases]
    assert ["DeleteTestCode", "UpdateTestCode", "CreateTestCode"] == [
        one.method for one in audit.audit_entries
    ]


async def test_years_over_the_wire(head_office: HeadOffice) -> None:
    """Registered, changed, listed and taken away; the directory is told of what is accepted."""
    registrar, las = await _calls(head_office, roles.ROLE_REGISTRAR, roles.ROLE_LAS)
    year = DossierYear()
    year.start_time.FromDatetime(datetime.now(UTC) + timedelta(days=30))
    made = (
        await registrar(years.CreateDossierYearRequest(dossier_year_id="2020.1", dossier_year=year))
    ).dossier_year
    made.end_time.FromDatetime(datetime.now(UTC) + timedelta(days=60))
    changed = await registrar(years.UpdateDossierYearRequest(dossier_year=made))
    stale = await _refused(
        registrar(years.DeleteDossierYearRequest(name=made.name, etag=made.etag))
    )
    listed = await las(years.ListDossierYearsRequest())
    got = await las(years.GetDossierYearRequest(name=made.name))
    accepted = await head_office.house.office.database.read(
        lambda batch: accepted_at(batch, datetime.now(UTC))
    )
    now = await registrar(years.CreateDossierYearRequest(dossier_year_id="2021.1"))
    started = await _refused(registrar(years.DeleteDossierYearRequest(name="dossierYears/2021.1")))
    await registrar(years.DeleteDossierYearRequest(name=made.name))

    assert changed.dossier_year == got.dossier_year
    assert ["dossierYears/2019.1", made.name] == [one.name for one in listed.dossier_years]
    assert (("2019.1",), made.start_time.ToDatetime(tzinfo=UTC)) == (
        accepted.years,
        accepted.until,
    )
    assert ("ETAG_STALE", "DOSSIER_YEAR_PAST") == (stale, started)
    assert now.dossier_year.start_time == now.dossier_year.create_time
    assert "RESOURCE_UNKNOWN" == await _refused(las(years.GetDossierYearRequest(name=made.name)))
