"""Where OfficeHeart is put together: settings, store, services, server."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from oso_registry.access import Authorization
from oso_registry.audit import AuditServicer
from oso_registry.audit import registration as audit_service
from oso_registry.authority import TRUST_FILE, CurrentAuthority
from oso_registry.calls import OFFICE, Office
from oso_registry.directory.published import Published
from oso_registry.directory.publishing import DirectoryPublisher
from oso_registry.directory.rpc import DirectoryServicer
from oso_registry.directory.rpc import registration as directory_service
from oso_registry.grant_keys.rpc import registration as grant_key_service
from oso_registry.helpdesk.rpc import registration as ticket_service
from oso_registry.helpdesk.sessions import SessionDesk
from oso_registry.mandates.rpc import registrations as mandate_services
from oso_registry.parties.rpc import registrations as party_services
from oso_registry.public import showing
from oso_registry.qualification.exchanges import Exchanges
from oso_registry.qualification.rpc import registration as qualification_service
from oso_registry.qualification.sightings import Sightings
from oso_registry.school_lists.rpc import SchoolListServicer
from oso_registry.school_lists.rpc import registration as school_list_service
from oso_registry.standard.rpc import registrations as standard_services
from oso_registry.store import MIGRATIONS, Batch
from oso_registry.systems.issuing import Issuing
from oso_registry.systems.lists import RevocationLists
from oso_registry.systems.rpc import Addresses
from oso_registry.systems.rpc import registrations as system_services
from oso_registry.traffic_center import TrafficCenter
from oso_rpc.background import in_background
from oso_rpc.clock import Clock, SystemClock
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.errors import OsoError
from oso_rpc.guard import CallObserver, ServerGuard
from oso_rpc.renewal import AT_ONCE, OVERLAP, RenewalPlan, keep_renewed
from oso_rpc.server import Registration, Server, build_server
from oso_rpc.signing import Signer
from oso_store import Database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from datetime import datetime
    from pathlib import Path

    from oso_registry.backup import Backup
    from oso_registry.settings import Settings
    from oso_registry.store import Transaction

_TIDY_SECONDS = 3600.0
# How long after its moment a change that needs nobody, such as a year's beginning, is told.
_ELAPSE_SECONDS = 1.0
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class House:
    """OfficeHeart, put together.

    Attributes:
        office: Runs the work of calls.
        settings: The settings.
        authority: Issues certificates; to be asked in each call.
        credentials: Who we are; may change while it runs.
        issuing: Gives out certificates.
        lists: Publishes revocation lists.
        traffic_center: The Traffic Center; None when it is not asked anything.
        sightings: Notes which certificates are in use.
        published: The directory as it is given out.

    """

    office: Office
    settings: Settings
    authority: CurrentAuthority
    credentials: CredentialsSource
    issuing: Issuing
    lists: RevocationLists
    traffic_center: TrafficCenter | None
    sightings: Sightings
    published: Published


@asynccontextmanager
async def opened(
    home: Path, settings: Settings, clock: Clock | None = None
) -> AsyncIterator[Office]:
    """Open what is kept, without serving.

    Raises:
        SchemaError: The database was made by a newer version.
        StoreUnavailableError: The database cannot be used.

    """
    clock = clock or SystemClock()
    unit = partial(Batch, publish=DirectoryPublisher(clock))
    database: Database[Batch] = Database(settings.database_url(home), unit)
    await database.migrate(MIGRATIONS)
    await database.start()
    try:
        yield Office(database, clock)
    finally:
        await database.close()


async def refill(home: Path, settings: Settings, backup: Backup) -> int:
    """Fill an empty database from a backup, and bring it to the newest form; give how many rows.

    Raises:
        BackupError: The database is not empty.
        SchemaError: The backup was made by a newer version.
        StoreUnavailableError: The database cannot be used.

    """
    database: Database[Batch] = Database(settings.database_url(home), Batch)
    try:
        await database.migrate(MIGRATIONS, backup.revision)
        await database.start()
        rows = await database.write(lambda batch: backup.fill(batch.connection))
        await database.migrate(MIGRATIONS)
        # Versions since the backup are known to readers, and will be given out a second time.
        await database.write(DirectoryPublisher(SystemClock()).begin_epoch)
    finally:
        await database.close()
    return rows


@asynccontextmanager
async def running(
    home: Path,
    settings: Settings,
    clock: Clock | None = None,
    observer: CallObserver | None = None,
) -> AsyncIterator[tuple[House, Server]]:
    """Run OfficeHeart inside the event loop; stops at the end of the block.

    Raises: as `opened`;
        AuthorityError: The authority is not whole, or its key does not open.
        CredentialsError: Keys or certificates cannot be used.
        AddressInUseError: An address cannot be had.
        OSError: A file cannot be read.

    """
    async with AsyncExitStack() as stack:
        office = await stack.enter_async_context(opened(home, settings, clock))
        house = await _put_together(office, settings, stack)
        await house.issuing.repair()
        await _publish(house)
        server = await build_server(
            settings.listen,
            house.credentials,
            ServerGuard(Authorization(office, house.sightings.saw), office.clock, observer),
            services(house, lambda: addresses_of(settings, server)),
            timedelta(minutes=settings.connection_minutes),
            open_address=settings.listen_enrolment,
        )
        if settings.listen_http:
            await stack.enter_async_context(showing(settings.public, settings.listen_http))
        await stack.enter_async_context(in_background(_work_of(house, server)))
        await server.start()
        stack.push_async_callback(server.stop)
        yield house, server


async def _put_together(office: Office, settings: Settings, stack: AsyncExitStack) -> House:
    """Put OfficeHeart together; what must be closed goes on the stack."""
    authority = CurrentAuthority(settings.authority, settings.key_access())
    await authority.get()  # so that an OfficeHeart that cannot sign does not start
    credentials = await asyncio.to_thread(
        CredentialsSource.of,
        settings.certificate,
        settings.key,
        settings.authority / TRUST_FILE,
    )
    issuing = Issuing(office, authority)
    traffic_center = _traffic_center(settings, credentials)
    if traffic_center is not None:
        stack.push_async_callback(traffic_center.close)
    return House(
        office=office,
        settings=settings,
        authority=authority,
        credentials=credentials,
        issuing=issuing,
        lists=RevocationLists(office, issuing, settings.public),
        traffic_center=traffic_center,
        sightings=Sightings(office),
        published=Published(
            office.database,
            Signer.load(settings.directory_key),
            office.clock,
            timedelta(minutes=settings.directory_heartbeat_minutes),
        ),
    )


async def _publish(house: House) -> None:
    """Publish what is not published yet; from then on, every change."""
    publisher = DirectoryPublisher(house.office.clock)
    await house.office.act(lambda tx: publisher.complete(tx.batch))
    await house.published.refresh()
    house.office.on_written(house.published.look)


def _work_of(house: House, server: Server) -> dict[str, Coroutine[Any, Any, object]]:
    """Give what is done again and again while the server runs."""
    work: dict[str, Coroutine[Any, Any, object]] = {
        "tidy": _tidy(house.office, house.issuing),
        "revocation-lists": house.lists.watch(),
        "credentials-watch": house.credentials.watch(),
        "renewal": _renew_own(house, server),
        "certificate-sightings": house.sightings.watch(),
        "directory-keep-up": house.published.keep_up(),
        "directory-heartbeat": house.published.beat(),
        "directory-elapse": _elapse(house.office, DirectoryPublisher(house.office.clock)),
    }
    if house.traffic_center is not None:
        exchanges = Exchanges(house.office, house.traffic_center)
        work["exchanges"] = exchanges.watch(house.settings.exchange_seconds)
    return work


def _traffic_center(settings: Settings, credentials: CredentialsSource) -> TrafficCenter | None:
    """Give whom to ask about sessions, if the settings say where."""
    if not settings.traffic_center:
        return None
    system = settings.traffic_center_system
    return TrafficCenter(settings.traffic_center, system, credentials)


async def _renew_own(house: House, server: Server) -> None:
    """Renew OfficeHeart's own certificate as any other system does: from itself."""
    settings = house.settings
    # Only the Traffic Center looks it up in a directory.
    overlap = OVERLAP if settings.traffic_center else AT_ONCE
    await keep_renewed(
        house.credentials,
        _at(settings.listen, server.port),
        house.credentials.current.identity.system_id,
        house.office.clock,
        RenewalPlan(timedelta(days=settings.renew_days), overlap),
    )


