"""The official examples, read from beside the repository if they are there; never copied in."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).parents[4] / "shared"


def example(name: str) -> bytes:
    """Give an official 2019.1 example; skip the test where there is none."""
    path = SHARED / "dossiers" / "2019.1" / name
    if not path.exists():
        pytest.skip("the official examples are not here")
    return path.read_bytes()


EXAMPLES = (
    "OV_BB_full.xml",
    "OV_POPO_full.xml",
    "OV_POPO_opt_out.xml",
    "OV_POVO_full.xml",
    "OV_POVO_opt_out.xml",
    "OV_VOVO_full.xml",
    "PaO_POSWV_full.xml",
    "PaO_VOSWV_full.xml",
)


def facts(name: str) -> list[dict[str, str]]:
    """Give a table of facts about the data set; skip the test where there is none."""
    path = SHARED / "facts" / name
    if not path.exists():
        pytest.skip("the tables of the data set are not here")
    return list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))


def mutants() -> list[tuple[str, bytes, dict[str, Any]]]:
    """Give all changed dossiers with the official verdict; skip the test where there are none."""
    path = SHARED / "conformance" / "mutants-2019.1.zip"
    if not path.exists():
        pytest.skip("the conformance set is not here")
    with zipfile.ZipFile(path) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".xml"))
        return [
            (name, archive.read(name), json.loads(archive.read(f"{name[:-4]}.expected.json")))
            for name in names
        ]
