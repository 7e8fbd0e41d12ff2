"""Where the Traffic Center is put together: settings, store, services, server."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path  # noqa: TC003  pydantic needs it at run time
from typing import TYPE_CHECKING

import structlog
from pydantic import Field
from pydantic_settings import SettingsConfigDict

from oso_rpc.admission import DirectoryAdmission
from oso_rpc.background import in_background
from oso_rpc.clock import Clock, SystemClock
from oso_rpc.credentials_source import CredentialsSource
from oso_rpc.directory.following import directory_from, up_to_date
from oso_rpc.errors import OsoError
from oso_rpc.guard import CallObserver, ServerGuard
from oso_rpc.renewal import AT_ONCE, RenewalPlan, kept_current
from oso_rpc.server import Server, build_server
from oso_rpc.signing import Signer
from oso_store import Database
from oso_store.settings import FileSettings
from oso_trafficcenter.evidence import Evidence
from oso_trafficcenter.feedback import FeedbackReports
from oso_trafficcenter.model import new_coupling_key, session_id_at
from oso_trafficcenter.notifications import Limits, Notifications
from oso_trafficcenter.rpc import TrafficCenterServicer, registration
from oso_trafficcenter.sessions import Sessions
from oso_trafficcenter.store import MIGRATIONS, SWEPT_AT_ONCE, Transaction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oso_rpc.directory import CurrentDirectory

_SWEEP_SECONDS = 15.0
_log = structlog.get_logger(__name__)


class Settings(FileSettings):
    """Settings of the Traffic Center: `trafficcenter.toml`, or `OSO_TC_...` in the environment."""

    model_config = SettingsConfigDict(env_prefix="OSO_TC_", extra="forbid")

    listen: str = "127.0.0.1:7443"
    """Where to listen, `host:port`. Port 0 takes a free one."""
    certificate: Path
    """Certificate of this system, with the issuing one (PEM)."""
    key: Path
    """Its private key (PEM). Its owner alone may read it."""
    authority: Path
    """Root certificate of OSO (PEM)."""
    office_heart: str = ""
    """Where OfficeHeart listens, `host:port`: who takes part, and the next certificate. Empty: the
    directory is a file signed by hand, and nothing is renewed. `enroll` fills it in."""
    office_heart_system: str = "officeheart"
    """Id of the system that must answer there."""
    renew_days: float = Field(default=30, gt=0)
    """So many days before it ends the next certificate is asked for, and used."""
    grant_key: Path
    """Ed25519 private key that signs grants (PEM). Its owner alone may read it."""
    directory: Path
    """Where to keep the directory; what was said since lies beside it. Without `office_heart`: the
    signed file, read again within a second when it changes."""
    directory_keys: list[str] = Field(min_length=1)
    """Public keys of OfficeHeart that may have signed it, 64 hexadecimal digits each."""
    directory_max_age_hours: float = Field(default=24, gt=0)
    """So long after OfficeHeart's last word nothing is granted any more."""
    database: str
    """`sqlite:////absolute/path` or `postgresql+asyncpg://user@host/name`."""
    session_minutes: float = Field(default=30, gt=0)
    """How long a session lives."""
    coupling_key_days: float = Field(default=14, gt=0, le=60)
    """How long an SWV may open a session with a coupling key."""
    connection_minutes: float = Field(default=10, gt=0)
    """How long a connection may live before it must be made, and its certificate checked, anew."""

    def renewal_plan(self) -> RenewalPlan:
        """Give when certificates are renewed; who calls us does not ask the directory for ours."""
        return RenewalPlan(timedelta(days=self.renew_days), AT_ONCE)


@asynccontextmanager
async def running(
    settings: Settings, clock: Clock | None = None, observer: CallObserver | None = None
) -> AsyncIterator[Server]:
    """Run a Traffic Center inside the event loop; stops at the end of the block.

    Raises:
        CredentialsError: Keys or certificates cannot be used.
        DirectoryError: A directory signed by hand cannot be used.
        StoreUnavailableError: The database cannot be used.
        AddressInUseError: The address cannot be had.
        OSError: A file cannot be read.

    """
    clock = clock or SystemClock()
    credentials = await asyncio.to_thread(
        CredentialsSource.of, settings.certificate, settings.key, settings.authority
    )
    office_heart = (settings.office_heart, settings.office_heart_system)
    directory = directory_from(
        office_heart,
        credentials,
        settings.directory,
        settings.directory_keys,
        clock=clock,
        max_age=timedelta(hours=settings.directory_max_age_hours),
    )
    plan = settings.renewal_plan()
    async with kept_current(credentials, office_heart, clock, plan), up_to_date(directory):
        database: Database[Transaction] = Database(settings.database, Transaction, brief=True)
        await database.migrate(MIGRATIONS)
        await database.start()
        sessions, servicer = _services(settings, database, directory, clock)
        server = await build_server(
            settings.listen,
            credentials,
            ServerGuard(DirectoryAdmission(directory), clock, observer),
            [registration(servicer)],
            timedelta(minutes=settings.connection_minutes),
        )
        await server.start()
        try:
            async with in_background({"session-sweep": _sweep(sessions)}):
                try:
                    yield server
                finally:
                    await server.stop()
        finally:
            await database.close()


def _services(
    settings: Settings, database: Database[Transaction], directory: CurrentDirectory, clock: Clock
) -> tuple[Sessions, TrafficCenterServicer]:
    """Put the services together."""
    signer = Signer.load(settings.grant_key)

    def new_id() -> str:
        return session_id_at(clock.now(), os.urandom(10))

    sessions = Sessions(
        database,
        directory,
        signer,
        clock=clock,
        new_id=new_id,
        lifetime=timedelta(minutes=settings.session_minutes),
    )
    notifications = Notifications(
        database,
        directory,
        signer,
        clock=clock,
        new_id=new_id,
        new_key=lambda: new_coupling_key(os.urandom(32)),
        limits=Limits(key_lifetime=timedelta(days=settings.coupling_key_days)),
    )
    return sessions, TrafficCenterServicer(
        sessions,
        notifications,
        feedback=FeedbackReports(database, directory, signer, clock=clock, new_id=new_id),
        evidence=Evidence(database, directory),
        directory=directory,
        clock=clock,
    )


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT; print one line when ready."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings) as server:
        # What lives as long as the process is never looked at again, and calls leave few cycles: a
        # tenth less work for each.
        gc.freeze()
        gc.set_threshold(10_000, 50)
        host = settings.listen.rpartition(":")[0]
        print(f"Traffic Center ready on {host}:{server.port}", flush=True)  # noqa: T201  what it says
        await stop.wait()


async def _sweep(sessions: Sessions) -> None:
    """Let sessions expire and old answers go, again and again: at once while there are more."""
    most = 0
    while True:
        await asyncio.sleep(0 if most >= SWEPT_AT_ONCE else _SWEEP_SECONDS)
        most = 0
        try:
            expired = await sessions.lapse()
            most = max(expired, await sessions.forget())
        except OsoError as error:
            _log.error("sweep_failed", reason=error.name)
            continue
        if expired:
            _log.info("sessions_expired", count=expired)
