"""Enrolment and renewal at a real OfficeHeart, by schools and a Traffic Center that run."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from oso.options.v1.access_pb2 import ROLE_AUDITOR, ROLE_REGISTRAR
from oso.registry.v1.enrolment_service_pb2 import InviteSystemRequest
from oso.registry.v1.enrolment_service_pb2_grpc import EnrolmentServiceStub
from oso.registry.v1.system_pb2 import System
from oso_registry.app import House, opened, running
from oso_registry.founding import Issued, certificate_of
from oso_registry.settings import Settings as OfficeSettings
from oso_registry.systems.resources import SYSTEMS as SYSTEMS_KNOWN
from oso_registry.systems.resources import certificates_of
from oso_rpc.channel import Connection, secure_channel
from oso_rpc.clock import SystemClock
from oso_rpc.credential_files import CredentialFiles
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.directory import DirectorySource
from oso_rpc.enrolment import enrol
from oso_rpc.errors import OsoError, name_of
from oso_rpc.renewal import RenewalPlan, Renewer

from .conftest import SOURCE, SYSTEMS, TARGET, Country, TestClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from oso.registry.v1.invitation_pb2 import Invitation
    from oso_registry.testing import Landscape
    from oso_rpc.server import Server


NEW = "las-new"


class Office:
    """An OfficeHeart that knows the systems of a landscape, and issues with its authority."""

    def __init__(
        self, landscape: Landscape, house: House, server: Server, clock: TestClock
    ) -> None:
        """Take what runs."""
        self.clock = clock
        self.landscape = landscape
        self.house = house
        self.server = server

    @property
    def address(self) -> str:
        """Where it listens for who has a certificate."""
        return f"127.0.0.1:{self.server.port}"

    async def register(self, system_id: str, role: Any = ROLE_AUDITOR, *, pem: bytes = b"") -> None:
        """Register a system, and the certificate it has."""
        if pem:
            await self.house.office.act(registered(system_id, role, pem).register)
            return
        system = System(name=f"systems/{system_id}", display_name=system_id, role=role)
        await self.house.office.act(lambda tx: tx.put(SYSTEMS_KNOWN, system))

    async def invite(self, system_id: str) -> Invitation:
        """Invite a system, as a registrar does."""
        registrar = self.landscape.credentials("registrar")
        async with secure_channel(self.address, "officeheart", registrar) as channel:
            request = InviteSystemRequest(
                request_id=str(uuid.uuid4()), system=f"systems/{system_id}"
            )
            answer = await EnrolmentServiceStub(channel).InviteSystem(request, timeout=10)
        return answer.invitation

    async def issued(self, system_id: str) -> int:
        """Count the certificates a system was given."""
        return await self.house.office.act(
            lambda tx: len(certificates_of(tx, f"systems/{system_id}"))
        )


@asynccontextmanager
async def office_of(landscape: Landscape, home: Path, own_age: timedelta) -> AsyncIterator[Office]:
    """Run an OfficeHeart with the authority of the landscape; its own certificate has an age."""
    landscape.add_system("officeheart", now=datetime.now(UTC) - own_age)
    landscape.add_system("registrar")
    await asyncio.to_thread(home.mkdir)
    settings = OfficeSettings(
        listen="127.0.0.1:0",
        listen_enrolment="127.0.0.1:0",
        certificate=landscape.certificate_file("officeheart"),
        key=landscape.key_file("officeheart"),
        authority=landscape.folder / "ca",
        demo_keys=True,
        directory_key=landscape.folder / "directory.key",
        public=home / "public",
    )
    async with opened(home, settings) as known:
        for system_id in ("officeheart", "registrar", "trafficcenter", *SYSTEMS.values()):
            # Of roles that need no owner: renewal is for all alike.
            role = ROLE_REGISTRAR if system_id == "registrar" else ROLE_AUDITOR
            pem = landscape.certificate_file(system_id).read_bytes()
            await known.act(registered(system_id, role, pem).register)
    clock = TestClock()
    async with running(home, settings, clock) as (house, server):
        yield Office(landscape, house, server, clock)


def registered(system_id: str, role: Any, pem: bytes) -> Issued:
    """Give a system with its certificate, as they go into the database."""
    system = System(name=f"systems/{system_id}", display_name=system_id, role=role)
    return Issued(system, certificate_of(system.name, pem))


@pytest.fixture
async def office(landscape: Landscape, tmp_path: Path) -> AsyncIterator[Office]:
    """Run an OfficeHeart that knows the systems of the landscape."""
    async with office_of(landscape, tmp_path / "office", timedelta()) as made:
        yield made


@pytest.fixture
def files(landscape: Landscape) -> CredentialFiles:
    """Name the files of a system that has none yet."""
    return landscape.files(NEW)


async def test_an_invited_system_gets_its_certificate(
    office: Office, files: CredentialFiles
) -> None:
    """With an invitation, and no certificate: key, request and certificate lie in their place."""
    await office.register(NEW)
    invitation = await office.invite(NEW)

    made = await enrol(files, invitation, SystemClock())

    assert made.identity.system_id == NEW
    assert files.load().identity == made.identity
    again = await enrol(files, invitation, SystemClock())
    assert made.identity == again.identity
    assert await office.issued(NEW) == 1


async def test_after_a_lost_answer_the_same_certificate_is_given(
    office: Office, files: CredentialFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer gets lost before it is on the disk: the same command gets the same certificate."""
    await office.register(NEW)
    invitation = await office.invite(NEW)

    def lose(*_arguments: Any) -> None:
        raise OSError("the power fails")

    with monkeypatch.context() as patch:
        patch.setattr(CredentialFiles, "accept", lose)
        with pytest.raises(OSError, match="power"):
            await enrol(files, invitation, SystemClock())
    await enrol(files, invitation, SystemClock())

    assert await office.issued(NEW) == 1


