"""`oso-registry generate-schools`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from oso.directory.v1.directory_pb2 import SECTOR_UNSPECIFIED, SECTOR_VO
from oso_registry.cli import main
from oso_registry.school_lists.reading import read_school_list

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("options", "encoding", "sector"),
    [
        (["--generation", "old", "--sector", "vo"], "windows-1252", SECTOR_VO),
        (["--generation", "new"], "utf-8", SECTOR_UNSPECIFIED),
    ],
)
def test_a_list_is_written(tmp_path: Path, options: list[str], encoding: str, sector: int) -> None:
    """The command writes a list that can be read, and says how large it is."""
    out = tmp_path / "out.csv"

    told = CliRunner().invoke(
        main, ["generate-schools", "--schools", "300", "--boards", "7", *options, str(out)]
    )

    read = read_school_list(out.read_bytes(), sector)  # type: ignore[arg-type]
    assert 0 == told.exit_code, told.output
    assert f"300 schools, {len(read.rows)} rows, seed 1" in told.output
    assert ((), encoding) == (read.rejections, read.encoding)
    assert 300 == len({row.brin for row in read.rows})


@pytest.mark.parametrize("options", [["--generation", "old"], ["--schools", "0"]])
def test_lists_that_cannot_be_written(tmp_path: Path, options: list[str]) -> None:
    """A list that could not be read, or without schools, is not understood."""
    out = tmp_path / "out.csv"

    told = CliRunner().invoke(main, ["generate-schools", *options, str(out)])

    assert (2, False) == (told.exit_code, out.exists())
