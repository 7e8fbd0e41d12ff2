"""What is done at the home folder of an OfficeHeart: found it, run it, save it, make it anew."""

from __future__ import annotations

import asyncio
import errno
import json
import shutil
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oso_registry.authority.cli import NEW_IN, IssuerOptions, issuer_options, key_access
from oso_registry.authority.passphrase import ROOT_PASSPHRASE
from oso_registry.desk import Desk, pass_desk
from oso_registry.systems.cli import HOURS, OUT, hand_out

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from oso_registry.founding import Issued
    from oso_registry.settings import Settings

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
HOME = click.option(
    "--home",
    type=_FOLDER,
    default=Path("officeheart"),
    show_default=True,
    envvar="OSO_REGISTRY_HOME",
    help="Home folder of this OfficeHeart; or OSO_REGISTRY_HOME.",
)


@contextmanager
def _readable(desk: Desk) -> Iterator[None]:
    """Turn what an administrator can mend into one message and exit code 1."""
    from oso_registry.authority.problems import AuthorityError  # noqa: PLC0415
    from oso_registry.backup import BackupError  # noqa: PLC0415
    from oso_rpc.credentials import CredentialsError  # noqa: PLC0415
    from oso_rpc.errors import OsoError  # noqa: PLC0415
    from oso_rpc.server import AddressInUseError  # noqa: PLC0415
    from oso_store import SchemaError, StoreUnavailableError  # noqa: PLC0415
    from oso_store.settings import SettingsError  # noqa: PLC0415

    try:
        yield
    except FileExistsError as error:
        told = desk.text(
            f"{error.filename} is er al; er is niets gewijzigd",
            f"{error.filename} is there already; nothing was changed",
        )
    except OSError as error:
        told = f"{error.filename or '-'}: {error.strerror}"
    except (AuthorityError, BackupError, OsoError) as error:
        told = error.text(desk.language)
    except StoreUnavailableError as error:
        told = desk.text(
            f"de database kan niet worden gebruikt ({error.cause})",
            f"the database cannot be used ({error.cause})",
        )
    except SchemaError:
        told = desk.text(
            "de database is gemaakt door een nieuwere versie; installeer die",
            "the database was made by a newer version; install that one",
        )
    except (AddressInUseError, CredentialsError, SettingsError) as error:
        told = str(error)
    else:
        return
    raise click.ClickException(told)


def _settings(home: Path) -> Settings:
    """Read the settings of a home folder."""
    from oso_registry.settings import SETTINGS_FILE, Settings  # noqa: PLC0415

    return Settings.load(home / SETTINGS_FILE)


@contextmanager
def _all_or_nothing(home: Path) -> Iterator[Path]:
    """Give a folder to fill, that becomes `home` when the block ends well; else it goes away.

    Raises:
        FileExistsError: There is something at `home` already.

    """
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise FileExistsError(errno.EEXIST, "", str(home))
    beside = home.absolute().with_name(f".{home.absolute().name}.new")
    # What an attempt that was cut off left behind; it never was anybody's OfficeHeart.
    shutil.rmtree(beside, ignore_errors=True)
    try:
        yield beside
        if home.exists():
            home.rmdir()
        beside.rename(home)
    except BaseException:
        shutil.rmtree(beside, ignore_errors=True)
        raise


