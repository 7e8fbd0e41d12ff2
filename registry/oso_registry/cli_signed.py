"""Certificates and a directory signed by hand, for a country without a running OfficeHeart."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from oso_registry.authority.cli import IssuerOptions, has_key_files, issuer_options
from oso_registry.authority.folder import load_authority
from oso_registry.authority.problems import AuthorityError
from oso_registry.directory import VersionNotHigherError, publish_directory, replace_file
from oso_registry.registration import RegistrationError, read_registration
from oso_rpc.clock import SystemClock
from oso_rpc.credentials import CredentialsError, write_private
from oso_rpc.directory import DirectoryError, open_directory
from oso_rpc.signing import Signer, key_id_of

if TYPE_CHECKING:
    from types import TracebackType

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_KEY_BYTES = 32


class _Readable:
    """Turns what can go wrong in its block into one readable message and exit code 1."""

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """Say what went wrong, if it is something an administrator can mend."""
        match error:
            case FileExistsError():
                text = f"{error.filename} is there already; nothing was changed"
            case OSError():
                text = f"{error.filename}: {error.strerror}"
            case DirectoryError():
                text = f"the directory is refused: {error}"
            case RegistrationError():
                text = f"the registration file cannot be used:\n{error}"
            case AuthorityError() | CredentialsError() | ValueError() | VersionNotHigherError():
                text = str(error)
            case _:
                return
        raise click.ClickException(text) from None


@click.group()
def certificate() -> None:
    """Certificates of systems."""


@certificate.command("issue")
@click.option("--ca", "folder", type=_FOLDER, required=True, help="Folder of the authority.")
@click.option("--csr", type=_EXISTING, required=True, help="Signing request of the system (PEM).")
@click.option("--system", "system_id", required=True, help="Id of the system it is for.")
@click.option("--out", type=_FILE, required=True, help="Where to write the certificate (PEM).")
@click.option(
    "--days", type=click.IntRange(1, 397), help="How long; the authority's own if absent."
)
@issuer_options
def certificate_issue(
    *,
    folder: Path,
    csr: Path,
    system_id: str,
    out: Path,
    days: int | None,
    issuer: IssuerOptions,
) -> None:
    """Sign a request that a system made where its key lives."""
    with _Readable():
        authority = load_authority(folder, issuer.access(files=has_key_files(folder)))
        lifetime = None if days is None else timedelta(days=days)
        plan = authority.plan(csr.read_bytes(), system_id, SystemClock().now(), lifetime=lifetime)
        replace_file(out, authority.sign(plan))
    click.echo(
        f"Certificate for {system_id} written to {out}, valid until "
        f"{plan.not_after:%Y-%m-%d %H:%M} UTC."
    )
    if plan.ignored_names:
        names = ", ".join(repr(name) for name in plan.ignored_names)
        click.echo(
            f"The request asked for other names too, which it did not get: {names}", err=True
        )


@click.group()
def key() -> None:
    """The key that signs the directory."""


@key.command("init")
@click.option("--out", type=_FILE, required=True, help="Where to write the private key.")
def key_init(out: Path) -> None:
    """Make the key; prints the public key that readers of the directory trust."""
    with _Readable():
        write_private(out, Signer.new_pem())
        public_key = Signer.load(out).public_key
    click.echo(public_key.hex())


@click.group()
def directory() -> None:
    """The signed directory."""


@directory.command("sign")
@click.option("--registration", type=_EXISTING, required=True, help="Registration file (TOML).")
@click.option("--key", "key_file", type=_EXISTING, required=True, help="Private key to sign with.")
@click.option("--out", type=_FILE, required=True, help="Where to publish the signed directory.")
def directory_sign(registration: Path, key_file: Path, out: Path) -> None:
    """Make the signed directory from a registration file."""
    with _Readable():
        made = read_registration(registration, SystemClock().now())
        publish_directory(made, Signer.load(key_file), out)
    click.echo(
        f"Directory version {made.version} written to {out}: {len(made.schools)} schools, "
        f"{len(made.systems)} systems, {len(made.delivery_points)} delivery points."
    )


@directory.command("show")
@click.option("--trust", required=True, help="Public key of OfficeHeart, 64 hexadecimal digits.")
@click.argument("file", type=_EXISTING)
def directory_show(trust: str, file: Path) -> None:
    """Check the signature of a directory and show what is in it."""
    trusted = _public_key(trust)
    with _Readable():
        view = open_directory(file.read_bytes(), {key_id_of(trusted): trusted})
    click.echo(f"version {view.version}, signed {view.issue_time:%Y-%m-%d %H:%M:%S} UTC")
    for point in view.delivery_points:
        state = "active" if point.active else "off"
        click.echo(
            f"{point.routing_key}  {point.brin}  {point.system_id}  {point.address}  {state}"
        )


def _public_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise click.BadParameter("must be 64 hexadecimal digits", param_hint="--trust")
    return key


COMMANDS = [certificate, key, directory]
