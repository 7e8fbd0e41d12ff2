"""enroll, renew and status as they are misused: nothing happens, and a sentence says why."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from oso_las.cli import main
from oso_registry.testing import Landscape

if TYPE_CHECKING:
    from pathlib import Path

TOKEN = "t" * 43


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Make a home by `init`, without a key."""
    made = tmp_path / "school"
    done = run(made, "init", "--brin", "00SS", "--routing-key", "0000000700000SS00001")
    assert done.exit_code == 0
    return made


@pytest.fixture
def invitation(tmp_path: Path) -> Path:
    """Write an invitation to a place where nobody listens."""
    (tmp_path / "landscape").mkdir()
    path = tmp_path / "invitation.json"
    values = {
        "system": "systems/las-a",
        "token": TOKEN,
        "expire_time": "2026-11-29T12:00:00Z",
        "enrolment_address": "nowhere.invalid:1",
        "address": "nowhere.invalid:2",
        "office_heart": "systems/officeheart",
        "authority_pem": Landscape(tmp_path / "landscape").root_file.read_text(encoding="ascii"),
    }
    path.write_text(json.dumps(values), encoding="utf-8")
    path.chmod(0o600)
    return path


def run(home: Path, *arguments: str | Path, given: str = "") -> Result:
    """Give a command at a school."""
    return CliRunner().invoke(main, ["las", "--home", str(home), *map(str, arguments)], input=given)


def test_init_without_a_name_makes_no_key(home: Path) -> None:
    """The key is made by `enroll`, for the name that stands in the invitation."""
    assert ["las.toml"] == [path.name for path in home.iterdir()]


def test_init_with_a_name_makes_key_and_request(tmp_path: Path) -> None:
    """Who sends a signing request by another way still can."""
    school = ("--brin", "00SS", "--routing-key", "0000000700000SS00001", "--system", "las-a")
    done = run(tmp_path / "school", "init", *school)

    assert done.exit_code == 0
    names = {path.name for path in (tmp_path / "school").iterdir()}
    assert {"las.toml", "system.csr", "system.key"} == names


def test_an_invitation_others_can_read_is_refused(home: Path, invitation: Path) -> None:
    """Nothing is made, and the secret is not told."""
    invitation.chmod(0o644)

    done = run(home, "enroll", invitation)

    assert done.exit_code == 1
    assert "chmod 600" in done.stderr
    assert TOKEN not in done.output
    assert not (home / "system.key").exists()


def test_what_is_no_invitation_is_refused(home: Path) -> None:
    """Something else on standard input makes nothing."""
    done = run(home, "enroll", "-", given=json.dumps({"token": TOKEN}))

    assert done.exit_code == 1
    assert "geen uitnodiging" in done.stderr
    assert TOKEN not in done.output
    assert not (home / "system.key").exists()


def test_an_invitation_that_is_not_there_is_wrong_usage(home: Path) -> None:
    """A file that cannot be found is told as any other wrong argument."""
    assert run(home, "enroll", home / "nothing.json").exit_code == 2


def test_enrol_without_a_home_is_refused(tmp_path: Path, invitation: Path) -> None:
    """Before `init` there is no school to enrol: no folder is made."""
    done = run(tmp_path / "nothing", "enroll", invitation)

    assert done.exit_code == 1
    assert "las.toml" in done.stderr
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("command", ["renew", "status", "serve"])
def test_before_it_is_enrolled_a_school_is_told_how(home: Path, command: str) -> None:
    """Without a certificate nothing runs; the sentence names the command that helps."""
    done = run(home, command)

    assert done.exit_code == 1
    assert "enroll" in done.stderr
