"""Where OfficeHeart is put together: settings, store, services, server."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from oso_registry.access import Authorization
from oso_registry.audit import AuditServicer
from oso_registry.audit import registration as audit_service
from oso_registry.authority import TRUST_FILE, Authority, KeyAccess, load_authority
from oso_registry.authority.passphrase import ISSUER_PASSPHRASE
from oso_registry.calls import OFFICE, Office
from oso_registry.directory.published import Published
from oso_registry.directory.publishing import DirectoryPublisher
from oso_registry.directory.rpc import DirectoryServicer
from oso_registry.directory.rpc import registration as directory_service
from oso_registry.grant_keys.rpc import registration as grant_key_service
from oso_registry.mandates.rpc import registrations as mandate_services
from oso_registry.parties.rpc import registrations as party_services
from oso_registry.school_lists.rpc import SchoolListServicer
from oso_registry.school_lists.rpc import registration as school_list_service
from oso_registry.store import MIGRATIONS, Batch
from oso_rpc.clock import Clock, SystemClock
from oso_rpc.credentials import Credentials
from oso_rpc.errors import OsoError
from oso_rpc.guard import CallObserver, ServerGuard
from oso_rpc.server import Registration, Server, build_server
from oso_rpc.signing import Signer
from oso_store import Database
from oso_store.settings import FileSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from oso_registry.backup import Backup
    from oso_registry.store import Transaction

SETTINGS_FILE = "registry.toml"
_TIDY_SECONDS = 3600.0
# How long after its moment a change that needs nobody, such as a year's beginning, is told.
_ELAPSE_SECONDS = 1.0
_log = structlog.get_logger(__name__)


class Settings(FileSettings):
    """Settings of OfficeHeart: `registry.toml`, or `OSO_REGISTRY_...` in the environment."""

    model_config = SettingsConfigDict(env_prefix="OSO_REGISTRY_", extra="forbid")

    listen: str = "127.0.0.1:7442"
    """Where to listen for whoever has a certificate, `host:port`. Port 0 takes a free one."""
    listen_enrolment: str = "127.0.0.1:7441"
    """Where to listen for whoever has none yet: enrolment and nothing else."""
    certificate: Path = Path("system.crt")
    """Certificate of this system, with the issuing one (PEM)."""
    key: Path = Path("system.key")
    """Its private key (PEM). Its owner alone may read it."""
    authority: Path = Path("ca")
    """Folder of the certificate authority."""
    passphrase_file: Path | None = None
    """File with the passphrase of the issuer's key. Its owner alone may read it. Without it:
    `OSO_CA_PASSPHRASE` in the environment, or the systemd credential `oso-ca-passphrase`."""
    demo_keys: bool = False
    """Whether keys of the authority need no passphrase. For demos and tests only."""
    directory_key: Path = Path("directory.key")
    """Ed25519 private key that signs the directory (PEM). Its owner alone may read it."""
    directory_heartbeat_minutes: float = Field(default=5, gt=0)
    """How often watchers are told that the directory they have is still the newest: its age counts
    from there."""
    database: str = ""
    """`postgresql+asyncpg://user@host/name`; empty: SQLite in the file registry.sqlite."""
    connection_minutes: float = Field(default=10, gt=0)
    """How long a connection may live before it must be made, and its certificate checked, anew."""

    def database_url(self, home: Path) -> str:
        """Give the database to use, for the folder the settings lie in."""
        return self.database or f"sqlite:///{(home / 'registry.sqlite').absolute()}"

    def key_access(self) -> KeyAccess:
        """Find what opens the keys of the authority.

        Raises:
            CredentialsError: Others could read the file with the passphrase.
            OSError: It cannot be read.

        """
        passphrase = ISSUER_PASSPHRASE.find(self.passphrase_file)
        return KeyAccess(passphrase, demo=self.demo_keys)


@dataclass(frozen=True)
class House:
    """OfficeHeart, put together.

    Attributes:
        office: Runs the work of calls.
        settings: The settings.
        authority: Issues certificates.
        credentials: Who we are.
        published: The directory as it is given out.

    """

    office: Office
    settings: Settings
    authority: Authority
    credentials: Credentials
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
    async with opened(home, settings, clock) as office:
        authority = load_authority(settings.authority, settings.key_access())
        credentials = Credentials.load(
            settings.certificate, settings.key, settings.authority / TRUST_FILE
        )
        published = Published(
            office.database,
            Signer.load(settings.directory_key),
            office.clock,
            timedelta(minutes=settings.directory_heartbeat_minutes),
        )
        house = House(office, settings, authority, credentials, published)
        publisher = DirectoryPublisher(office.clock)
        await office.act(lambda tx: publisher.complete(tx.batch))
        await published.refresh()
        office.on_written(published.look)
        server = await build_server(
            settings.listen,
            credentials,
            ServerGuard(Authorization(office), office.clock, observer),
            services(house),
            timedelta(minutes=settings.connection_minutes),
            open_address=settings.listen_enrolment,
        )
        await server.start()
        tasks = [
            asyncio.create_task(published.keep_up(), name="directory-keep-up"),
            asyncio.create_task(published.beat(), name="directory-heartbeat"),
            asyncio.create_task(_elapse(office, publisher), name="directory-elapse"),
            asyncio.create_task(_tidy(office), name="tidy"),
        ]
        try:
            yield house, server
        finally:
            await server.stop()
            for task in tasks:
                task.cancel()
            for task in tasks:
                with contextlib.suppress(asyncio.CancelledError):
                    await task


def services(house: House) -> list[Registration]:
    """Give all services of OfficeHeart."""
    return [
        audit_service(AuditServicer(house.office)),
        *party_services(house.office),
        *mandate_services(house.office),
        school_list_service(SchoolListServicer(house.office)),
        grant_key_service(house.office),
        directory_service(DirectoryServicer(house.published, house.office.clock)),
    ]


async def serve(home: Path, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; print one line when ready."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(home, settings) as (_, server):
        at = f"{settings.listen.rpartition(':')[0]}:{server.port}"
        enrolment = f"{settings.listen_enrolment.rpartition(':')[0]}:{server.open_port}"
        print(f"OfficeHeart ready on {at}, enrolment on {enrolment}", flush=True)  # noqa: T201
        await stop.wait()


async def _tidy(office: Office) -> None:
    """Drop what nobody will ask for again, now and then."""
    while True:
        try:
            await office.forget_replies()
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
