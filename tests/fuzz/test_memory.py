"""Hostile files take no more than 20 times their size of memory, measured in another process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .hostile import HOSTILE

ROOT = Path(__file__).parents[2]
_MOST = 20


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the memory of a process")
@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_takes_more_than_20_times_its_size(name: str) -> None:
    """A hostile file is refused with its reason, or checked, within 20 times its size."""
    rooms = os.pathsep.join([str(ROOT / "clients/python"), *sys.path])
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("hostile.py"), name],
        env={**os.environ, "PYTHONPATH": rooms},
        capture_output=True,
        text=True,
        check=True,
    )

    told, size, memory = done.stdout.split()
    assert HOSTILE[name][1] == told
    assert int(memory) <= _MOST * int(size)
