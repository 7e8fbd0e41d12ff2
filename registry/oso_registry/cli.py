"""Command `oso-registry`: what an administrator of OfficeHeart does by hand."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import click
from oso_rpc.clock import SystemClock
from oso_rpc.credentials import CredentialsError, write_private
from oso_rpc.directory import DirectoryError, open_directory
from oso_rpc.signing import Signer

from oso_registry.certificates import Authority, CertificateProfileError
from oso_registry.directory import RegistrationError, read_registration, sign_directory

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(dir_okay=False, path_type=Path)
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_FAILURES = (
    CertificateProfileError,
    CredentialsError,
    DirectoryError,
    OSError,
    RegistrationError,
    ValueError,
)


class _Refused(click.ClickException):
    """Shown as one line, exit code 1."""

    def __init__(self, error: Exception) -> None:
        if isinstance(error, FileExistsError):
            super().__init__(f"{error.filename} is there already; nothing was changed")
        else:
            super().__init__(str(error) or type(error).__name__)


@click.group()
def main() -> None:
    """OfficeHeart: certificates and the directory of who takes part."""


@main.group()
def ca() -> None:
    """The certificate authority."""


@ca.command("init")
@click.option("--dir", "folder", type=_FOLDER, required=True, help="New folder for the authority.")
def ca_init(folder: Path) -> None:
    """Make a root and an issuing authority."""
    try:
        Authority.create(folder, SystemClock().now())
    except _FAILURES as error:
        raise _Refused(error) from None
    click.echo(f"Authority made in {folder}. Give root.crt to everybody; take root.key offline.")


@main.group()
def certificate() -> None:
    """Certificates of systems."""


@certificate.command("issue")
@click.option("--ca", "folder", type=_FOLDER, required=True, help="Folder of the authority.")
@click.option("--csr", type=_EXISTING, required=True, help="Signing request of the system (PEM).")
@click.option("--system", "system_id", required=True, help="Id of the system it is for.")
@click.option("--out", type=_FILE, required=True, help="Where to write the certificate (PEM).")
@click.option("--days", type=click.IntRange(1, 397), default=90, show_default=True)
def certificate_issue(folder: Path, csr: Path, system_id: str, out: Path, days: int) -> None:
    """Sign a request that a system made where its key lives."""
    try:
        pem = Authority.load(folder).issue(
            csr.read_bytes(), system_id, SystemClock().now(), timedelta(days=days)
        )
        _write(out, pem)
    except _FAILURES as error:
        raise _Refused(error) from None
    click.echo(f"Certificate for {system_id} written to {out}, valid for {days} days.")


@main.group()
def key() -> None:
    """The key that signs the directory."""


@key.command("init")
@click.option("--out", type=_FILE, required=True, help="Where to write the private key.")
def key_init(out: Path) -> None:
    """Make the key; prints the public key that readers of the directory trust."""
    try:
        write_private(out, Signer.new_pem())
        public_key = Signer.load(out).public_key
    except _FAILURES as error:
        raise _Refused(error) from None
    click.echo(public_key.hex())


@main.group()
def directory() -> None:
    """The signed directory."""


@directory.command("sign")
@click.option("--registration", type=_EXISTING, required=True, help="Registration file (TOML).")
@click.option("--key", "key_file", type=_EXISTING, required=True, help="Private key to sign with.")
@click.option("--out", type=_FILE, required=True, help="Where to write the signed directory.")
def directory_sign(registration: Path, key_file: Path, out: Path) -> None:
    """Make the signed directory from a registration file."""
    try:
        made = read_registration(registration, SystemClock().now())
        _write(out, sign_directory(made, Signer.load(key_file)))
    except _FAILURES as error:
        raise _Refused(error) from None
    click.echo(
        f"Directory version {made.version} written to {out}: {len(made.schools)} schools, "
        f"{len(made.systems)} systems, {len(made.delivery_points)} delivery points."
    )


@directory.command("show")
@click.option("--trust", required=True, help="Public key of OfficeHeart, 64 hexadecimal digits.")
@click.argument("file", type=_EXISTING)
def directory_show(trust: str, file: Path) -> None:
    """Check the signature of a directory and show what is in it."""
    from oso_rpc.signing import key_id_of  # noqa: PLC0415  used here alone

    try:
        trusted = bytes.fromhex(trust)
        view = open_directory(file.read_bytes(), {key_id_of(trusted): trusted})
    except DirectoryError as error:
        raise click.ClickException(f"{file} is refused: {type(error).__doc__}") from None
    except _FAILURES as error:
        raise _Refused(error) from None
    click.echo(f"version {view.version}, signed {view.issue_time:%Y-%m-%d %H:%M:%S} UTC")
    for point in view.delivery_points:
        state = "active" if point.active else "off"
        click.echo(
            f"{point.routing_key}  {point.brin}  {point.system_id}  {point.address}  {state}"
        )


def _write(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old one or the new one, never a half."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
