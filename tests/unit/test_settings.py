"""Settings that a command adds to a file somebody wrote by hand."""

from __future__ import annotations

import stat
import tomllib
from typing import TYPE_CHECKING

import pytest

from oso_store.settings import SettingsError, add_missing

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("before", "added"),
    [
        ("", ["office_heart", "system"]),
        ("# mine\nbrin = '00SS'\n", ["office_heart", "system"]),
        ("office_heart = 'elsewhere:1'\n", ["system"]),
        ("[table]\nx = 1\n", ["office_heart", "system"]),
        ("system = 's'\noffice_heart = 'h'", []),
    ],
)
def test_only_what_is_missing_is_added(tmp_path: Path, before: str, added: list[str]) -> None:
    """What somebody wrote stays as it is, to the letter; the file keeps its mode."""
    path = tmp_path / "las.toml"
    path.write_text(before, encoding="utf-8")
    path.chmod(0o640)
    values = {"office_heart": 'a"b:7442', "system": "officeheart"}

    assert added == add_missing(path, values)
    after = path.read_text(encoding="utf-8")
    assert after.endswith(before)
    assert {**values, **tomllib.loads(before)} == tomllib.loads(after)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [] == add_missing(path, values)


def test_what_is_no_toml_is_left_alone(tmp_path: Path) -> None:
    """A file that cannot be read as settings is not written to."""
    path = tmp_path / "las.toml"
    path.write_text("brin = ", encoding="utf-8")

    with pytest.raises(SettingsError):
        add_missing(path, {"office_heart": "x"})

    assert path.read_text(encoding="utf-8") == "brin = "
    assert [path] == list(tmp_path.iterdir())
