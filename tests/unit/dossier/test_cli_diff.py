"""`oso dossier diff` tells what changed, with the exit codes of `diff`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from oso.dossier.v1.dossier_pb2 import Dossier
from oso_dossier import DossierDocument, write_xml
from oso_dossier.cli import dossier
from oso_dossier.synthetic import generate

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def _diff(*arguments: object) -> Result:
    return CliRunner().invoke(dossier, ["diff", *map(str, arguments)])


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """A dossier, and the same with another name for the pupil."""
    document = generate("POVO", 1)
    other = Dossier()
    other.CopyFrom(document.dossier)
    document.dossier.huidigeschool.leerling.roepnaam = "Ans"
    other.huidigeschool.leerling.roepnaam = "Bea"
    old, new = tmp_path / "old.xml", tmp_path / "new.xml"
    old.write_bytes(write_xml(document))
    new.write_bytes(write_xml(DossierDocument(other, document.attachments)))
    return old, new


def test_no_differences_is_exit_code_0(files: tuple[Path, Path]) -> None:
    """A file does not differ from itself."""
    result = _diff(files[0], files[0])

    assert (result.exit_code, result.output) == (0, "Geen verschillen.\n")


def test_differences_are_told_with_exit_code_1(files: tuple[Path, Path]) -> None:
    """One other name is one line below the heading of its category."""
    result = _diff(*files, "--lang", "en")

    assert (result.exit_code, result.output) == (
        1,
        "1 difference.\n\nPupil data\n  ~ Pupil > Name used daily: was Ans, is now Bea\n",
    )


def test_json_is_one_line_with_the_places(files: tuple[Path, Path]) -> None:
    """The JSON names both files and both places."""
    result = _diff(*files, "--json")
    found = json.loads(result.output)
    path = "/dossier[1]/huidigeschool[1]/leerling[1]/roepnaam[1]"

    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert (found["old"], found["new"], found["same"]) == (*map(str, files), False)
    assert [(one["old_path"], one["new_path"]) for one in found["changes"]] == [(path, path)]


@pytest.mark.parametrize("place", [0, 1])
def test_a_file_that_is_no_dossier_is_exit_code_2(
    files: tuple[Path, Path], tmp_path: Path, place: int
) -> None:
    """Which of the two cannot be read is said, and nothing is compared."""
    broken = tmp_path / "broken.xml"
    broken.write_text("<dossier>")
    pair = list(files)
    pair[place] = broken

    result = _diff(*pair)

    assert result.exit_code == 2
    assert str(broken) in result.output


def test_a_file_that_is_not_there_is_exit_code_2(files: tuple[Path, Path], tmp_path: Path) -> None:
    """A missing file is not a difference."""
    assert _diff(files[0], tmp_path / "none.xml").exit_code == 2