async def test_an_invitation_is_used_up(office: Office, files: CredentialFiles) -> None:
    """With the same invitation another key gets no certificate, and is told so."""
    await office.register(NEW)
    invitation = await office.invite(NEW)
    await enrol(files, invitation, SystemClock())
    elsewhere = CredentialFiles(
        *(files.key.with_name(f"b.{kind}") for kind in ("crt", "key", "ca"))
    )

    with pytest.raises(OsoError) as refused:
        await enrol(elsewhere, invitation, SystemClock())

    assert refused.value.name == "ENROLMENT_TOKEN_USED"
    assert not elsewhere.certificate.exists()


async def test_a_system_that_lost_its_key_enrols_again(
    office: Office, files: CredentialFiles
) -> None:
    """A new invitation gives a new key and certificate in the place of the old ones."""
    await office.register(NEW)
    first = await enrol(files, await office.invite(NEW), SystemClock())
    files.key.unlink()

    second = await enrol(files, await office.invite(NEW), SystemClock())

    assert files.load().identity == second.identity
    assert first.key_pem != second.key_pem == files.key.read_bytes()


async def test_who_is_not_the_office_heart_of_the_invitation_gets_no_token(
    office: Office, files: CredentialFiles
) -> None:
    """The token goes only to the system the invitation names, under its roots."""
    await office.register(NEW)
    invitation = await office.invite(NEW)
    invitation.office_heart = "systems/somebody-else"

    with pytest.raises(OsoError) as refused:
        await enrol(files, invitation, SystemClock())

    assert refused.value.name == "UNREACHABLE"
    invitation.office_heart = "systems/officeheart"
    await enrol(files, invitation, SystemClock())


