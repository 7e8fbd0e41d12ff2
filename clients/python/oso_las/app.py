"""Where a school's node is put together: settings, store, services, server."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

import structlog
from pydantic import Field, model_validator
from pydantic_settings import SettingsConfigDict

from oso_las.attachments import PartFiles, open_private
from oso_las.collector import Collector
from oso_las.desk import Desk
from oso_las.exchange import Exchange, GuessingLimit, is_marked_for
from oso_las.feedback import Answering, Replies
from oso_las.inbox import Inbox
from oso_las.notifier import Notifier
from oso_las.rpc import DossierExchangeServicer, registration
from oso_las.store import MIGRATIONS, Transaction
from oso_las.traffic_center import TrafficCenter
from oso_rpc.admission import DirectoryAdmission
from oso_rpc.background import in_background
from oso_rpc.clock import Clock, SystemClock
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.directory.following import LiveDirectory, directory_from, up_to_date
from oso_rpc.errors import OsoError
from oso_rpc.guard import CallObserver, ServerGuard
from oso_rpc.renewal import RenewalPlan, kept_current
from oso_rpc.server import Server, build_server
from oso_store import Database, StoreUnavailableError
from oso_store.settings import FileSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from oso_las.tables import DossierRow

SETTINGS_FILE = "las.toml"
_TIDY_SECONDS = 60.0
_log = structlog.get_logger(__name__)


class Settings(FileSettings):
    """Settings of a school's node: `las.toml`, or `OSO_LAS_...` in the environment."""

    model_config = SettingsConfigDict(env_prefix="OSO_LAS_", extra="forbid")

    brin: str = Field(default="", pattern="^([0-9]{2}[A-Z]{2})?$")
    """BRIN of the school; empty for an SWV."""
    swv: str = Field(default="", pattern="^([A-Z][A-Z0-9]{3,7})?$")
    """Code of the SWV; empty for a school."""
    routing_key: str = Field(pattern="^[0-9A-Z]{20}$")
    """Routing key of its delivery point, 20 characters."""
    swv_routing_key: str = Field(default="", pattern="^([0-9A-Z]{20})?$")
    """Of a school: routing key of its delivery point for swv-dossiers; empty: it has none."""
    listen: str = "127.0.0.1:7444"
    """Where to listen for other schools, `host:port`. Port 0 takes a free one."""
    traffic_center: str = "127.0.0.1:7443"
    """Where the Traffic Center listens, `host:port`."""
    traffic_center_system: str = "trafficcenter"
    """Id of the system that must answer there."""
    certificate: Path = Path("system.crt")
    """Certificate of this system, with the issuing one (PEM)."""
    key: Path = Path("system.key")
    """Its private key (PEM). Its owner alone may read it."""
    authority: Path = Path("root.crt")
    """Root certificate of OSO (PEM)."""
    office_heart: str = ""
    """Where OfficeHeart listens, `host:port`: who takes part, and the next certificate. Empty: the
    directory is a file signed by hand, and nothing is renewed. `enroll` fills it in."""
    office_heart_system: str = "officeheart"
    """Id of the system that must answer there."""
    renew_days: float = Field(default=30, gt=0)
    """So many days before it ends the next certificate is asked for."""
    renew_overlap_hours: float = Field(default=25, ge=0)
    """So long it waits before it is used: until everybody who acts on a directory knows it."""
    directory: Path = Path("directory.pb")
    """Where to keep the directory; what was said since lies beside it. Without `office_heart`: the
    signed file, read again within a second when it changes."""
    directory_keys: list[str] = Field(default_factory=list)
    """Public keys of OfficeHeart that may have signed it, 64 hexadecimal digits each."""
    directory_max_age_hours: float = Field(default=24, gt=0)
    """So long after OfficeHeart's last word nothing is given out any more."""
    database: str = ""
    """`postgresql+asyncpg://user@host/name`; empty: SQLite in the file las.sqlite."""
    parts: Path = Path("parts")
    """Folder for dossiers and attachments."""
    unknown_pupils: int = Field(default=20, gt=0)
    """So many different pupils we do not have may one school ask for..."""
    unknown_pupils_hours: float = Field(default=24, gt=0)
    """...in so many hours."""
    requests_days: float = Field(default=365, gt=0)
    """How long is remembered who asked for which pupil, and whom we asked for in vain."""
    connection_minutes: float = Field(default=10, gt=0)
    """How long a connection may live before it must be made, and its certificate checked, anew."""

    @model_validator(mode="after")
    def _is_one_party(self) -> Self:
        if bool(self.brin) == bool(self.swv):
            raise ValueError("give brin for a school, or swv for an SWV")
        return self

    @property
    def party(self) -> str:
        """BRIN of the school, or code of the SWV."""
        return self.brin or self.swv

    def renewal_plan(self) -> RenewalPlan:
        """Give when certificates are renewed and taken into use."""
        return RenewalPlan(
            timedelta(days=self.renew_days), timedelta(hours=self.renew_overlap_hours)
        )


@dataclass(frozen=True)
class Office:
    """What a worker's commands need: the desk and its store, no network."""

    database: Database[Transaction]
    files: PartFiles
    desk: Desk
    clock: Clock


@dataclass(frozen=True)
class Node:
    """A school's end, put together.

    Attributes:
        desk: Prepares dossiers.
        collector: Fetches dossiers.
        traffic_center: The Traffic Center.
        exchange: Gives out dossiers.
        notifier: Tells others that a dossier is ready.
        inbox: Notifications of others.
        answering: Answers schools, for an SWV.
        directory: Who takes part.
        credentials: Who we are; may change while it runs.
        clock: The clock.

    """

    desk: Desk
    collector: Collector
    traffic_center: TrafficCenter
    exchange: Exchange
    notifier: Notifier
    inbox: Inbox
    answering: Answering
    directory: LiveDirectory
    credentials: CredentialsSource
    clock: Clock


