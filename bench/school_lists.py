"""(s): the ministry's list of the whole country, by command, at an OfficeHeart of its own.

The command from its start to its end: reading, sending, comparing, one transaction, the report.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from bench.processes import process
from bench.report import Measurement

if TYPE_CHECKING:
    from pathlib import Path

_COMMAND = [sys.executable, "-c", "from oso_registry.cli import main; main()"]


def _run(*arguments: str | Path) -> float:
    """Run a command of OfficeHeart; give the seconds it took."""
    begin = time.perf_counter()
    subprocess.run(
        [*_COMMAND, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, timeout=120
    )
    return time.perf_counter() - begin


def _free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


def measure(folder: Path) -> list[Measurement]:
    """Measure (s)."""
    home, country = folder / "officeheart", folder / "country.csv"
    at = ("--listen", _free_address(), "--listen-enrolment", _free_address())
    _run("init", "--demo", "--home", home, *at)
    _run("generate-schools", country, "--seed", "20")
    rows = len(country.read_bytes().splitlines()) - 1
    importing = ("--desk", home / "desk", "import-schools", country)
    with process([*_COMMAND, "serve", "--home", str(home)]):
        tried, first, again = (_run(*importing, *options) for options in (["--dry-run"], [], []))
    return [
        Measurement(
            "s  the country's schools, imported",
            first,
            10,
            at_least=False,
            unit="s",
            details={"rows": rows, "dry run s": tried, "again, nothing new s": again},
        )
    ]
