"""Command `oso`: dossiers as files, and a school's node.

Imports are made where they are used: `oso dossier show` should not wait for gRPC.
"""

from __future__ import annotations

import errno
import json
from pathlib import Path

import click

from oso_dossier.cli import dossier
from oso_las.cli_certificate import COMMANDS as CERTIFICATE_COMMANDS
from oso_las.cli_exchange import request, serve, timeline
from oso_las.cli_notify import TO, fetch, notifications, notify, notify_and_tell
from oso_las.here import ACCOUNT, Here, Refused, printable

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


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
def las(context: click.Context, *, home: Path, lang: str, as_json: bool) -> None:
    """Een school: dossiers klaarzetten, opvragen en ontvangen (a school's node)."""
    context.obj = Here(home, lang, as_json=as_json)


las.add_command(serve)
las.add_command(request)
las.add_command(timeline)
las.add_command(notify)
las.add_command(notifications)
las.add_command(fetch)
for _command in CERTIFICATE_COMMANDS:
    las.add_command(_command)


@las.command()
@click.option(
    "--system",
    "system_id",
    default="",
    help="Id of this system: makes key and signing request now. Without it, `enroll` makes them.",
)
@click.option("--brin", default="", help="BRIN of the school.")
@click.option("--swv", default="", help="Code of the SWV, instead of a BRIN.")
@click.option("--routing-key", required=True, help="Routing key of the delivery point.")
@click.option("--swv-routing-key", default="", help="Of a school, for dossiers for an SWV.")
@click.option("--traffic-center", default="127.0.0.1:7443", show_default=True, help="host:port")
@click.option("--listen", default="127.0.0.1:7444", show_default=True, help="host:port")
@click.option("--office-heart", default="", help="host:port; without it the directory is a file.")
@click.option("--directory-key", "directory_keys", multiple=True, help="Key of OfficeHeart (hex).")
@click.pass_obj
def init(
    here: Here,
    *,
    system_id: str,
    brin: str,
    swv: str,
    routing_key: str,
    swv_routing_key: str,
    traffic_center: str,
    listen: str,
    office_heart: str,
    directory_keys: tuple[str, ...],
) -> None:
    """Make the home folder and las.toml. The key and its certificate come with `enroll`."""
    from oso_las.app import SETTINGS_FILE  # noqa: PLC0415
    from oso_rpc.credentials import new_key_and_request, write_private  # noqa: PLC0415
    from oso_rpc.identity import is_system_id  # noqa: PLC0415

    if system_id and not is_system_id(system_id):
        raise click.UsageError(
            "Een systeem heeft een naam van kleine letters, cijfers en streepjes."
            if here.language == "nl"
            else "The id of a system has small letters, digits and hyphens."
        )
    chosen = {"brin": brin, "swv": swv, "swv_routing_key": swv_routing_key}
    values = {
        **{name: value for name, value in chosen.items() if value},
        "routing_key": routing_key,
        "listen": listen,
        "traffic_center": traffic_center,
        "directory_keys": list(directory_keys),
    }
    if office_heart:
        values["office_heart"] = office_heart
    # TOML's strings and lists of strings are written as JSON writes them.
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    toml, key_file, csr = (here.home / name for name in (SETTINGS_FILE, "system.key", "system.csr"))
    for path in (toml, key_file, csr):
        if path.exists():
            raise Refused(here.told(FileExistsError(errno.EEXIST, "", str(path))))
    try:
        here.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(toml, text.encode("utf-8"))
        try:
            here.settings()  # what cannot be used is told now, not at the first dossier
        except Refused:
            toml.unlink()
            raise
        if system_id:
            key, request = new_key_and_request(system_id)
            write_private(key_file, key)
            csr.write_bytes(request)
    except OSError as error:
        raise Refused(here.told(error)) from None
    enrolling = f"oso las --home {here.home} enroll uitnodiging.json"
    made = {"csr": str(csr)} if system_id else {}
    here.say(
        f"Map {here.home} gemaakt. Meld dit systeem aan met de uitnodiging die u van OfficeHeart "
        f"kreeg:\n  {enrolling}",
        f"Made {here.home}. Enrol this system with the invitation you got from OfficeHeart:\n"
        f"  {enrolling}",
        home=str(here.home),
        **made,
    )


@las.command("import")
@click.argument("file", type=_EXISTING)
@ACCOUNT
@click.pass_obj
def import_file(here: Here, file: Path, account: str) -> None:
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
@click.option("--for", "target", required=True, help="BRIN of the school it is meant for.")
@ACCOUNT
@click.pass_obj
def mark(here: Here, number: int, target: str, account: str) -> None:
    """Say for which school a dossier is meant; it can ask, and is told what is still to be done."""
    here.at_desk(lambda office: office.desk.mark(number, target, account))
    here.say(
        f"Dossier {number} is bestemd voor school {target}; het staat nog niet klaar.",
        f"Dossier {number} is meant for school {target}; it is not ready yet.",
        number=number,
        target=target,
    )


@las.command()
@click.argument("number", type=int)
@ACCOUNT
@click.option("--remark", default="", help="What the parents remarked.")
@click.pass_obj
def inspect(here: Here, number: int, account: str, remark: str) -> None:
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
@click.option("--for", "target", required=True, help="BRIN or SWV code of who may fetch it.")
@click.option("--notify", "notifies", is_flag=True, help="Tell who asked for it that it is ready.")
@TO
@ACCOUNT
@click.pass_obj
def ready(here: Here, number: int, *, target: str, notifies: bool, to: str, account: str) -> None:
    """Set a dossier ready for a school or an SWV. That stands, whatever comes of --notify."""
    from oso_las.receivers import is_swv  # noqa: PLC0415

    here.at_desk(lambda office: office.desk.set_ready(number, target, account))
    what = "samenwerkingsverband" if is_swv(target) else "school"
    here.say(
        f"Dossier {number} staat klaar voor {what} {target}.",
        f"Dossier {number} is ready for {what} {target}.",
        number=number,
        state="ready",
        target=target,
    )
    if notifies:
        notify_and_tell(here, number, account, to)


@las.command()
@click.argument("number", type=int)
@ACCOUNT
@click.option("--remark", default="", help="Why.")
@click.pass_obj
def withdraw(here: Here, number: int, account: str, remark: str) -> None:
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
def list_dossiers(here: Here) -> None:
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
            f"{one.collect_time:%Y-%m-%d %H:%M}  {printable(one.pupil_name)}"
        )


@las.command()
@click.argument("number", type=int)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def export(here: Here, number: int, out: Path) -> None:
    """Write a dossier as XML to a new file."""
    size = here.at_desk(lambda office: office.desk.export(number, out))
    here.say(
        f"Dossier {number} geschreven naar {out}.",
        f"Dossier {number} written to {out}.",
        number=number,
        file=str(out),
        bytes=size,
    )
