"""Commands `oso-registry ca`: what an administrator does with the certificate authority by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oso_registry.authority.folder import create_authority
from oso_registry.authority.keys import KeyAccess
from oso_registry.authority.passphrase import ISSUER_PASSPHRASE, ROOT_PASSPHRASE
from oso_registry.authority.problems import AuthorityError
from oso_registry.desk import Desk, pass_desk
from oso_rpc.clock import SystemClock
from oso_rpc.credentials import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from oso_registry.authority.passphrase import SecretSource

_FOLDER = click.Path(file_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


def passphrase_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how the issuer's key is opened."""
    for option in (
        click.option("--demo", is_flag=True, help="Keys without a passphrase: for demos only."),
        click.option(
            "--passphrase-file",
            type=_EXISTING,
            help="File with the passphrase of the issuer's key; else OSO_CA_PASSPHRASE.",
        ),
    ):
        command = option(command)
    return command


def key_access(
    source: SecretSource, file: Path | None, *, demo: bool, what: str, new: bool = False
) -> KeyAccess:
    """Find what opens a key; asks for the passphrase where nothing gives it.

    Raises:
        CredentialsError: Others could read the file.
        click.Abort: Nobody answers.

    """
    found = source.find(file)
    if found is None and not demo:
        text = click.prompt(
            f"Passphrase of the {what}", hide_input=True, confirmation_prompt=new, err=True
        )
        found = text.encode()
    return KeyAccess(found, demo=demo)


class Readable:
    """Turns what an administrator can mend into one message and exit code 1."""

    def __init__(self, desk: Desk) -> None:
        """Name the desk, whose language it speaks."""
        self._desk = desk

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Say what went wrong."""
        match error:
            case FileExistsError():
                text = self._desk.text(
                    f"{error.filename} is er al; er is niets gewijzigd",
                    f"{error.filename} is there already; nothing was changed",
                )
            case OSError():
                text = f"{error.filename}: {error.strerror}"
            case AuthorityError() | CredentialsError():
                text = error.text(self._desk.language)
            case _:
                return
        raise click.ClickException(text) from None


@click.group()
def ca() -> None:
    """The certificate authority."""


@ca.command("init")
@click.option("--dir", "folder", type=_FOLDER, required=True, help="New folder for the authority.")
@click.option(
    "--root-passphrase-file",
    type=_EXISTING,
    help="File with the passphrase of the root's key; else OSO_CA_ROOT_PASSPHRASE.",
)
@passphrase_options
@pass_desk
def ca_init(
    desk: Desk,
    folder: Path,
    root_passphrase_file: Path | None,
    passphrase_file: Path | None,
    *,
    demo: bool,
) -> None:
    """Make a root and an issuing authority."""
    with Readable(desk):
        root = key_access(
            ROOT_PASSPHRASE, root_passphrase_file, demo=demo, what="root's key", new=True
        )
        issuer = key_access(
            ISSUER_PASSPHRASE, passphrase_file, demo=demo, what="issuer's key", new=True
        )
        if root.passphrase is not None and root.passphrase == issuer.passphrase:
            raise click.ClickException(
                desk.text(
                    "de sleutel van de root heeft een eigen wachtwoord nodig; deze machine kent "
                    "dat van de uitgever",
                    "the root's key needs a passphrase of its own; this machine knows the issuer's",
                )
            )
        create_authority(folder, SystemClock().now(), root_access=root, access=issuer)
    desk.say(
        f"De autoriteit staat in {folder}. Geef root.crt aan iedereen; haal root-1.key offline.",
        f"Authority made in {folder}. Give root.crt to everybody; take root-1.key offline.",
        folder=str(folder),
    )
    if demo:
        click.echo(
            desk.text(
                "De sleutels zijn niet versleuteld: nooit gebruiken voor echte scholen.",
                "Its keys are not encrypted: never use it for real schools.",
            ),
            err=True,
        )