@click.command("init")
@HOME
@click.option("--listen", default="127.0.0.1:7442", show_default=True, help="Address, host:port.")
@click.option(
    "--listen-enrolment",
    default="127.0.0.1:7441",
    show_default=True,
    help="Address for whoever has no certificate yet, host:port.",
)
@click.option("--database", default="", help="postgresql+asyncpg://...; else SQLite in the home.")
@click.option(
    "--root-passphrase-file",
    type=_EXISTING,
    help="File with the passphrase of the root's key; else OSO_CA_ROOT_PASSPHRASE.",
)
@issuer_options
@NEW_IN
@pass_desk
def init(
    desk: Desk,
    /,
    *,
    home: Path,
    listen: str,
    listen_enrolment: str,
    database: str,
    root_passphrase_file: Path | None,
    new_in: str,
    issuer: IssuerOptions,
) -> None:
    """Found an OfficeHeart: authority, keys, database, and the desk of its first registrar."""
    from oso_registry.founding import DESK  # noqa: PLC0415
    from oso_rpc.clock import SystemClock  # noqa: PLC0415
    from oso_rpc.signing import Signer  # noqa: PLC0415

    values: dict[str, str | bool] = {"listen": listen, "listen_enrolment": listen_enrolment}
    if database:
        values["database"] = database
    for setting in ("passphrase_file", "pkcs11_module", "pin_file"):
        named: Path | None = getattr(issuer, setting)
        if named is not None:
            values[setting] = str(named.absolute())
    if issuer.demo:
        values["demo_keys"] = True
    with _readable(desk):
        root_access = key_access(
            ROOT_PASSPHRASE, root_passphrase_file, demo=issuer.demo, what="root's key", new=True
        )
        access = issuer.access(files=not new_in, new=True, new_in=new_in)
        with _all_or_nothing(home) as folder:
            asyncio.run(_found(folder, values, SystemClock().now(), root_access, access))
    key = Signer.load(home / "directory.key").public_key.hex()
    desk.say(
        f"OfficeHeart staat in {home}. Bewaar {home}/ca/root-1.key ergens anders, offline.\n"
        f"Wie het deelnemersregister volgt, vertrouwt deze sleutel (directory_keys): {key}\n"
        f"Start: oso-registry serve --home {home}\n"
        f"Werk daarna als registrar: oso-registry --desk {home / DESK} ...",
        f"OfficeHeart is in {home}. Keep {home}/ca/root-1.key somewhere else, offline.\n"
        f"Whoever follows the directory trusts this key (directory_keys): {key}\n"
        f"Start it: oso-registry serve --home {home}\n"
        f"Then work as registrar: oso-registry --desk {home / DESK} ...",
        home=str(home),
        desk=str(home / DESK),
        directory_key=key,
    )
    if issuer.demo:
        click.echo(
            desk.text(
                "De sleutels zijn niet versleuteld: nooit gebruiken voor echte scholen.",
                "Its keys are not encrypted: never use it for real schools.",
            ),
            err=True,
        )


async def _found(
    home: Path, values: dict[str, str | bool], now: datetime, root_access: Any, access: Any
) -> None:
    from oso_registry.app import opened  # noqa: PLC0415
    from oso_registry.backup import BackupError, BackupProblem  # noqa: PLC0415
    from oso_registry.founding import found  # noqa: PLC0415
    from oso_registry.parties.initial import initial_suppliers  # noqa: PLC0415
    from oso_registry.standard.initial import initial_standard  # noqa: PLC0415
    from oso_registry.systems.resources import SYSTEMS  # noqa: PLC0415

    issued = found(home, values, now, root_access=root_access, access=access)

    def register(first: list[Issued], tx: Any) -> None:
        if tx.list(SYSTEMS, limit=1):
            raise BackupError(BackupProblem.NOT_EMPTY, SYSTEMS.table.name)
        for one in first:
            one.register(tx)
        initial_suppliers(tx)
        initial_standard(tx)

    async with opened(home, _settings(home)) as office:
        await office.act(partial(register, issued), "Found")


@click.command("serve")
@HOME
@pass_desk
def serve(desk: Desk, home: Path) -> None:
    """Run OfficeHeart until SIGTERM or SIGINT."""
    from oso_registry import app  # noqa: PLC0415
    from oso_rpc.logging import configure_logging  # noqa: PLC0415

    configure_logging()
    with _readable(desk):
        asyncio.run(app.serve(home, _settings(home)))


@click.command("backup")
@HOME
@click.option("--out", type=_FILE, required=True, help="File to write; it must not be there yet.")
@pass_desk
def backup(desk: Desk, home: Path, out: Path) -> None:
    """Save OfficeHeart in one file, also while it runs.

    The file holds private keys: keep it as you keep those.
    """
    from oso_registry import app  # noqa: PLC0415
    from oso_registry.backup import Told, dump, write_backup  # noqa: PLC0415

    async def go() -> Told:
        settings = _settings(home)
        async with app.opened(home, settings) as office:
            dumped = await office.database.read(lambda batch: dump(batch.connection))
            return await asyncio.to_thread(write_backup, out, home, dumped, office.clock.now())

    with _readable(desk):
        told = asyncio.run(go())
    desk.say(
        f"{told.files} bestanden en {told.rows} regels van de database bewaard in {out}.\n"
        "Er zitten privésleutels in: bewaar het zoals u die bewaart.",
        f"{told.files} files and {told.rows} rows of the database saved in {out}.\n"
        "It holds private keys: keep it as you keep those.",
        file=str(out),
        files=told.files,
        rows=told.rows,
        made=told.made,
    )


