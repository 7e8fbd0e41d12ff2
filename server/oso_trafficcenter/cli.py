"""Command `oso-trafficcenter`."""

from __future__ import annotations

import asyncio
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING

import click
import uvloop

import oso_rpc  # noqa: F401  sets the cipher suites before grpc's core reads them
from oso.trafficcenter.v1.session_pb2 import SessionEventType, SessionState
from oso_rpc import certificate_commands as certificates
from oso_rpc.clock import SystemClock
from oso_rpc.credential_files import CredentialFiles
from oso_rpc.credentials import CredentialsError, new_key_and_request, write_private
from oso_rpc.directory import DirectoryError
from oso_rpc.errors import OsoError, name_of
from oso_rpc.logging import configure_logging
from oso_rpc.server import AddressInUseError
from oso_rpc.signing import Signer
from oso_store import Database, SchemaError, StoreUnavailableError
from oso_store.settings import SettingsError, add_missing
from oso_trafficcenter.app import Settings, serve
from oso_trafficcenter.store import MIGRATIONS, Transaction

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from oso.trafficcenter.v1.session_pb2 import SessionEvent as Event
    from oso_trafficcenter.model import SessionRecord

# A session has three steps; somebody who keeps checking makes more.
_MOST_STEPS = 10_000
_FAILURES = (
    AddressInUseError,
    CredentialsError,
    DirectoryError,
    OSError,
    SchemaError,
    SettingsError,
    StoreUnavailableError,
    ValueError,
)
_CONFIG = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="Settings (trafficcenter.toml).",
)


@click.group()
def main() -> None:
    """The Traffic Center of OSO."""


@main.command()
@click.option("--dir", "folder", type=click.Path(file_okay=False, path_type=Path), required=True)
@click.option("--system", "system_id", default="trafficcenter", show_default=True)
def init(folder: Path, system_id: str) -> None:
    """Make the keys of a new Traffic Center, and a signing request for its certificate."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key, request = new_key_and_request(system_id)
        write_private(folder / "system.key", key)
        write_private(folder / "grant.key", Signer.new_pem())
        (folder / "system.csr").write_bytes(request)
        public_key = Signer.load(folder / "grant.key").public_key.hex()
    except FileExistsError as error:
        raise click.ClickException(
            f"{error.filename} is there already; nothing was changed"
        ) from None
    except _FAILURES as error:
        raise click.ClickException(str(error)) from None
    click.echo("Enrol with the invitation of OfficeHeart: oso-trafficcenter enroll --config ...")
    click.echo(
        "Register this public key for grants at OfficeHeart (oso-registry grant-key add KEY):"
    )
    click.echo(public_key)


@main.command()
@_CONFIG
@click.argument("invitation", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
def enroll(config: Path, invitation: str) -> None:
    """Get the certificate an INVITATION of OfficeHeart is for (a file; - for standard input).

    The key is made here and stays here. Broken off, give the same command again.
    """

    async def go() -> certificates.Told:
        read = certificates.read_invitation(invitation)
        files = _place(Settings.load(config)).files
        told = await certificates.enroll(files, read, invitation, SystemClock())
        add_missing(config, certificates.office_heart_settings(read))
        return told

    _say(go())


@main.command()
@_CONFIG
@click.option("--new-key", is_flag=True, help="Also when it is not time yet.")
def renew(config: Path, *, new_key: bool) -> None:
    """Get the next certificate, for a new key, and use it.

    `serve` does so by itself, 30 days before the end; what runs is not interrupted.
    """

    async def go() -> certificates.Told:
        place = _place(Settings.load(config))
        return await certificates.renew(place, SystemClock(), new_key=new_key, at_once=True)

    _say(go())


@main.command()
@_CONFIG
def status(config: Path) -> None:
    """Tell until when the certificate is good, and when it is renewed."""

    async def go() -> certificates.Told:
        return await certificates.status(_place(Settings.load(config)), SystemClock())

    _say(go())


def _place(settings: Settings) -> certificates.Place:
    return certificates.Place(
        CredentialFiles(settings.certificate, settings.key, settings.authority),
        settings.office_heart,
        settings.office_heart_system,
        settings.renewal_plan(),
    )


def _say(work: Coroutine[Any, Any, certificates.Told]) -> None:
    try:
        click.echo(asyncio.run(work).en)
    except OsoError as error:
        raise click.ClickException(certificates.refusal(error, "en")) from None
    except _FAILURES as error:
        raise click.ClickException(_text(error)) from None


@main.command()
@_CONFIG
def migrate(config: Path) -> None:
    """Bring the tables of the database to their newest form."""
    try:
        settings = Settings.load(config)
        asyncio.run(_migrate(settings))
    except _FAILURES as error:
        raise click.ClickException(_text(error)) from None
    click.echo("The tables are up to date.")


async def _migrate(settings: Settings) -> None:
    database: Database[Transaction] = Database(settings.database, Transaction)
    try:
        await database.migrate(MIGRATIONS)
    finally:
        await database.close()


@main.command("serve")
@_CONFIG
def serve_command(config: Path) -> None:
    """Run the Traffic Center until it is told to stop."""
    configure_logging()
    try:
        uvloop.run(serve(Settings.load(config)))
    except _FAILURES as error:
        raise click.ClickException(_text(error)) from None


@main.command()
@_CONFIG
@click.argument("session_id")
def timeline(config: Path, session_id: str) -> None:
    """Show every step of a session, as the journal of this Traffic Center has it."""
    try:
        told = asyncio.run(_told(Settings.load(config), session_id.lower()))
    except _FAILURES as error:
        raise click.ClickException(_text(error)) from None
    if told is None:
        raise click.ClickException("there is no such session")
    session, steps = told
    state = SessionState.Name(session.state).removeprefix("SESSION_STATE_").lower()
    click.echo(f"{session.session_id}  {session.source_brin} -> {session.target_brin}  {state}")
    for step in steps:
        click.echo(_line(step))


async def _told(settings: Settings, session_id: str) -> tuple[SessionRecord, list[Event]] | None:
    """Read a session and its steps; None when there is no such session."""
    database: Database[Transaction] = Database(settings.database, Transaction)

    def work(tx: Transaction) -> tuple[SessionRecord, list[Event]] | None:
        session = tx.look_up(session_id)
        return None if session is None else (session, tx.events(session_id, 0, _MOST_STEPS))

    try:
        return await database.read(work)
    finally:
        await database.close()


def _line(step: Event) -> str:
    """Give a step as a line: number, moment, who, what, outcome, and what went with it."""
    moment = step.time.ToDatetime(tzinfo=UTC).isoformat(timespec="milliseconds")
    kind = SessionEventType.Name(step.type).removeprefix("SESSION_EVENT_TYPE_").lower()
    details = "  ".join(f"{key}={value}" for key, value in sorted(step.details.items()))
    outcome = name_of(step.outcome) + (" (refused)" if step.refused else "")
    who = step.system_id or "-"
    return f"{step.sequence:>8}  {moment}  {who}  {kind}  {outcome}  {details}".rstrip()


def _text(error: Exception) -> str:
    if isinstance(error, StoreUnavailableError):
        return f"the database cannot be used ({error.cause})"
    if isinstance(error, DirectoryError):
        return f"the directory is refused: {error}"
    return str(error)
