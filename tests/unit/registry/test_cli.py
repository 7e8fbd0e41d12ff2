"""Command `oso-registry`: from nothing to a signed directory, with readable refusals."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from oso_registry.cli import main
from oso_rpc.credentials import Credentials, new_key_and_request, write_private

if TYPE_CHECKING:
    from pathlib import Path

REGISTRATION = """
version = 1
accepted_dossier_years = ["2019.1"]

[[school]]
brin = "00SS"
name = "De Regenboog"
sector = "po"
qualification = "qualified"

[[system]]
id = "las-a"
certificates = ["las-a.crt"]

[[delivery_point]]
routing_key = "0000000700000SS00001"
brin = "00SS"
system = "las-a"
address = "127.0.0.1:7444"
kinds = ["overstapdossier"]
dossier_years = ["2019.1"]
mandate_start = 2026-01-01T00:00:00Z
"""


def run(*arguments: str | Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def sign(folder: Path) -> Result:
    """Sign the registration in a folder."""
    return run(
        *("directory", "sign", "--registration", folder / "registration.toml"),
        *("--key", folder / "directory.key", "--out", folder / "directory.pb"),
    )


def issue(folder: Path, system_id: str = "las-a") -> Result:
    """Issue the certificate of the request in a folder."""
    return run(
        *("certificate", "issue", "--demo", "--ca", folder / "ca", "--csr", folder / "las-a.csr"),
        *("--system", system_id, "--out", folder / "las-a.crt"),
    )


@pytest.fixture
def office(tmp_path: Path) -> Path:
    """Give a folder with an authority, a signing key, a system's request and a registration."""
    assert run("ca", "init", "--demo", "--dir", tmp_path / "ca").exit_code == 0
    assert run("key", "init", "--out", tmp_path / "directory.key").exit_code == 0
    key, request = new_key_and_request("las-a")
    write_private(tmp_path / "las-a.key", key)
    (tmp_path / "las-a.csr").write_bytes(request)
    (tmp_path / "registration.toml").write_text(REGISTRATION, encoding="utf-8")
    return tmp_path


def test_from_nothing_to_a_directory(office: Path) -> None:
    """Authority, certificate and directory are made by hand, and fit together."""
    issued, signed = issue(office), sign(office)
    credentials = Credentials.load(
        office / "las-a.crt", office / "las-a.key", office / "ca" / "root.crt"
    )

    assert (issued.exit_code, signed.exit_code) == (0, 0)
    assert credentials.identity.system_id == "las-a"
    assert "1 schools, 1 systems, 1 delivery points" in signed.output


def test_show_checks_and_lists(tmp_path: Path, office: Path) -> None:
    """Who has OfficeHeart's public key sees what is in the directory."""
    trust = run("key", "init", "--out", tmp_path / "new.key").output.strip()
    (tmp_path / "directory.key").unlink()
    (tmp_path / "new.key").rename(tmp_path / "directory.key")
    issue(office)
    sign(office)

    shown = run("directory", "show", "--trust", trust, office / "directory.pb")

    assert shown.exit_code == 0
    assert "version 1, signed " in shown.output
    assert "0000000700000SS00001  00SS  las-a  127.0.0.1:7444  active" in shown.output


def test_show_refuses_what_others_signed(office: Path) -> None:
    """A directory that is not signed with the trusted key is not shown."""
    issue(office)
    sign(office)

    shown = run("directory", "show", "--trust", "00" * 32, office / "directory.pb")

    assert shown.exit_code == 1
    assert "not signed with a key we trust" in shown.output
    assert "00SS" not in shown.output


@pytest.mark.parametrize("trust", ["", "abc", "zz" * 32])
def test_public_key_must_be_one(office: Path, trust: str) -> None:
    """A public key that is none is a mistake in the command: exit code 2."""
    shown = run("directory", "show", "--trust", trust, office / "registration.toml")

    assert shown.exit_code == 2
    assert "64 hexadecimal digits" in shown.output


def test_version_must_rise(office: Path) -> None:
    """Signing again without raising the version is refused, and the published file stays."""
    issue(office)
    sign(office)
    before = (office / "directory.pb").read_bytes()

    again = sign(office)

    assert again.exit_code == 1
    assert "version 1 is not higher than version 1" in again.output
    assert (office / "directory.pb").read_bytes() == before


def test_wrong_registration_changes_nothing(office: Path) -> None:
    """A registration with mistakes says all of them, and publishes nothing."""
    issue(office)
    text = REGISTRATION.replace('"00SS"', '"SS"').replace('"po"', '"x"')
    (office / "registration.toml").write_text(text, encoding="utf-8")

    refused = sign(office)

    assert refused.exit_code == 1
    assert "school 1: 'x' is none of po, so, vo, vso, mbo" in refused.output
    assert not (office / "directory.pb").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--lang", "en", "ca", "init", "--demo", "--dir", "ca"),
        ("key", "init", "--out", "directory.key"),
    ],
)
def test_nothing_is_overwritten(office: Path, arguments: tuple[str, ...]) -> None:
    """Keys that are there stay, and the message says so."""
    before = (office / "directory.key").read_bytes()

    again = run(*arguments[:-1], office / arguments[-1])

    assert again.exit_code == 1
    assert "is there already; nothing was changed" in again.output
    assert (office / "directory.key").read_bytes() == before


def test_key_file_is_private(office: Path) -> None:
    """The signing key is readable by its owner only."""
    assert stat.S_IMODE((office / "directory.key").stat().st_mode) == 0o600


def test_exposed_key_signs_nothing(office: Path) -> None:
    """A signing key others can read is refused with the command that mends it."""
    issue(office)
    (office / "directory.key").chmod(0o644)

    refused = sign(office)

    assert refused.exit_code == 1
    assert "chmod 600" in refused.output
    assert not (office / "directory.pb").exists()


def test_bad_system_id_gets_no_certificate(office: Path) -> None:
    """An id that cannot be one is refused in plain words."""
    refused = issue(office, "Las A")

    assert refused.exit_code == 1
    assert "lower case letters" in refused.output
    assert not (office / "las-a.crt").exists()


def test_missing_authority_is_named(office: Path, tmp_path: Path) -> None:
    """Where no authority is, the message names the file that is missing."""
    (office / "ca" / "issuing-1.key").rename(tmp_path / "elsewhere.key")

    refused = issue(office)

    assert refused.exit_code == 1
    assert "issuing-1.key: No such file or directory" in refused.output


def test_missing_option_is_a_mistake_in_the_command() -> None:
    """A command that is not understood ends with exit code 2."""
    assert run("ca", "init").exit_code == 2
