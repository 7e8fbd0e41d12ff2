"""Starting the processes that are measured, and stopping them."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from oso_registry.testing import Landscape


@contextmanager
def process(command: Sequence[str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Run a server whose first line ends in its port; give process and port."""
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        line = child.stdout.readline() if child.stdout else ""
        if not line:
            raise RuntimeError(f"{command[-1]} did not start")
        yield child, int(line.split()[-1].rpartition(":")[2])
    finally:
        child.terminate()
        child.wait(timeout=20)


def bare_server(landscape: Landscape, system_id: str) -> list[str]:
    """Give the command of the bare server, under the certificate of a system."""
    files = (
        landscape.certificate_file(system_id),
        landscape.key_file(system_id),
        landscape.root_file,
    )
    return [sys.executable, "-m", "bench.bare", *(str(file) for file in files)]


def traffic_center(landscape: Landscape, database: str = "") -> list[str]:
    """Write the settings of a Traffic Center and give its command."""
    config = landscape.folder / "trafficcenter.toml"
    database = database or f"sqlite:///{landscape.folder / 'trafficcenter.sqlite'}"
    config.write_text(
        f"""listen = "127.0.0.1:0"
certificate = "trafficcenter.crt"
key = "trafficcenter.key"
authority = "ca/root.crt"
grant_key = "grant.key"
directory = "directory.pb"
directory_keys = ["{landscape.directory_signer.public_key.hex()}"]
database = "{database}"
""",
        encoding="utf-8",
    )
    return [sys.executable, "-m", "oso_trafficcenter", "serve", "--config", str(config)]


def las(home: Path) -> list[str]:
    """Give the command of a school's node."""
    return [sys.executable, "-m", "oso_las", "las", "--home", str(home), "serve"]
