"""Commands `oso-registry ca prepare|activate|retire|revoke-issuer|root-list|show`: rotation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oso_registry.authority.cli import (
    NEW_IN,
    IssuerOptions,
    Readable,
    has_key_files,
    issuer_options,
    key_access,
)
from oso_registry.authority.crl import Reason
from oso_registry.authority.ledger import State
from oso_registry.authority.overview import Shown, overview
from oso_registry.authority.passphrase import ROOT_PASSPHRASE
from oso_registry.authority.rotation import (
    RootKey,
    activate,
    prepare_issuer,
    prepare_root,
    renew_root_list,
    retire,
    revoke_issuer,
)
from oso_registry.desk import Desk, pass_desk
from oso_rpc.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder of the authority: `ca` in OfficeHeart's home.",
)
_DEMO = click.option("--demo", is_flag=True, help="Keys without a passphrase: for demos only.")
_REASONS = {one.name.lower().replace("_", "-"): one for one in Reason}


def _root_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say where the root's key is, and how it is opened."""
    for option in (
        click.option(
            "--root-key", type=_FILE, help="File with the root's key, when it is kept elsewhere."
        ),
        click.option(
            "--root-passphrase-file",
            type=_EXISTING,
            help="File with the passphrase of the root's key; else OSO_CA_ROOT_PASSPHRASE.",
        ),
    ):
        command = option(command)
    return command


def _root_of(root_key: Path | None, file: Path | None, *, demo: bool, new: bool = False) -> RootKey:
    access = key_access(ROOT_PASSPHRASE, file, demo=demo, what="root's key", new=new)
    return RootKey(access, root_key)


@click.command("prepare")
@_FOLDER
@click.option("--root", "is_root", is_flag=True, help="Prepare a new root; else a new issuer.")
@_root_options
@issuer_options
@NEW_IN
@pass_desk
def ca_prepare(
    desk: Desk,
    *,
    folder: Path,
    root_key: Path | None,
    root_passphrase_file: Path | None,
    is_root: bool,
    new_in: str,
    issuer: IssuerOptions,
) -> None:
    """Make the next issuer, or the next root: trusted from now on, signs nothing yet.

    For an issuer the root's key must be at hand.
    """
    with Readable(desk):
        root = _root_of(root_key, root_passphrase_file, demo=issuer.demo, new=is_root)
        now = SystemClock().now()
        if is_root:
            name = prepare_root(folder, now, root_access=root.access)
        else:
            files = not new_in or has_key_files(folder)
            access = issuer.access(files=files, new_in=new_in)
            name = prepare_issuer(folder, now, root_key=root, access=access)
    if is_root:
        desk.say(
            f"{name} staat klaar; root.crt bevat nu ook deze. Haal {name}.key offline.\n"
            "Laat hem pas ingaan als iedereen root.crt heeft; wanneer dat is, zegt: ca show",
            f"{name} is prepared; root.crt now holds it as well. Take {name}.key offline.\n"
            "Activate it when everybody has root.crt; when that is, tells: ca show",
            prepared=name,
        )
    else:
        step = f"oso-registry ca activate --dir {folder} {name}"
        desk.say(
            f"{name} staat klaar. Laat hem ingaan met: {step}",
            f"{name} is prepared. Activate it with: {step}",
            prepared=name,
        )


@click.command("activate")
@_FOLDER
@issuer_options
@click.option("--force", is_flag=True, help="Activate a root not everybody can know yet.")
@click.argument("name")
@pass_desk
def ca_activate(desk: Desk, *, folder: Path, name: str, force: bool, issuer: IssuerOptions) -> None:
    """Let issuer or root NAME take over; needs no root's key.

    OfficeHeart goes on, and signs with it at its next call.
    """
    with Readable(desk):
        access = None
        if not name.startswith("root-"):
            access = issuer.access(files=has_key_files(folder, name))
        out = activate(folder, name, SystemClock().now(), access=access, force=force)
    desk.say(
        f"{name} is nu in gebruik, in plaats van {out}.\n"
        f"Wanneer {out} uit gebruik kan, zegt: oso-registry ca show --dir {folder}",
        f"{name} is in use now, in the place of {out}.\n"
        f"When {out} can be retired, tells: oso-registry ca show --dir {folder}",
        active=name,
        outgoing=out,
    )


@click.command("retire")
@_FOLDER
@click.option("--force", is_flag=True, help="Also while what it signed can be in force.")
@click.argument("name")
@pass_desk
def ca_retire(desk: Desk, folder: Path, name: str, *, force: bool) -> None:
    """Take issuer or root NAME out of use, or take back one that was only prepared."""
    with Readable(desk):
        entry = retire(folder, name, SystemClock().now(), force=force)
    desk.say(
        f"{name} is uit gebruik. Vernietig de sleutel ({entry.key}) en alle kopieën ervan.",
        f"{name} is out of use. Destroy its key ({entry.key}) and all copies of it.",
        retired=name,
        key=entry.key,
    )


