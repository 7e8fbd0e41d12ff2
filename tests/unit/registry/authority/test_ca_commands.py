"""Commands `oso-registry ca`: an operator changes issuer and root, and reads what comes next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from oso_registry.cli import main

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str | Path, typed: str | None = None) -> Result:
    """Run the command, with what somebody types."""
    return CliRunner().invoke(main, [str(one) for one in arguments], input=typed)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a demo authority."""
    assert run("ca", "init", "--demo", "--dir", tmp_path / "ca").exit_code == 0
    return tmp_path / "ca"


def states(folder: Path) -> dict[str, Any]:
    """Read `ca show` as a program does."""
    shown = json.loads(run("--json", "ca", "show", "--dir", folder).output)
    return {one["name"]: one["state"] for one in shown["entries"]}


def test_operator_changes_the_issuer(folder: Path) -> None:
    """Prepare, activate and retire by hand; retiring too early is refused, and can be forced."""
    told = [
        run("ca", "prepare", "--demo", "--dir", folder),
        run("ca", "activate", "--demo", "--dir", folder, "issuing-2"),
        run("ca", "retire", "--dir", folder, "issuing-1"),
        run("ca", "retire", "--force", "--dir", folder, "issuing-1"),
    ]

    assert [0, 0, 1, 0] == [one.exit_code for one in told]
    assert f"oso-registry ca activate --dir {folder} issuing-2" in told[0].output
    assert "heeft certificaten ondertekend die tot" in told[2].output
    assert "Vernietig de sleutel (issuing-1.key)" in told[3].output
    assert {"root-1": "ACTIVE", "issuing-1": "RETIRED", "issuing-2": "ACTIVE"} == states(folder)


def test_operator_changes_the_root(folder: Path) -> None:
    """A new root is prepared, waits until everybody can know it, and can be forced."""
    told = [
        run("ca", "prepare", "--root", "--demo", "--dir", folder),
        run("ca", "activate", "--dir", folder, "root-2"),
        run("ca", "activate", "--force", "--dir", folder, "root-2"),
    ]

    assert [0, 1, 0] == [one.exit_code for one in told]
    assert "Haal root-2.key offline" in told[0].output
    assert 2 == len(x509.load_pem_x509_certificates((folder / "root.crt").read_bytes()))
    assert {"root-1": "OUTGOING", "root-2": "ACTIVE", "issuing-1": "ACTIVE"} == states(folder)


def test_operator_revokes_an_issuer(folder: Path, tmp_path: Path) -> None:
    """The root's key comes from elsewhere; the list it signs names the issuer."""
    (folder / "root-1.key").rename(tmp_path / "stick.key")
    key = ("--root-key", tmp_path / "stick.key", "--demo", "--dir", folder)
    run("ca", "prepare", *key)
    in_use = run("ca", "revoke-issuer", "--reason", "ca-compromise", *key, "issuing-1")
    run("ca", "activate", "--demo", "--dir", folder, "issuing-2")
    without = run(
        *("ca", "revoke-issuer", "--reason", "superseded", "--demo", "--dir", folder, "issuing-1")
    )
    done = run("ca", "revoke-issuer", "--reason", "ca-compromise", *key, "issuing-1")
    revoked = x509.load_der_x509_crl((folder / "root-1.crl").read_bytes())

    assert [1, 1, 0] == [in_use.exit_code, without.exit_code, done.exit_code]
    assert "laat eerst een andere ingaan" in in_use.output
    assert "--root-key" in without.output
    assert "Maak" in done.output
    assert 1 == len(revoked)
    assert "RETIRED" == states(folder)["issuing-1"]


def test_root_list_is_made_without_changing_anything(folder: Path) -> None:
    """The root's list can be had at any time its key is at hand; its number rises."""
    before = states(folder)
    made = run("ca", "root-list", "--demo", "--dir", folder, "root-1")
    (folder / "root-1.crl").write_bytes(b"somebody else's")
    refused = run("ca", "root-list", "--demo", "--dir", folder, "root-1")

    assert [0, 1] == [made.exit_code, refused.exit_code]
    assert "zoek uit wie het verving" in refused.output
    assert before == states(folder)


def test_show_tells_what_comes_next(folder: Path, tmp_path: Path) -> None:
    """For people: how far each is, what it waits for, what is missing and what is left over."""
    run("ca", "prepare", "--demo", "--dir", folder)
    run("ca", "activate", "--demo", "--dir", folder, "issuing-2")
    run("ca", "prepare", "--root", "--demo", "--dir", folder)
    (folder / "root-1.key").rename(tmp_path / "elsewhere.key")
    (folder / "issuing-3.key").write_bytes(b"of a step that was cut off")
    (folder / "root.crt").unlink()

    shown = run("--lang", "en", "ca", "show", "--dir", folder).output.splitlines()

    assert ["root-1", "root-2", "issuing-1", "issuing-2"] == [one.split()[0] for one in shown[:4]]
    assert "signs issuers until" in shown[0]
    assert shown[0].endswith("key not here")
    assert "can be activated from" in shown[1]
    assert "can be retired from" in shown[2]
    assert "to be replaced by" in shown[3]
    assert shown[4].endswith("can be destroyed: issuing-3.key")
    assert "the next step mends that" in shown[5]


def test_passphrases_are_asked_for(tmp_path: Path) -> None:
    """Root and issuer have a passphrase of their own; a wrong one changes nothing."""
    root, issuer = "of the root, offline", "of the issuer, here"
    folder = tmp_path / "ca"
    made = run("ca", "init", "--dir", folder, typed=f"{root}\n{root}\n{issuer}\n{issuer}\n")
    wrong = run("ca", "prepare", "--dir", folder, typed=f"{issuer}\n{issuer}\n")
    right = run("ca", "prepare", "--dir", folder, typed=f"{root}\n{issuer}\n")

    assert [0, 1, 0] == [made.exit_code, wrong.exit_code, right.exit_code]
    assert "root-1.key: het wachtwoord is niet juist" in wrong.output
    assert {"root-1": "ACTIVE", "issuing-1": "ACTIVE", "issuing-2": "PREPARED"} == states(folder)


@pytest.mark.parametrize(
    "arguments",
    [
        ("prepare", "--demo"),
        ("activate", "--demo", "issuing-1"),
        ("retire", "issuing-1"),
        ("revoke-issuer", "--demo", "--reason", "superseded", "issuing-1"),
        ("root-list", "--demo", "root-1"),
        ("show",),
    ],
    ids=lambda arguments: arguments[0],
)
@pytest.mark.parametrize("place", ["nowhere", "a file", "empty"])
def test_without_an_authority_nothing_happens(
    tmp_path: Path, arguments: tuple[str, ...], place: str
) -> None:
    """Where no authority is, every command says so, and makes none."""
    (tmp_path / "a file").write_text("something")
    (tmp_path / "empty").mkdir()

    refused = run("ca", arguments[0], "--dir", tmp_path / place, *arguments[1:])

    assert (2 if place == "a file" else 1) == refused.exit_code
    assert place == "a file" or "ca init" in refused.output
    assert not list((tmp_path / "empty").iterdir())
    assert not (tmp_path / "nowhere").exists()
