"""Command `oso-registry test-school`, as far as it goes without a network."""

from __future__ import annotations

import importlib.util
import stat
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from oso_las.app import Settings as LasSettings
from oso_registry.cli import main as oso_registry
from oso_test_school.app import Settings
from oso_test_school.cli import main
from oso_test_school.scenarios import SCENARIOS

if TYPE_CHECKING:
    from pathlib import Path

NAMED = ("--system", "test-school", "--brin", "00SS", "--routing-key", "0000000700000SS00001")


def run(*arguments: str | Path) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, [str(one) for one in arguments])


def test_a_home_folder_is_made_whole(tmp_path: Path) -> None:
    """Init makes both files of settings, which can be used, a key and a signing request."""
    home = tmp_path / "home"

    done = run("init", "--home", home, *NAMED)

    assert 0 == done.exit_code, done.output
    assert "00SS" == LasSettings.load(home / "las.toml").brin
    assert Settings() == Settings.load(home / "test-school.toml")
    assert (home / "system.csr").is_file()
    modes = {stat.S_IMODE((home / name).stat().st_mode) for name in ("las.toml", "system.key")}
    assert {0o600} == modes


def test_a_home_folder_is_made_once(tmp_path: Path) -> None:
    """A second time nothing is changed."""
    home = tmp_path / "home"
    run("init", "--home", home, *NAMED)
    before = {one.name: one.read_bytes() for one in home.iterdir()}

    done = run("init", "--home", home, *NAMED)

    assert 1 == done.exit_code
    assert "bestaat al" in done.output
    assert before == {one.name: one.read_bytes() for one in home.iterdir()}


@pytest.mark.parametrize(
    "wrong", [("--brin", "00ss"), ("--routing-key", "short"), ("--system", "A_B")]
)
def test_a_home_folder_with_a_wrong_name_is_not_made(
    tmp_path: Path, wrong: tuple[str, str]
) -> None:
    """What could never work leaves no file behind."""
    home = tmp_path / "home"

    done = run("init", "--home", home, *NAMED, *wrong)

    assert 0 != done.exit_code
    assert [] == list(home.iterdir())


@pytest.mark.parametrize("name", ["las.toml", "system.key", "system.csr"])
def test_a_school_that_is_there_is_left_alone(tmp_path: Path, name: str) -> None:
    """In the folder of a school no test school is made, and no file is lost or added."""
    (tmp_path / name).write_text("mine")

    done = run("init", "--home", tmp_path, *NAMED)

    assert 1 == done.exit_code
    assert {name: "mine"} == {one.name: one.read_text() for one in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ((), "--bsn"),
        (("--bsn", "999900006", "--onderwijsnummer", "109999004"), "--bsn"),
        (("--bsn", "999900007"), "geldig"),
        (("--bsn", "99990000"), "geldig"),
        (("--onderwijsnummer", "999900006"), "geldig"),
        (("--bsn", "111222333"), "verzonnen"),
        (("--onderwijsnummer", "100000004"), "verzonnen"),
        (("--bsn", "999900006", "--birth-date", "2007-02-30"), "geboortedatum"),
        (("--bsn", "999900006", "--birth-date", "1 maart"), "geboortedatum"),
    ],
)
def test_who_cannot_be_asked_for_is_told_at_once(
    tmp_path: Path, given: tuple[str, ...], told: str
) -> None:
    """One number, valid and nobody's, and a date; else nothing is opened. No number is repeated."""
    done = run("request", "01VV", "--home", tmp_path, "--birth-date", "2007-03-01", *given)

    assert 2 == done.exit_code
    assert told in done.output
    assert not any(one in done.output for one in given if one.isdigit())


def test_without_a_home_folder_it_says_which_file_is_missing(tmp_path: Path) -> None:
    """`serve` and `request` name the settings they cannot read, in one sentence."""
    ask = ("--bsn", "999900006", "--birth-date", "2007-03-01")

    for arguments in (("serve",), ("request", "01VV", *ask)):
        done = run(*arguments, "--home", tmp_path)

        assert 1 == done.exit_code
        assert "las.toml cannot be used" in done.output
        assert "Traceback" not in done.output


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_scenarios_for_people(language: str) -> None:
    """Each has a row with all that is typed into a system, and a sentence in the language asked."""
    lines = run("--lang", language, "scenarios").output.splitlines()

    rows = [one.split() for one in lines[1::2]]
    assert [one.name for one in SCENARIOS] == [row[0] for row in rows]
    numbered = [one for one in SCENARIOS if one.pupil.number]
    assert [one.pupil.number for one in numbered] == [row[-3] for row in rows[: len(numbered)]]
    assert [one.story.said(language) for one in SCENARIOS] == [one.strip() for one in lines[2::2]]


def test_a_test_school_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where OfficeHeart was installed alone, its command says what is missing."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)

    done = CliRunner().invoke(oso_registry, ["--lang", "en", "test-school", "serve"])

    assert 1 == done.exit_code
    assert "package oso_test_school is missing" in done.output