@click.command("revoke-issuer")
@_FOLDER
@_root_options
@_DEMO
@click.option(
    "--reason",
    type=click.Choice(list(_REASONS)),
    required=True,
    help="Why; ca-compromise when somebody else may have its key.",
)
@click.argument("name")
@pass_desk
def ca_revoke_issuer(
    desk: Desk,
    folder: Path,
    root_key: Path | None,
    root_passphrase_file: Path | None,
    *,
    reason: str,
    name: str,
    demo: bool,
) -> None:
    """Put issuer NAME on its root's revocation list, and take it out of use at once.

    The root's key must be at hand. The issuer in use is replaced first: prepare, activate.
    """
    with Readable(desk):
        root = _root_of(root_key, root_passphrase_file, demo=demo)
        path = revoke_issuer(folder, name, _REASONS[reason], SystemClock().now(), root_key=root)
    desk.say(
        f"{name} is ingetrokken. Maak {path} bekend.\n"
        "Systemen van OSO lezen die lijst niet: kan een ander de sleutel hebben, vervang dan ook "
        "de root (oso-registry ca prepare --root).",
        f"{name} is revoked. Publish {path}.\n"
        "Systems of OSO do not read that list: if somebody else may have the key, change the root "
        "as well (oso-registry ca prepare --root).",
        revoked=name,
        list=str(path),
    )


@click.command("root-list")
@_FOLDER
@_root_options
@_DEMO
@click.argument("name")
@pass_desk
def ca_root_list(
    desk: Desk,
    folder: Path,
    root_key: Path | None,
    root_passphrase_file: Path | None,
    name: str,
    *,
    demo: bool,
) -> None:
    """Make the revocation list of root NAME anew, for 400 days. Its key must be at hand."""
    with Readable(desk):
        root = _root_of(root_key, root_passphrase_file, demo=demo)
        path = renew_root_list(folder, name, SystemClock().now(), root_key=root)
    desk.say(f"{path} is vernieuwd.", f"{path} was renewed.", list=str(path))


@click.command("show")
@_FOLDER
@pass_desk
def ca_show(desk: Desk, folder: Path) -> None:
    """Show roots and issuers, how far each is, and what comes next. Opens no key."""
    with Readable(desk):
        found = overview(folder)
    if desk.as_json:
        entries = [
            {
                **one.entry.model_dump(mode="json", exclude_none=True),
                "ends": one.ends.isoformat(),
                "next_step": one.next_step and one.next_step.isoformat(),
            }
            for one in found.shown
        ]
        click.echo(
            json.dumps(
                {
                    "entries": entries,
                    "strays": found.strays,
                    "trust_is_current": found.trust_is_current,
                }
            )
        )
        return
    for one in found.shown:
        click.echo(f"{one.entry.name:11}{one.entry.state.value:10}{_told(desk, one)}")
    if found.strays:
        names = ", ".join(found.strays)
        click.echo(
            desk.text(
                f"Van een afgebroken stap, kan weg: {names}",
                f"Left by a step that was cut off, can be destroyed: {names}",
            )
        )
    if not found.trust_is_current:
        click.echo(
            desk.text(
                "root.crt is niet wat het moet zijn; de volgende stap herstelt dat.",
                "root.crt is not what it should be; the next step mends that.",
            )
        )


def _told(desk: Desk, one: Shown) -> str:
    entry, day = one.entry, _day
    until = desk.text(f"geldig tot {day(one.ends)}", f"valid until {day(one.ends)}")
    here = "" if one.key_is_here else desk.text("; sleutel niet hier", "; key not here")
    match entry.state:
        case State.PREPARED:
            step = desk.text(
                f"kan ingaan vanaf {day(one.next_step)}",
                f"can be activated from {day(one.next_step)}",
            )
        case State.ACTIVE if entry.is_root:
            step = desk.text(
                f"ondertekent uitgevers tot {day(one.next_step)}",
                f"signs issuers until {day(one.next_step)}",
            )
        case State.ACTIVE:
            step = desk.text(
                f"vervangen voor {day(one.next_step)}", f"to be replaced by {day(one.next_step)}"
            )
        case State.OUTGOING if entry.is_root:
            step = desk.text(
                "kan uit gebruik na de laatste uitgever", "can be retired after its last issuer"
            )
        case State.OUTGOING:
            step = desk.text(
                f"kan uit gebruik vanaf {day(one.next_step)}",
                f"can be retired from {day(one.next_step)}",
            )
        case _ if entry.revoked is not None:
            return desk.text(
                f"ingetrokken op {day(entry.revoked)}", f"revoked on {day(entry.revoked)}"
            )
        case _:
            return desk.text(
                f"uit gebruik sinds {day(entry.retired)}", f"out of use since {day(entry.retired)}"
            )
    return f"{until}; {step}{here}"


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "-"


COMMANDS = [ca_prepare, ca_activate, ca_retire, ca_revoke_issuer, ca_root_list, ca_show]
