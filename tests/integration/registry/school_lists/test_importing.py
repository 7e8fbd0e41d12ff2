"""Importing school lists over mutual TLS, on both databases: all or nothing, once per request."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from oso.directory.v1.directory_pb2 import SECTOR_PO
from oso.options.v1.access_pb2 import ROLE_AUDITOR, ROLE_BOARD_MANAGER, ROLE_REGISTRAR
from oso.registry.v1 import school_list_service_pb2 as wire
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, PARTY_STATUS_CLOSED
from oso.registry.v1.school_list_service_pb2_grpc import SchoolListServiceStub
from oso_registry.calls import OFFICE, Office
from oso_registry.parties.resources import BOARDS, SCHOOLS
from oso_registry.school_lists.importing import SchoolLists
from oso_registry.school_lists.inventing import invented
from oso_registry.school_lists.sending import send_school_list
from oso_registry.school_lists.writing import FORMS, Generation, write_school_list
from oso_rpc.errors import OsoError, from_rpc_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oso_registry.school_lists.rows import Row
    from oso_registry.school_lists.sending import Answer

    HeadOffice = Any

HEADINGS = "BRIN NUMMER;VESTIGINGSNUMMER;VESTIGINGSNAAM;BEVOEGD GEZAG NUMMER"
FORTY = invented(3, 40, 8, SECTOR_PO)


def written(rows: Sequence[Row]) -> bytes:
    """Write rows as the ministry does."""
    return write_school_list(rows, FORMS[Generation.NEW])


def listed(*rows: str) -> bytes:
    """Write rows under the few headings that are needed."""
    return "\n".join([HEADINGS, *rows]).encode()


def settings(**given: Any) -> wire.ImportSchoolsSettings:
    """Give the settings of an import of primary education under a fresh request id."""
    return wire.ImportSchoolsSettings(
        **{"request_id": str(uuid.uuid4()), "sector": SECTOR_PO, **given}
    )


async def sent(channel: grpc.aio.Channel, content: bytes, **given: Any) -> Answer:
    """Send a list."""
    return await send_school_list(channel, content, settings(**given), lambda _: None, 30)


async def registered(office: HeadOffice) -> dict[str, Any]:
    """Give every school and board by name."""
    found = await office.house.office.act(lambda tx: [*tx.list(SCHOOLS), *tx.list(BOARDS)])
    return {one.name: one for one in found}


async def test_a_list_is_registered(head_office: HeadOffice) -> None:
    """An import registers the schools, locations and boards of a list, and says so on its way."""
    desk = await head_office.desk(ROLE_REGISTRAR)
    stages: list[wire.ImportSchoolsProgress] = []

    answer = await send_school_list(desk.channel, written(FORTY), settings(), stages.append, 30)

    found = await registered(head_office)
    assert (True, None) == (answer.report.applied, answer.refusal)
    assert (40, 8) == (answer.report.schools.new, answer.report.boards.new)
    assert 48 == len(found)
    assert {(one.brin, one.vestiging, one.name) for one in FORTY} == {
        (name.removeprefix("schools/"), location.vestiging, location.display_name)
        for name, school in found.items()
        if name.startswith("schools/")
        for location in school.locations
    }
    assert [
        wire.IMPORT_SCHOOLS_STAGE_RECEIVING,
        wire.IMPORT_SCHOOLS_STAGE_COMPARING,
        wire.IMPORT_SCHOOLS_STAGE_REGISTERING,
    ] == sorted({one.stage for one in stages})
    assert stages[-1].done == stages[-1].total == 48


async def test_the_same_list_again_changes_nothing(head_office: HeadOffice) -> None:
    """A second import finds all unchanged; no etag moves."""
    desk = await head_office.desk(ROLE_REGISTRAR)
    await sent(desk.channel, written(FORTY))
    before = await registered(head_office)

    answer = await sent(desk.channel, written(FORTY))

    assert (40, 8) == (answer.report.schools.unchanged, answer.report.boards.unchanged)
    assert [] == list(answer.report.entries)
    assert before == await registered(head_office)


async def test_a_dry_run_registers_nothing(head_office: HeadOffice) -> None:
    """With `validate_only` the report is that of the import, and nothing is registered."""
    desk = await head_office.desk(ROLE_REGISTRAR)

    tried = await sent(desk.channel, written(FORTY), validate_only=True)

    assert (False, 40) == (tried.report.applied, tried.report.schools.new)
    assert {} == await registered(head_office)
    done = await sent(desk.channel, written(FORTY))
    assert list(tried.report.entries) == list(done.report.entries)


@pytest.mark.parametrize("dry", [True, False])
async def test_one_bad_row_refuses_the_list(head_office: HeadOffice, *, dry: bool) -> None:
    """A rejected row refuses everything; the report says which row, before the refusal."""
    desk = await head_office.desk(ROLE_REGISTRAR)

    answer = await sent(
        desk.channel, listed("00SS;00;A;41234", "00TT;00;B;4123"), validate_only=dry
    )

    assert answer.refusal is not None
    assert ("SCHOOL_LIST_ROWS_REJECTED", {"rejected": "1", "rows": "2"}) == (
        answer.refusal.name,
        answer.refusal.metadata,
    )
    assert (False, 3) == (answer.report.applied, answer.report.entries[0].line)
    assert {} == await registered(head_office)


async def test_a_list_without_its_bad_rows(head_office: HeadOffice) -> None:
    """With `skip_rejected` the other schools are registered."""
    desk = await head_office.desk(ROLE_REGISTRAR)

    answer = await sent(
        desk.channel, listed("00SS;00;A;41234", "00TT;00;B;4123"), skip_rejected=True
    )

    assert (True, 1) == (answer.report.applied, answer.report.rejected_rows)
    assert {"schools/00SS", "boards/41234"} == set(await registered(head_office))


async def test_closing_too_much_is_refused(head_office: HeadOffice) -> None:
    """Closing more than 5 % must be allowed by name."""
    desk = await head_office.desk(ROLE_REGISTRAR)
    await sent(desk.channel, written(FORTY))
    brins = sorted({one.brin for one in FORTY})
    fewer = written([one for one in FORTY if one.brin not in brins[:10]])

    left = await sent(desk.channel, fewer)
    refused = await sent(desk.channel, fewer, close_missing=True)
    assert (10, None) == (left.report.schools.missing, left.refusal)
    assert refused.refusal is not None
    assert "SCHOOL_LIST_CLOSES_TOO_MUCH" == refused.refusal.name
    assert {PARTY_STATUS_ACTIVE} == {one.status for one in (await registered(head_office)).values()}

    done = await sent(desk.channel, fewer, close_missing=True, max_closed_percent=50)
    assert (True, 10) == (done.report.applied, done.report.schools.closed)
    assert set(brins[:10]) == {
        name.removeprefix("schools/")
        for name, one in (await registered(head_office)).items()
        if one.status == PARTY_STATUS_CLOSED
    }


async def test_closing_is_refused_when_a_row_names_no_school(head_office: HeadOffice) -> None:
    """A row without a readable BRIN may be any school: nothing is closed, nothing changed."""
    desk = await head_office.desk(ROLE_REGISTRAR)
    await sent(desk.channel, listed("00SS;00;A;41234"))

    answer = await sent(
        desk.channel,
        listed("00SS;00;B;41234", "SS;00;A;41234"),
        close_missing=True,
        skip_rejected=True,
    )

    assert answer.refusal is not None
    assert ("SCHOOL_LIST_CLOSING_UNSURE", {"line": "3"}) == (
        answer.refusal.name,
        answer.refusal.metadata,
    )
    assert "A" == (await registered(head_office))["schools/00SS"].display_name


async def test_the_same_request_gets_the_same_answer(head_office: HeadOffice) -> None:
    """The same request id gives the report of the first time; with another file it is refused."""
    desk = await head_office.desk(ROLE_REGISTRAR)
    request_id = str(uuid.uuid4())
    first = await sent(desk.channel, written(FORTY), request_id=request_id)

    again = await sent(desk.channel, written(FORTY), request_id=request_id)
    with pytest.raises(OsoError, match="REQUEST_ID_REUSED"):
        await sent(desk.channel, listed("00SS;00;A;41234"), request_id=request_id)

    assert first.report == again.report
    assert 40 == again.report.schools.new


async def test_a_change_by_another_in_the_middle(head_office: HeadOffice) -> None:
    """When something was changed since it was compared, nothing of the list is registered."""
    desk = await head_office.desk(ROLE_REGISTRAR)
    await sent(desk.channel, written(FORTY))
    last = max(one.brin for one in FORTY)
    before = await registered(head_office)
    renamed = written([replace(one, name=f"{one.name} 2") for one in FORTY])
    lists = SchoolLists(_Meddling(head_office.house.office, f"schools/{last}"))

    with pytest.raises(OsoError, match="ETAG_STALE"):
        await lists.take_in(settings(), renamed, OFFICE, lambda _: None)

    after = await registered(head_office)
    assert [f"schools/{last}"] == [name for name in after if after[name] != before[name]]
    assert "Changed by hand" == after[f"schools/{last}"].display_name


@pytest.mark.parametrize("role", [ROLE_AUDITOR, ROLE_BOARD_MANAGER])
async def test_only_a_registrar_may(head_office: HeadOffice, role: Any) -> None:
    """Nobody but a registrar imports, not even as a dry run."""
    desk = await head_office.desk(role, owner="boards/41234" if role == ROLE_BOARD_MANAGER else "")

    with pytest.raises(OsoError, match="NOT_ALLOWED"):
        await sent(desk.channel, written(FORTY), validate_only=True)


async def test_who_still_sends_is_told_why(head_office: HeadOffice) -> None:
    """A refusal is never lost on a caller that has not sent everything yet."""
    desk = await head_office.desk(ROLE_AUDITOR)
    stub = desk.stub(SchoolListServiceStub)

    async def reason() -> str:
        messages = [wire.ImportSchoolsRequest(settings=SETTINGS)]
        messages += [wire.ImportSchoolsRequest(chunk=b"abc")] * 20
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for _ in stub.ImportSchools(iter(messages), timeout=30):
                pass
        return from_rpc_error(caught.value, party="OfficeHeart").name

    assert {"NOT_ALLOWED"} == {await reason() for _ in range(200)}


async def test_who_never_stops_sending_is_refused(
    head_office: HeadOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller that sends on and on is heard out for a while only, then refused."""
    monkeypatch.setattr("oso_rpc.guard._HEARING", 0.2)
    desk = await head_office.desk(ROLE_AUDITOR)
    stub = desk.stub(SchoolListServiceStub)
    call = stub.ImportSchools(timeout=30)
    await call.write(wire.ImportSchoolsRequest(settings=SETTINGS))

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()

    assert "NOT_ALLOWED" == from_rpc_error(caught.value, party="OfficeHeart").name