@asynccontextmanager
async def office(
    home: Path, settings: Settings, clock: Clock | None = None
) -> AsyncIterator[Office]:
    """Open the desk of a home folder.

    Raises:
        SchemaError: The database was made by a newer version.
        StoreUnavailableError: The database cannot be used.
        OSError: A file cannot be read or written.

    """
    clock = clock or SystemClock()
    url = settings.database
    if not url:
        path = (home / "las.sqlite").absolute()
        open_private(path).close()  # SQLite gives the files beside it the same mode
        url = f"sqlite:///{path}"
    database: Database[Transaction] = Database(url, Transaction)
    await database.migrate(MIGRATIONS)
    await database.start()
    files = PartFiles(settings.parts)
    try:
        yield Office(database, files, Desk(database, files, clock, brin=settings.brin), clock)
    finally:
        await database.close()


@asynccontextmanager
async def node(
    home: Path,
    settings: Settings,
    clock: Clock | None = None,
    is_for: Callable[[DossierRow, str], bool] = is_marked_for,
) -> AsyncIterator[Node]:
    """Put a node together, without serving; `is_for` tells whether a dossier is for a school.

    Raises: as `office`; CredentialsError when keys or certificates cannot be used.

    """
    async with office(home, settings, clock) as opened:
        credentials = await asyncio.to_thread(
            CredentialsSource.of, settings.certificate, settings.key, settings.authority
        )
        directory = directory_from(
            (settings.office_heart, settings.office_heart_system),
            credentials,
            settings.directory,
            settings.directory_keys,
            clock=opened.clock,
            max_age=timedelta(hours=settings.directory_max_age_hours),
        )
        center = TrafficCenter(
            settings.traffic_center, settings.traffic_center_system, credentials, opened.clock
        )
        shared = (opened.database, opened.files, center)
        try:
            yield Node(
                desk=opened.desk,
                collector=Collector(
                    *shared, credentials, opened.clock, routing_key=settings.routing_key
                ),
                traffic_center=center,
                exchange=Exchange(
                    *shared,
                    directory,
                    credentials=credentials,
                    clock=opened.clock,
                    brin=settings.brin,
                    routing_key=settings.routing_key,
                    swv_routing_key=settings.swv_routing_key,
                    guessing=GuessingLimit(
                        settings.unknown_pupils, timedelta(hours=settings.unknown_pupils_hours)
                    ),
                    is_for=is_for,
                ),
                notifier=Notifier(
                    opened.database,
                    center,
                    credentials,
                    opened.clock,
                    routing_key=settings.routing_key,
                    swv_routing_key=settings.swv_routing_key,
                ),
                inbox=Inbox(
                    opened.database,
                    directory,
                    opened.clock,
                    party=settings.party,
                    routing_key=settings.routing_key,
                    replies=Replies(
                        opened.database,
                        opened.files,
                        directory,
                        opened.clock,
                        brin=settings.brin,
                        routing_key=settings.swv_routing_key or settings.routing_key,
                    ),
                ),
                answering=Answering(
                    opened.database,
                    center,
                    credentials,
                    opened.clock,
                    routing_key=settings.routing_key,
                ),
                directory=directory,
                credentials=credentials,
                clock=opened.clock,
            )
        finally:
            await center.close_channel()


@asynccontextmanager
async def running(
    home: Path,
    settings: Settings,
    clock: Clock | None = None,
    observer: CallObserver | None = None,
    *,
    is_for: Callable[[DossierRow, str], bool] = is_marked_for,
    servicer: Callable[[Exchange, Inbox], DossierExchangeServicer] = DossierExchangeServicer,
) -> AsyncIterator[tuple[Node, Server]]:
    """Run a node inside the event loop; stops at the end of the block.

    A school to test with gives its own `is_for` and `servicer`; a real one never does.

    Raises: as `node`; DirectoryError when a directory signed by hand cannot be used;
        AddressInUseError.

    """
    async with (
        node(home, settings, clock, is_for) as made,
        kept_current(
            made.credentials,
            (settings.office_heart, settings.office_heart_system),
            made.clock,
            settings.renewal_plan(),
        ),
        up_to_date(made.directory),
    ):
        server = await build_server(
            settings.listen,
            made.credentials,
            ServerGuard(DirectoryAdmission(made.directory), made.clock, observer),
            [registration(servicer(made.exchange, made.inbox))],
            timedelta(minutes=settings.connection_minutes),
        )
        await server.start()
        remembered = timedelta(days=settings.requests_days)
        async with in_background({"tidy": _tidy(made, remembered)}):
            try:
                yield made, server
            finally:
                await server.stop()


async def serve(home: Path, settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; print one line when ready."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(home, settings) as (_, server):
        host = settings.listen.rpartition(":")[0]
        party = f"SWV {settings.swv}" if settings.swv else f"School {settings.brin}"
        print(f"{party} ready on {host}:{server.port}", flush=True)  # noqa: T201
        await stop.wait()


async def _tidy(made: Node, remembered: timedelta) -> None:
    """Send closes that could not be sent, and clear away what was left behind, again and again."""
    while True:
        try:
            await made.collector.finish()
            await made.desk.sweep()
            await made.desk.forget(remembered)
        except (OsoError, StoreUnavailableError, OSError) as error:
            _log.error("tidy_failed", error=type(error).__name__)
        await asyncio.sleep(_TIDY_SECONDS)