def services(house: House, addresses: Callable[[], Addresses]) -> list[Registration]:
    """Give all services of OfficeHeart."""
    return [
        *system_services(house.office, house.issuing, addresses),
        audit_service(AuditServicer(house.office)),
        *party_services(house.office),
        *mandate_services(house.office),
        school_list_service(SchoolListServicer(house.office)),
        *standard_services(house.office),
        ticket_service(house.office, SessionDesk(house.office, house.traffic_center)),
        qualification_service(house.office),
        grant_key_service(house.office),
        directory_service(DirectoryServicer(house.published, house.office.clock)),
    ]


async def serve(home: Path, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; print one line when ready."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(home, settings) as (_, server):
        at = _at(settings.listen, server.port)
        enrolment = _at(settings.listen_enrolment, server.open_port)
        print(f"OfficeHeart ready on {at}, enrolment on {enrolment}", flush=True)  # noqa: T201
        await stop.wait()


def addresses_of(settings: Settings, server: Server | None = None) -> Addresses:
    """Give where others reach OfficeHeart; of a server that runs, with the ports it got."""
    enrolment, usual = settings.listen_enrolment, settings.listen
    if server is not None:
        enrolment, usual = _at(enrolment, server.open_port), _at(usual, server.port)
    return Addresses(
        settings.public_enrolment_address or enrolment, settings.public_address or usual
    )


def _at(address: str, port: int) -> str:
    return f"{address.rpartition(':')[0]}:{port}"


async def _tidy(office: Office, issuing: Issuing) -> None:
    """Drop what nobody will ask for again, and finish what was left, now and then."""
    while True:
        try:
            await office.forget_replies()
            await issuing.repair()
        except OsoError as error:
            _log.error("tidy_failed", reason=error.name)
        await asyncio.sleep(_TIDY_SECONDS)


async def _elapse(office: Office, publisher: DirectoryPublisher) -> None:
    """Publish what changes by time alone, when its moment has come."""
    since = office.clock.now()
    while True:
        await asyncio.sleep(_ELAPSE_SECONDS)
        now = office.clock.now()
        try:
            if await office.look(OFFICE, partial(_is_due, publisher, since)):
                await office.act(partial(_publish_due, publisher, since))
        except Exception as error:  # noqa: BLE001  whatever it is, the next moment may be good
            _log.error("elapse_failed", reason=type(error).__name__)
        else:
            since = now


def _is_due(publisher: DirectoryPublisher, since: datetime, tx: Transaction) -> bool:
    return publisher.is_due(tx.batch, since)


def _publish_due(publisher: DirectoryPublisher, since: datetime, tx: Transaction) -> None:
    publisher.elapse(tx.batch, since)