async def test_a_file_that_is_none_is_refused(head_office: HeadOffice) -> None:
    """What cannot be read is refused with the reason, without a report."""
    desk = await head_office.desk(ROLE_REGISTRAR)

    with pytest.raises(OsoError, match="SCHOOL_LIST_NOT_TEXT"):
        await sent(desk.channel, b"PK\x03\x04\0\0" * 1000)


SETTINGS = wire.ImportSchoolsSettings(
    request_id="7b0b9e3c-6d5d-4a53-9d0f-0d6a3c1b8a11", size=3, sha256=b"\0" * 32, sector=SECTOR_PO
)


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([], id="nothing"),
        pytest.param([wire.ImportSchoolsRequest()], id="an empty message"),
        pytest.param([wire.ImportSchoolsRequest(chunk=b"abc")], id="no settings"),
        pytest.param([wire.ImportSchoolsRequest(settings=SETTINGS)] * 2, id="settings twice"),
        pytest.param(
            [wire.ImportSchoolsRequest(settings=SETTINGS), wire.ImportSchoolsRequest(chunk=b"abc")],
            id="another digest",
        ),
        pytest.param(
            [
                wire.ImportSchoolsRequest(settings=SETTINGS),
                wire.ImportSchoolsRequest(chunk=b"ab"),
                wire.ImportSchoolsRequest(chunk=b"cd"),
            ],
            id="more bytes than said",
        ),
        pytest.param([wire.ImportSchoolsRequest(settings=SETTINGS)], id="fewer bytes than said"),
        pytest.param(
            [
                wire.ImportSchoolsRequest(
                    settings=wire.ImportSchoolsSettings(
                        request_id="7b0b9e3c-6d5d-4a53-9d0f-0d6a3c1b8a11",
                        size=100 * 1024 * 1024,
                        sha256=b"\0" * 32,
                    )
                )
            ],
            id="a file of 100 MiB",
        ),
    ],
)
async def test_streams_that_are_none(
    head_office: HeadOffice, messages: list[wire.ImportSchoolsRequest]
) -> None:
    """A stream that is not settings and then the bytes they tell of is refused."""
    desk = await head_office.desk(ROLE_REGISTRAR)
    stub = SchoolListServiceStub(desk.channel)

    async def requests() -> Any:
        for one in messages:
            yield one

    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in stub.ImportSchools(requests(), timeout=10):
            pass

    assert "REQUEST_INVALID" == from_rpc_error(caught.value, party="OfficeHeart").name


class _Meddling(Office):
    """The office, where somebody else changes a school between comparing and registering."""

    def __init__(self, office: Office, school: str) -> None:
        super().__init__(office.database, office.clock)
        self._school = school

    async def change(self, *given: Any, **named: Any) -> Any:
        """Do what is asked, after somebody else was quicker."""

        def rename(tx: Any) -> None:
            school = tx.require(SCHOOLS, self._school)
            school.display_name = "Changed by hand"
            tx.put(SCHOOLS, school)

        await self.act(rename)
        return await super().change(*given, **named)
