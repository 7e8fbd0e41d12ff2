"""What deploy/ shows an operator is what the programs take."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest

from oso_las.app import Settings as SchoolSettings
from oso_las.cli import main as oso
from oso_registry.cli import main as oso_registry
from oso_registry.settings import Settings as OfficeSettings
from oso_test_school.app import Settings as ScenarioSettings
from oso_test_school.cli import main as oso_test_school
from oso_trafficcenter.app import Settings as CenterSettings
from oso_trafficcenter.cli import main as oso_trafficcenter

if TYPE_CHECKING:
    from oso_store.settings import FileSettings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
PROGRAMS: dict[str, click.Command] = {
    "oso": oso,
    # `test-school` is handed over to the test school's own program.
    "oso-registry": click.Group(
        commands={"serve": oso_registry.commands["serve"], "test-school": oso_test_school}
    ),
    "oso-trafficcenter": oso_trafficcenter,
}
EXAMPLES = [
    ("trafficcenter.toml", CenterSettings),
    ("las.toml", SchoolSettings),
    ("test-school.toml", ScenarioSettings),
    ("registry.toml", OfficeSettings),
]


def _with_all_lines(text: str) -> dict[str, Any]:
    """Read an example with what is behind a # as well; comments have a space there."""
    return tomllib.loads(re.sub("^#(?! )", "", text, flags=re.MULTILINE))


@pytest.mark.parametrize(("name", "settings"), EXAMPLES)
def test_an_example_can_be_used_as_it_is(name: str, settings: type[FileSettings]) -> None:
    """The settings of an example are all known, and have values that are possible."""
    loaded = settings.load(DEPLOY / name)

    assert isinstance(loaded, settings)


@pytest.mark.parametrize(("name", "settings"), EXAMPLES)
def test_an_example_shows_every_setting(name: str, settings: type[FileSettings]) -> None:
    """No setting can be overlooked, and what is behind a # is the value it has without."""
    text = (DEPLOY / name).read_text(encoding="utf-8")
    shown, given = _with_all_lines(text), tomllib.loads(text)

    assert set(settings.model_fields) == set(shown)
    for setting in shown.keys() - given.keys():
        default = settings.model_fields[setting].default
        # What has no value of its own, such as a file there need not be, shows a possible one.
        assert default is None or str(default) == str(shown[setting]), setting


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_service_starts_a_command_there_is(unit: Path) -> None:
    """The program, the commands and the options of ExecStart exist."""
    parser = configparser.RawConfigParser(strict=False)
    parser.read(unit, encoding="utf-8")
    program, *arguments = parser["Service"]["ExecStart"].split()

    command = PROGRAMS[Path(program).name]
    known: set[str] = set()
    while True:
        known |= {name for one in command.params for name in one.opts}
        if not isinstance(command, click.Group):
            break
        command = next(command.commands[one] for one in arguments if one in command.commands)
    assert set() == {one for one in arguments if one.startswith("--")} - known


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_service_may_do_little(unit: Path) -> None:
    """The exposure that systemd calculates of a service is low: under 2 on its scale of 10."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("no systemd here")
    done = subprocess.run(
        [program, "security", "--offline=yes", "--no-pager", "--threshold=20", unit],
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == done.returncode, done.stdout[-300:] + done.stderr