@click.command("restore")
@HOME
@click.option("--database", default="", help="Another database than the one it was in.")
@click.argument("file", type=_EXISTING)
@pass_desk
def restore(desk: Desk, home: Path, database: str, file: Path) -> None:
    """Make OfficeHeart anew from a backup FILE, in an empty place: all of it or nothing."""
    from oso_registry.backup import Backup, read_backup  # noqa: PLC0415

    async def go(folder: Path, read: Backup) -> int:
        from oso_registry import app  # noqa: PLC0415
        from oso_registry.settings import SETTINGS_FILE  # noqa: PLC0415

        read.write_home(folder)
        if database:
            _set_database(folder / SETTINGS_FILE, database)
        return await app.refill(folder, _settings(folder), read)

    with _readable(desk):
        read = read_backup(file)
        with _all_or_nothing(home) as folder:
            rows = asyncio.run(go(folder, read))
    desk.say(
        f"OfficeHeart van {read.made} staat in {home}: {len(read.files)} bestanden, {rows} regels."
        "\nWat daarna is gebeurd, weet het niet: trek in wat toen is ingetrokken, en laat systemen "
        "die toen een certificaat kregen zich opnieuw aanmelden.",
        f"OfficeHeart of {read.made} is in {home}: {len(read.files)} files, {rows} rows."
        "\nIt does not know what happened since: revoke what was revoked then, and have systems "
        "that got a certificate then enrol again.",
        home=str(home),
        made=read.made,
        files=len(read.files),
        rows=rows,
    )


@click.command("invite-registrar")
@HOME
@click.option("--system", "system_id", default="registrar", show_default=True, help="Which one.")
@OUT
@HOURS
@pass_desk
def invite_registrar(desk: Desk, home: Path, system_id: str, out: Path, hours: float) -> None:
    """Invite a registrar whose certificate ended or was lost, from the home folder.

    For when nobody is left who could do it at a desk.
    """
    from oso_registry import app  # noqa: PLC0415
    from oso_registry.authority import TRUST_FILE  # noqa: PLC0415
    from oso_registry.systems.invitations import invite_registrar as work  # noqa: PLC0415

    async def go() -> Any:
        settings = _settings(home)
        async with app.opened(home, settings) as office:
            given = await office.act(
                lambda tx: work(tx, f"systems/{system_id}", timedelta(hours=hours)), "InviteSystem"
            )
            trust = (settings.authority / TRUST_FILE).read_bytes()
            return app.addresses_of(settings).complete(given, trust)

    with _readable(desk):
        invitation = asyncio.run(go())
    hand_out(desk, invitation, out)


def _set_database(file: Path, database: str) -> None:
    """Name another database in the settings; the rest stays as somebody wrote it."""
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.partition("=")[0].strip() != "database"]
    file.write_text(f"database = {json.dumps(database)}\n{''.join(kept)}", encoding="utf-8")


@click.command("new-epoch")
@HOME
@pass_desk
def new_epoch(desk: Desk, home: Path) -> None:
    """Begin a new count of the directory's versions, also while OfficeHeart runs.

    For a database that was put back by other means than `restore`: whoever follows the directory
    has versions since, and refuses what looks older until this is done.
    """
    from oso_registry import app  # noqa: PLC0415
    from oso_registry.directory.publishing import DirectoryPublisher  # noqa: PLC0415

    async def go() -> None:
        async with app.opened(home, _settings(home)) as office:
            publisher = DirectoryPublisher(office.clock)
            await office.act(lambda tx: publisher.begin_epoch(tx.batch))

    with _readable(desk):
        asyncio.run(go())
    desk.say(
        "Het deelnemersregister telt opnieuw: wie het volgt neemt over wat er nu staat.",
        "The directory counts anew: whoever follows it takes what stands there now.",
        home=str(home),
    )


COMMANDS = [init, serve, backup, restore, invite_registrar, new_epoch]
