"""A new year of the standard: the contract, a few lines beside it, and both years run together."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_HERE = Path(__file__).parent / "year_2020"
_ROOT = Path(__file__).parents[3]
_MOST_LINES = 60
_YEAR = """  option (oso.options.v1.years) = {
    name: "2020.1"
    namespace: "http://www.edustandaard.nl/oso_gegevensset/2020/dossier"
    standaardversie: "2020.1"
    validatieversie: "2020.1.1"
  };
"""
_FIELD = """  // Name the pupil prefers.
  optional string voorkeursnaam = 999 [
    (oso.options.v1.facts) = {
      first_year: "2020.1"
      after: "roepnaam"
      privacy: PRIVACY_PERSONAL
    },
    (buf.validate.field).string.min_len = 1
  ];
}
"""
_CODE = """    {
      code: "90"
      meaning_nl: "Nieuw advies"
      meaning_en: "New advice"
      first_year: "2020.1"
    },
"""
_RULE = """      "this.gegevensset < '2020.1' && has(this.huidigeschool.leerling.voorkeursnaam) "
      "? 'has a field of 2020.1 or later' : "
"""


def _once(text: str, old: str, new: str) -> str:
    """Replace the first occurrence, which must be there."""
    assert old in text, old
    return text.replace(old, new, 1)


def _next_contract(folder: Path) -> None:
    """Change a copy of the contract as a next year would."""
    dossier = folder / "oso/dossier/v1/dossier.proto"
    text = dossier.read_text()
    text = _once(text, "  // What only some years have", f"{_YEAR}  // What only some years have")
    first = "      \"this.gegevensset != '' && this.gegevensset < '2017"
    text = _once(text, first, f"{_RULE}{first}")
    text = _once(text, '"2019.1"\n      ]', '"2019.1",\n        "2020.1"\n      ]')
    dossier.write_text(text)
    pupil = folder / "oso/dossier/v1/leerling.proto"
    text = pupil.read_text()
    text = _once(text, "}\n\n// Name and birth date as", f"{_FIELD}\n// Name and birth date as")
    text = _once(text, "      code_list: 10\n", '      code_list: 10\n      last_year: "2019.1"\n')
    pupil.write_text(text)
    career = folder / "oso/dossier/v1/code_lists_career.proto"
    first = '    {\n      code: "10"\n'
    career.write_text(_once(career.read_text(), first, f"{_CODE}{first}"))
    advice = folder / "oso/dossier/v1/loopbaan.proto"
    advice.write_text(advice.read_text().replace("'70', '80']", "'70', '80', '90']"))


def _compiled(protos: Path, stubs: Path) -> None:
    """Make stubs as `make proto` does, without those of gRPC."""
    stubs.mkdir()
    third_party = _ROOT / "third_party"
    files = [*protos.rglob("*.proto"), *third_party.glob("buf/**/*.proto")]
    paths = [f"-I{protos}", f"-I{third_party}", f"--python_out={stubs}"]
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *paths, *files], check=True)
    for folder in {path.parent for path in stubs.rglob("*.py")} | {stubs / "oso", stubs / "buf"}:
        for one in (folder, *folder.parents):
            if one != stubs and one.is_relative_to(stubs):
                (one / "__init__.py").touch()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Give what a process with the contract of the made-up year sees."""
    folder = tmp_path_factory.mktemp("year")
    shutil.copytree(_ROOT / "proto", folder / "proto")
    _next_contract(folder / "proto")
    _compiled(folder / "proto", folder / "stubs")
    path = os.pathsep.join(map(str, (folder / "stubs", _HERE, _ROOT / "clients/python")))
    out = folder / "seen.json"
    subprocess.run(
        [sys.executable, _HERE / "journey.py", out],
        check=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    told: dict[str, Any] = json.loads(out.read_bytes())
    return told


def test_a_new_year_takes_few_lines_outside_the_contract() -> None:
    """What a year needs beside the contract is at most 60 lines, counted to the last."""
    lines = (_HERE / "plug_in.py").read_text().splitlines()

    assert len(lines) <= _MOST_LINES


def test_both_years_are_read_and_written_side_by_side(seen: dict[str, Any]) -> None:
    """A dossier of the new year has its namespace, order and header, and comes back the same."""
    assert seen["years"] == ["2016.1", "2017.1.2", "2018.1.1", "2019.1", "2020.1"]
    assert (seen["namespace"], seen["order"], seen["read"]) == (True, True, True)
    assert (seen["year"], seen["header"]) == ("2020.1", "2020.1")


def test_each_year_is_checked_against_its_own_fields(seen: dict[str, Any]) -> None:
    """A field of one year is wrong in the other, for the codec and for any validator."""
    assert (seen["structure"], seen["structure of the old"], seen["back"]) == ([], [], [])
    assert seen["in the wrong year"] == ["OTHER_YEAR voorkeursnaam", "year"]
    assert seen["old file with the new field"] == ["UNEXPECTED voorkeursnaam[1]"]
    assert seen["rules"] == {
        "old": [],
        "new": [],
        "back": [],
        "new code in old year": ["CL.02.advies"],
    }
    assert seen["codes"] == {"2019.1": False, "2020.1": True}
    assert seen["meaning"] == "Nieuw advies"


def test_years_convert_into_each_other(seen: dict[str, Any]) -> None:
    """What is gone is lost, what is new is filled in, or lost going down; also from 2016.1."""
    assert seen["up"] == ["nnca[1]"]
    assert seen["filled"] == ["standaardversie[1]", "validatieversie[1]", "voorkeursnaam[1]"]
    assert seen["down"] == ["voorkeursnaam[1] NOT_IN_YEAR", "advies[1] CODE_REPLACED"]
    assert (seen["advice"], seen["chain"]) == ("70", "2020.1")


def test_the_guide_names_the_files_a_year_changes() -> None:
    """Every file the guide tells to change is there."""
    guide = (_ROOT / "docs" / "yearly-upgrade.md").read_text()
    named = re.findall(r"`((?:proto|clients|tests|docs)/[\w/.]+)`", guide)

    assert len(named) > 4
    assert [name for name in named if not (_ROOT / name).exists()] == []
