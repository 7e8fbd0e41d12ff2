"""Commands `oso-registry ca`: what an administrator does with the certificate authority by hand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from oso_registry.authority.folder import create_authority
from oso_registry.authority.keys import KeyAccess
from oso_registry.authority.ledger import SIGNING, Ledger
from oso_registry.authority.passphrase import ISSUER_PASSPHRASE, ROOT_PASSPHRASE, TOKEN_PIN
from oso_registry.authority.problems import AuthorityError
from oso_registry.authority.tokens import SCHEME, TokenUri, token_access
from oso_registry.desk import Desk, pass_desk
from oso_rpc.clock import SystemClock
from oso_rpc.credentials import CredentialsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from oso_registry.authority.passphrase import SecretSource

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class IssuerOptions:
    """How the keys of issuers are opened: what the options of a command say.

    Attributes:
        passphrase_file: File with the passphrase of key files.
        demo: Keys need no passphrase.
        pkcs11_module: The PKCS#11 module that reaches tokens.
        pin_file: File with the PIN.

    """

    passphrase_file: Path | None
    demo: bool
    pkcs11_module: Path | None
    pin_file: Path | None

    def access(self, *, files: bool, new: bool = False, new_in: str = "") -> KeyAccess:
        """Find what opens the keys; asks for passphrase and PIN where nothing gives them.

        Args:
            files: Whether there are key files among them.
            new: Whether a passphrase is new, and asked for twice.
            new_in: The token a new key is made in, label or URI; empty: in a file.

        Raises:
            TokenError: The token's name is none, or there is no package for tokens.
            CredentialsError: Others could read a file.
            click.Abort: Nobody answers.

        """
        access = KeyAccess(demo=self.demo)
        if files:
            access = key_access(
                ISSUER_PASSPHRASE,
                self.passphrase_file,
                demo=self.demo,
                what="issuer's key",
                new=new,
            )
        if new_in:
            access = replace(access, new_in=TokenUri.of_token(new_in))
        if self.pkcs11_module is None:
            return access
        pin = TOKEN_PIN.find(self.pin_file)
        if pin is None:
            pin = click.prompt("PIN of the token", hide_input=True, err=True).encode()
        return replace(access, token=token_access(self.pkcs11_module, pin))


def issuer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that say how issuers' keys are opened, as `issuer`."""

    @wraps(command)
    def with_issuer(
        *arguments: Any,
        passphrase_file: Path | None,
        demo: bool,
        pkcs11_module: Path | None,
        pin_file: Path | None,
        **others: Any,
    ) -> Any:
        issuer = IssuerOptions(passphrase_file, demo, pkcs11_module, pin_file)
        return command(*arguments, issuer=issuer, **others)

    options: Callable[..., Any] = with_issuer
    for option in (
        click.option("--demo", is_flag=True, help="Keys without a passphrase: for demos only."),
        click.option(
            "--pin-file", type=_EXISTING, help="File with the PIN of the token; else OSO_CA_PIN."
        ),
        click.option(
            "--pkcs11-module",
            type=_FILE,
            help="PKCS#11 module, when the issuer's key is in a token.",
        ),
        click.option(
            "--passphrase-file",
            type=_EXISTING,
            help="File with the passphrase of the issuer's key; else OSO_CA_PASSPHRASE.",
        ),
    ):
        options = option(options)
    return options


NEW_IN = click.option(
    "--token",
    "new_in",
    default="",
    help="Token to make the issuer's key in: its label, or a PKCS#11 URI; else in a file.",
)


def has_key_files(folder: Path, *names: str) -> bool:
    """Tell whether a key of these issuers, or of all that sign, is in a file.

    Raises:
        FolderError: There is no authority in the folder.
        OSError: It cannot be read.

    """
    return any(
        not one.key.startswith(SCHEME)
        for one in Ledger.read(folder).issuers
        if (one.name in names if names else one.state in SIGNING)
    )


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
@issuer_options
@NEW_IN
@pass_desk
def ca_init(
    desk: Desk,
    *,
    folder: Path,
    root_passphrase_file: Path | None,
    new_in: str,
    issuer: IssuerOptions,
) -> None:
    """Make a root and an issuing authority. The root's key is a file, to be taken offline."""
    with Readable(desk):
        root = key_access(
            ROOT_PASSPHRASE, root_passphrase_file, demo=issuer.demo, what="root's key", new=True
        )
        access = issuer.access(files=not new_in, new=True, new_in=new_in)
        if root.passphrase is not None and root.passphrase == access.passphrase:
            raise click.ClickException(
                desk.text(
                    "de sleutel van de root heeft een eigen wachtwoord nodig; deze machine kent "
                    "dat van de uitgever",
                    "the root's key needs a passphrase of its own; this machine knows the issuer's",
                )
            )
        create_authority(folder, SystemClock().now(), root_access=root, access=access)
    desk.say(
        f"De autoriteit staat in {folder}. Geef root.crt aan iedereen; haal root-1.key offline.",
        f"Authority made in {folder}. Give root.crt to everybody; take root-1.key offline.",
        folder=str(folder),
    )
    if issuer.demo:
        click.echo(
            desk.text(
                "De sleutels zijn niet versleuteld: nooit gebruiken voor echte scholen.",
                "Its keys are not encrypted: never use it for real schools.",
            ),
            err=True,
        )
