"""Command `oso`: dossiers as files, and a school's node.

Imports are made where they are used: `oso dossier show` should not wait for gRPC.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from oso_dossier.cli import dossier

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from oso_las.app import Office, Settings
    from oso_las.collector import Collected

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_BRIN = click.STRING
_PROGRESS_FROM = 1024 * 1024


class Refused(click.ClickException):
    """Shown as one text on standard error; exit code 1."""

    def show(self, file: Any = None) -> None:
        """Print the text as it is: it is a sentence for people."""
        click.echo(self.message, file=file or sys.stderr)


@click.group()
def main() -> None:
    """OSO: overstapdossiers van school naar school."""


main.add_command(dossier)


@main.group()
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("oso-las"),
    show_default=True,
    help="Folder with the state of this school.",
)
@click.option("--lang", type=click.Choice(["nl", "en"]), default="nl", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@click.pass_context
def las(context: click.Context, home: Path, lang: str, as_json: bool) -> None:  # noqa: FBT001
    """Een school: dossiers klaarzetten, opvragen en ontvangen (a school's node)."""
    context.obj = _Here(home, lang, as_json=as_json)


_ACCOUNT = click.option(
    "--account", default=getpass.getuser, show_default="your login", help="Who does this."
)


class _Here:
    """The school at hand, and how to talk."""

    def __init__(self, home: Path, language: str, *, as_json: bool) -> None:
        self.home = home
        self.language = language
        self.as_json = as_json

    def say(self, nl: str, en: str, **data: object) -> None:
        """Print a sentence, or the data for a program."""
        if self.as_json:
            click.echo(json.dumps(data))
        else:
            click.echo(nl if self.language == "nl" else en)

    def settings(self) -> Settings:
        """Read the settings."""
        from oso_store.settings import SettingsError  # noqa: PLC0415

        from oso_las.app import SETTINGS_FILE, Settings  # noqa: PLC0415

        try:
            return Settings.load(self.home / SETTINGS_FILE)
        except SettingsError as error:
            raise Refused(str(error)) from None

    def at_desk(self, work: Callable[[Office], Coroutine[Any, Any, Any]]) -> Any:
        """Do something at the desk."""
        from oso_las.app import office  # noqa: PLC0415

        async def go() -> Any:
            async with office(self.home, settings) as opened:
                return await work(opened)

        settings = self.settings()
        return self.run(go)

    def run(self, work: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        """Run to the end; turn errors into sentences."""
        from oso_dossier.errors import DossierXmlError  # noqa: PLC0415
        from oso_rpc.credentials import CredentialsError  # noqa: PLC0415
        from oso_rpc.directory import DirectoryError  # noqa: PLC0415
        from oso_rpc.errors import OsoError  # noqa: PLC0415
        from oso_rpc.server import AddressInUseError  # noqa: PLC0415
        from oso_store import SchemaError, StoreUnavailableError  # noqa: PLC0415

        from oso_las.attachments import DamagedPartError  # noqa: PLC0415
        from oso_las.model import DeskError  # noqa: PLC0415

        try:
            return asyncio.run(work())
        except (DossierXmlError, DeskError, OsoError) as error:
            raise Refused(error.text(self.language)) from None
        except (CredentialsError, AddressInUseError, SchemaError) as error:
            raise Refused(str(error)) from None
        except DirectoryError as error:
            raise Refused(f"{type(error).__doc__}") from None
        except StoreUnavailableError as error:
            nl = f"De opslag is niet bruikbaar ({error.cause}). Er is niets gewijzigd."
            en = f"The store cannot be used ({error.cause}). Nothing was changed."
            raise Refused(nl if self.language == "nl" else en) from None
        except DamagedPartError as error:
            nl = f"Een bestand van dit dossier is beschadigd of weg: {error}"
            en = f"A file of this dossier is damaged or gone: {error}"
            raise Refused(nl if self.language == "nl" else en) from None
        except OSError as error:
            raise Refused(str(error)) from None


@las.command()
@click.option("--system", "system_id", required=True, help="Id of this system, as registered.")
@click.option("--brin", required=True, help="BRIN of the school.")
@click.option("--routing-key", required=True, help="Routing key of the delivery point.")
@click.option("--traffic-center", default="127.0.0.1:7443", show_default=True, help="host:port")
@click.option("--listen", default="127.0.0.1:7444", show_default=True, help="host:port")
@click.option("--directory-key", "directory_keys", multiple=True, help="Key of OfficeHeart (hex).")
@click.pass_obj
def init(
    here: _Here,
    system_id: str,
    brin: str,
    routing_key: str,
    traffic_center: str,
    listen: str,
    directory_keys: tuple[str, ...],
) -> None:
    """Make the home folder: a private key, a signing request, and las.toml."""
    from oso_rpc.credentials import new_key_and_request, write_private  # noqa: PLC0415

    from oso_las.app import SETTINGS_FILE  # noqa: PLC0415

    values = {
        "brin": brin,
        "routing_key": routing_key,
        "listen": listen,
        "traffic_center": traffic_center,
        "directory_keys": list(directory_keys),
    }
    # TOML's strings and lists of strings are written as JSON writes them.
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    try:
        here.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        key, request = new_key_and_request(system_id)
        write_private(here.home / "system.key", key)
        (here.home / "system.csr").write_bytes(request)
        (here.home / SETTINGS_FILE).write_text(text, encoding="utf-8")
    except FileExistsError as error:
        nl = f"{error.filename} bestaat al; er is niets gewijzigd."
        en = f"{error.filename} is there already; nothing was changed."
        raise Refused(nl if here.language == "nl" else en) from None
    except OSError as error:
        raise Refused(str(error)) from None
    csr = here.home / "system.csr"
    here.say(
        f"Map {here.home} gemaakt. Stuur {csr} naar OfficeHeart; "
        "leg system.crt, root.crt en directory.pb erbij.",
        f"Made {here.home}. Send {csr} to OfficeHeart; "
        "put system.crt, root.crt and directory.pb beside it.",
        csr=str(csr),
    )


@las.command()
@click.pass_obj
def serve(here: _Here) -> None:
    """Give out dossiers that are ready, until told to stop."""
    import uvloop  # noqa: PLC0415
    from oso_rpc.logging import configure_logging  # noqa: PLC0415

    from oso_las.app import serve as serve_node  # noqa: PLC0415

    configure_logging()
    settings = here.settings()
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    here.run(lambda: serve_node(here.home, settings))


@las.command("import")
@click.argument("file", type=_EXISTING)
@_ACCOUNT
@click.pass_obj
def import_file(here: _Here, file: Path, account: str) -> None:
    """Import a dossier from XML."""
    number = here.at_desk(lambda office: office.desk.import_xml(file, account))
    here.say(
        f"Dossier {number} geïmporteerd: concept. Laat de ouders het inzien.",
        f"Dossier {number} imported: draft. Let the parents inspect it.",
        number=number,
        state="draft",
    )


@las.command()
@click.argument("number", type=int)
@_ACCOUNT
@click.option("--remark", default="", help="What the parents remarked.")
@click.pass_obj
def inspect(here: _Here, number: int, account: str, remark: str) -> None:
    """Record that the parents have inspected a dossier."""
    here.at_desk(lambda office: office.desk.inspect(number, account, remark))
    here.say(
        f"Dossier {number}: inzage door de ouders vastgelegd.",
        f"Dossier {number}: inspection by the parents recorded.",
        number=number,
        state="inspected",
    )


@las.command()
@click.argument("number", type=int)
@click.option("--for", "target", required=True, help="BRIN of the school that may fetch it.")
@_ACCOUNT
@click.pass_obj
def ready(here: _Here, number: int, target: str, account: str) -> None:
    """Set a dossier ready for a school."""
    here.at_desk(lambda office: office.desk.set_ready(number, target, account))
    here.say(
        f"Dossier {number} staat klaar voor school {target}.",
        f"Dossier {number} is ready for school {target}.",
        number=number,
        state="ready",
        target=target,
    )


@las.command()
@click.argument("number", type=int)
@_ACCOUNT
@click.option("--remark", default="", help="Why.")
@click.pass_obj
def withdraw(here: _Here, number: int, account: str, remark: str) -> None:
    """Take a dossier back; no school gets it any more."""
    here.at_desk(lambda office: office.desk.withdraw(number, account, remark))
    here.say(
        f"Dossier {number} is ingetrokken.",
        f"Dossier {number} is withdrawn.",
        number=number,
        state="withdrawn",
    )


@las.command("list")
@click.pass_obj
def list_dossiers(here: _Here) -> None:
    """List the dossiers of this school."""
    from oso_las.model import STATE_NAMES  # noqa: PLC0415

    entries = here.at_desk(lambda office: office.desk.entries())
    if here.as_json:
        rows = [
            {"number": one.number, "state": one.state.value, "profile": one.profile}
            | {"for": one.target_brin, "from": one.source_brin, "attachments": one.attachments}
            for one in entries
        ]
        click.echo(json.dumps(rows))
        return
    if not entries:
        here.say("Er zijn nog geen dossiers.", "There are no dossiers yet.")
    for one in entries:
        state = STATE_NAMES[one.state][0 if here.language == "nl" else 1]
        school = one.target_brin or one.source_brin
        click.echo(
            f"{one.number:>5}  {state:<13} {one.profile:<5} {school:<5} "
            f"{one.collect_time:%Y-%m-%d %H:%M}  {one.pupil_name}"
        )


@las.command()
@click.argument("number", type=int)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export(here: _Here, number: int, out: Path) -> None:
    """Write a dossier as XML to a new file."""
    from oso_dossier.files import write_new  # noqa: PLC0415

    content = here.at_desk(lambda office: office.desk.export_xml(number))
    try:
        write_new(out, content)
    except FileExistsError:
        nl = f"{out} bestaat al; er is niets geschreven."
        en = f"{out} is there already; nothing was written."
        raise Refused(nl if here.language == "nl" else en) from None
    except OSError as error:
        raise Refused(str(error)) from None
    here.say(
        f"Dossier {number} geschreven naar {out}.",
        f"Dossier {number} written to {out}.",
        number=number,
        file=str(out),
        bytes=len(content),
    )


@las.command()
@click.option("--from", "source", required=True, help="BRIN of the school that has the dossier.")
@click.option("--birth-date", required=True, metavar="YYYY-MM-DD")
@click.option(
    "--number-kind", type=click.Choice(["bsn", "onderwijsnummer"]), default="bsn", show_default=True
)
@click.option(
    "--confirm-applied",
    is_flag=True,
    help="The pupil has applied at this school. Nobody may fetch a dossier to select.",
)
@_ACCOUNT
@click.pass_obj
def request(
    here: _Here,
    source: str,
    birth_date: str,
    number_kind: str,
    confirm_applied: bool,  # noqa: FBT001
    account: str,
) -> None:
    """Fetch the dossier of a pupil from another school.

    The number is asked for, or read from standard input: it never stands in the shell's history.
    """
    from oso_las.app import node  # noqa: PLC0415

    if not confirm_applied:
        nl = "Bevestig met --confirm-applied dat de leerling zich bij uw school heeft aangemeld."
        en = "Confirm with --confirm-applied that the pupil has applied at your school."
        raise click.UsageError(nl if here.language == "nl" else en)
    identity = _identity(here, number_kind, birth_date)
    settings = here.settings()
    bar = _Bar()

    async def go() -> Collected:
        async with node(here.home, settings) as made:
            return await made.collector.collect(identity, source, account, progress=bar)

    try:
        collected = here.run(go)
    finally:
        bar.end()
    _tell(here, collected)


def _identity(here: _Here, kind: str, birth_date: str) -> Any:
    """Ask for the number; refuse what cannot be one."""
    from datetime import date  # noqa: PLC0415

    from stdnum.nl import bsn, onderwijsnummer  # noqa: PLC0415

    from oso_las.model import Identity  # noqa: PLC0415

    asked = sys.stdin.isatty()
    number = (click.prompt(kind, err=True) if asked else sys.stdin.readline()).strip()
    checker = bsn if kind == "bsn" else onderwijsnummer
    if len(number) != 9 or not checker.is_valid(number):  # noqa: PLR2004
        nl = f"Dit is geen geldig {kind}: controleer de negen cijfers."
        en = f"This is no valid {kind}: check the nine digits."
        raise click.UsageError(nl if here.language == "nl" else en)
    try:
        if not birth_date.endswith("-00"):
            date.fromisoformat(birth_date)
        else:
            date.fromisoformat(f"{birth_date[:-2]}01")
    except ValueError:
        nl = "Dit is geen geboortedatum: schrijf jjjj-mm-dd."
        en = "This is no birth date: write yyyy-mm-dd."
        raise click.UsageError(nl if here.language == "nl" else en) from None
    return Identity(kind, number, birth_date)


def _tell(here: _Here, collected: Collected) -> None:
    """Say what came of a request; exit 1 when nothing was delivered."""
    from dataclasses import asdict  # noqa: PLC0415

    from oso_rpc.errors import name_of, text_of  # noqa: PLC0415

    if here.as_json:
        data = {
            "session": collected.session_id,
            "result": name_of(collected.result),
            "number": collected.dossier_number,
            "closed": collected.closed,
            "legs": [asdict(leg) for leg in collected.legs],
        }
        click.echo(json.dumps(data))
    else:
        for leg in collected.legs:
            click.echo(
                f"  {leg.who:<16} {leg.what:<18} {leg.result:<22} {leg.milliseconds:8.1f} ms"
            )
        text = text_of(collected.result, {}, here.language)
        if collected.dossier_number is not None:
            text += " " + (
                f"Het is hier dossier {collected.dossier_number}."
                if here.language == "nl"
                else f"Here it is dossier {collected.dossier_number}."
            )
        click.echo(text)
        nl, en = "Sessie", "Session"
        click.echo(f"{nl if here.language == 'nl' else en} {collected.session_id}")
    if collected.dossier_number is None:
        sys.exit(1)


@las.command()
@click.argument("session")
@click.pass_obj
def timeline(here: _Here, session: str) -> None:
    """Show every step of a session, as the Traffic Center recorded it."""
    from oso.trafficcenter.v1.session_pb2 import (  # noqa: PLC0415
        SessionEventType,
        SessionState,
    )
    from oso_rpc.clock import moment  # noqa: PLC0415
    from oso_rpc.errors import name_of  # noqa: PLC0415

    from oso_las.app import node  # noqa: PLC0415

    settings = here.settings()

    async def go() -> Any:
        async with node(here.home, settings) as made:
            return await made.traffic_center.timeline(session)

    found = here.run(go)
    steps = [
        {
            "sequence": event.sequence,
            "time": moment(event.time).isoformat(timespec="milliseconds"),
            "step": SessionEventType.Name(event.type).removeprefix("SESSION_EVENT_TYPE_"),
            "system": event.system_id,
            "outcome": name_of(event.outcome),
            "refused": event.refused,
            "details": dict(event.details),
        }
        for event in found.events
    ]
    state = SessionState.Name(found.session.state).removeprefix("SESSION_STATE_")
    if here.as_json:
        click.echo(json.dumps({"state": state, "events": steps}))
        return
    click.echo(f"{session}  {state}")
    for step in steps:
        click.echo(
            f"{step['sequence']:>6}  {step['time']}  {step['step']:<7} {step['system']:<16} "
            f"{step['outcome']}" + ("  (geweigerd)" if step["refused"] else "")
        )


class _Bar:
    """A progress bar for parts larger than 1 MiB, on standard error."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._part = -1
        self._done = 0

    def __call__(self, part_number: int, name: str, done: int, size: int) -> None:
        if size < _PROGRESS_FROM:
            return
        if part_number != self._part:
            self.end()
            # A name from elsewhere: nothing in it may steer the terminal.
            label = "".join(one if one.isprintable() else "?" for one in name[:32]) or "dossier"
            self._bar = click.progressbar(length=size, label=label, file=sys.stderr)
            self._bar.__enter__()
            self._part, self._done = part_number, 0
        self._bar.update(done - self._done)
        self._done = done

    def end(self) -> None:
        """End the bar at hand."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)
            self._bar = None