async def test_a_clock_that_is_off_is_told(office: Office, files: CredentialFiles) -> None:
    """To a clock that is an hour off a certificate is of no use: it is told by how much."""
    await office.register(NEW)
    clock = TestClock()
    clock.offset = timedelta(hours=1)
    invitation = await office.invite(NEW)

    with pytest.raises(OsoError) as refused:
        await enrol(files, invitation, clock)

    assert refused.value.name == "CLOCK_SKEW"
    assert abs(int(refused.value.metadata["offset_seconds"]) - 3600) < 60
    await enrol(files, invitation, SystemClock())


def renewer(
    office: Office, source: CredentialsSource, clock: Any, plan: RenewalPlan
) -> tuple[Renewer, Connection]:
    """Make what renews a system at this OfficeHeart."""
    connection = Connection(office.address, "officeheart", source)
    return Renewer(source, connection, clock, plan, lambda: 1.0), connection


async def test_a_renewal_that_is_asked_twice_gives_one_certificate(
    office: Office, landscape: Landscape, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer to a renewal gets lost; asked again, with the same request, it comes again."""
    source = CredentialsSource(landscape.files("las-a"))
    renewing, connection = renewer(office, source, SystemClock(), RenewalPlan())

    def lose(*_arguments: Any) -> None:
        raise OSError("the power fails")

    with monkeypatch.context() as patch:
        patch.setattr(CredentialFiles, "accept", lose)
        with pytest.raises(OSError, match="power"):
            await renewing.ask()
    made = await renewing.ask()
    again = await renewing.ask()
    await connection.close()

    assert made.identity == again.identity
    assert await office.issued("las-a") == 2


async def test_a_key_that_was_refused_is_not_asked_for_again(
    office: Office, landscape: Landscape
) -> None:
    """What OfficeHeart will never certify is dropped: the next attempt has another key."""
    source = CredentialsSource(landscape.files("las-a"))
    renewing, connection = renewer(office, source, SystemClock(), RenewalPlan())
    with source.files.changing():
        source.files.ask("las-a")
    refused = landscape.files("las-b")
    source.files.next_key.write_bytes(refused.key.read_bytes())

    with pytest.raises(OsoError) as caught:
        await renewing.ask()
    made = await renewing.ask()
    await connection.close()

    assert caught.value.name == "KEY_BLOCKED"
    assert made.identity.system_id == "las-a"


async def test_a_renewer_asks_in_time_waits_and_takes_up(
    office: Office, landscape: Landscape
) -> None:
    """Thirty days before the end the next one is there; a day later it is in use."""
    source = CredentialsSource(landscape.files("las-a"))
    present = source.current.identity
    renewing, connection = renewer(office, source, office.clock, RenewalPlan())
    seen = []
    for days, hours in [(59, 0), (64, 0), (65, 0), (65, 1), (66, 0), (66, 2)]:
        office.clock.offset = timedelta(days=days, hours=hours)
        await renewing.look()
        standing = await renewing.standing()
        seen.append(
            (
                days,
                hours,
                standing.waiting is not None,
                source.current.identity != present,
                source.shown(present.certificate_sha256) is not None,
            )
        )
    await connection.close()

    assert seen == [
        (59, 0, False, False, True),
        (64, 0, True, False, True),
        (65, 0, True, False, True),
        (65, 1, False, True, True),
        (66, 0, False, True, True),
        (66, 2, False, True, False),
    ]


async def test_a_renewer_tries_again_later_and_cries_out_in_the_last_week(
    office: Office, landscape: Landscape
) -> None:
    """Nobody answers: it waits longer each time, and is loud when less than a week is left."""
    source = CredentialsSource(landscape.files("las-a"))
    connection = Connection("127.0.0.1:1", "officeheart", source)
    clock = office.clock
    renewing = Renewer(source, connection, clock, RenewalPlan(), lambda: 1.0)
    attempts = []
    with structlog.testing.capture_logs() as logs:
        for minutes in (0, 0.5, 1.1, 2, 3.2, 6, 7.3):
            clock.offset = timedelta(days=64, minutes=minutes)
            await renewing.look()
            attempts.append(len(logs))
        clock.offset = timedelta(days=84)
        await renewing.look()
    await connection.close()

    # One minute, two, four.
    assert [1, 1, 2, 2, 3, 3, 4] == attempts
    assert ["warning"] * 4 + ["critical"] == [one["log_level"] for one in logs]
    assert logs[-1]["days_left"] == 5
    assert {"UNREACHABLE"} == {one["reason"] for one in logs}


async def test_no_call_fails_while_all_renew(country: Country, office: Office) -> None:
    """A stream under way, dossiers fetched without a pause: nothing fails while all are renewed."""
    assert country.center is not None
    _, identity = await country.ready()
    node = country.nodes[TARGET]
    before = {brin: one.credentials.current.identity for brin, one in country.nodes.items()}
    results: list[str] = []
    stop = asyncio.Event()
    sources = [one.credentials for one in country.nodes.values()]

    async def fetch() -> None:
        while not stop.is_set():
            collected = await node.collector.collect(identity, SOURCE, "worker")
            results.append(f"{name_of(collected.result)} {collected.closed}")

    async def ping() -> None:
        while not stop.is_set():
            await node.traffic_center.ping()

    working = [asyncio.create_task(one()) for one in (fetch, ping, ping)]
    async with AsyncExitStack() as stack:
        for source in sources:
            renewing, connection = renewer(office, source, SystemClock(), RenewalPlan())
            stack.push_async_callback(connection.close)
            made = await renewing.ask()
            country.landscape.add_certificate(made.identity.system_id, made)
        await country.publish()
        for one in country.nodes.values():
            assert isinstance(one.directory, DirectorySource)
            one.directory.refresh()
        for source in sources:
            renewing, connection = renewer(office, source, SystemClock(), RenewalPlan())
            stack.push_async_callback(connection.close)
            await renewing.take_up()
        seen = len(results)
        while len(results) < seen + 5:
            await asyncio.sleep(0.02)
            assert not any(task.done() for task in working)
    stop.set()
    await asyncio.gather(*working)

    after = {brin: one.credentials.current.identity for brin, one in country.nodes.items()}
    assert {"DELIVERED True"} == set(results)
    assert not set(before.values()) & set(after.values())


async def test_office_heart_renews_its_own_certificate(
    landscape: Landscape, tmp_path: Path
) -> None:
    """With ten days left OfficeHeart gives itself a new one, and answers whoever comes with it."""
    async with office_of(landscape, tmp_path / "office", timedelta(days=80)) as office:
        own = office.house.credentials
        before = landscape.credentials("officeheart").identity
        async with asyncio.timeout(20):
            while own.current.identity == before:  # noqa: ASYNC110  what runs by itself tells nobody
                await asyncio.sleep(0.02)
        await office.register(NEW)

        made = await enrol(landscape.files(NEW), await office.invite(NEW), SystemClock())

        assert made.identity.system_id == NEW
        assert own.current.identity.not_after - before.not_after > timedelta(days=79)
        assert await office.issued("officeheart") == 2


async def test_a_traffic_center_renews_its_certificate(
    landscape: Landscape, tmp_path: Path
) -> None:
    """With ten days left the Traffic Center has a new one within seconds, and goes on answering."""
    landscape.certificate_file("trafficcenter").unlink()
    landscape.key_file("trafficcenter").unlink()
    landscape.add_system("trafficcenter", now=datetime.now(UTC) - timedelta(days=80))
    landscape.publish()
    async with office_of(landscape, tmp_path / "office", timedelta()) as office:
        before = landscape.credentials("trafficcenter").identity
        country = Country(landscape, lambda _brin: "", office_heart=office.address)
        await country.start_center()
        await country.start_school(SOURCE)
        async with asyncio.timeout(20):
            while landscape.files("trafficcenter").load().identity == before:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        answer = await country.nodes[SOURCE].traffic_center.ping()

        assert answer.caller.system_id == SYSTEMS[SOURCE]
        assert await office.issued("trafficcenter") == 2
        await country.close()
