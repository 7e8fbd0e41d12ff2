"""Setting up a country of two schools: keys, certificates, directory, settings.

All through the commands an administrator would use.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_BIN = Path(sys.executable).parent
SOURCE = ("00SS", "las-source", "0000000700000SS00001", "Basisschool De Regenboog", "PO")
TARGET = ("01VV", "las-target", "0000000700001VV00001", "Scholengemeenschap Het Baken", "VO")


class CommandFailedError(Exception):
    """A command of the demo failed; its text says why.

    Attributes:
        text: What it printed.

    """

    def __init__(self, text: str) -> None:
        """Keep what it printed."""
        super().__init__(text)
        self.text = text


def command(name: str, *arguments: str | Path, given: str = "", quiet: bool = True) -> str:
    """Run one of our commands; give what it printed.

    Raises:
        CommandFailedError: It ended with another exit code than 0.

    """
    done = subprocess.run(
        [_BIN / name, *map(str, arguments)],
        input=given,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE if quiet else None,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandFailedError((done.stderr or done.stdout or "").strip() or f"{name} failed")
    return done.stdout.strip()


@dataclass(frozen=True)
class Country:
    """Everything of a demo, in one folder."""

    folder: Path

    @property
    def traffic_center(self) -> Path:
        """Folder of the Traffic Center."""
        return self.folder / "trafficcenter"

    def home(self, brin: str) -> Path:
        """Home of a school."""
        return self.folder / f"school-{brin}"

    def build(self) -> None:
        """Make authority, keys, certificates, directory and settings."""
        ports = _free_ports(3)
        office = self.folder / "officeheart"
        command("oso-registry", "ca", "init", "--demo", "--dir", office / "ca")
        directory_key = command("oso-registry", "key", "init", "--out", office / "directory.key")
        directory_key = directory_key.split()[-1]
        told = command("oso-trafficcenter", "init", "--dir", self.traffic_center)
        grant_key = told.split()[-1]
        for (brin, system, routing_key, _, _), port in zip(
            (SOURCE, TARGET), ports[1:], strict=True
        ):
            command(
                *("oso", "las", "--home", self.home(brin), "init", "--system", system),
                *("--brin", brin, "--routing-key", routing_key),
                *("--traffic-center", f"127.0.0.1:{ports[0]}", "--listen", f"127.0.0.1:{port}"),
                *("--directory-key", directory_key),
            )
        homes = {"trafficcenter": self.traffic_center}
        homes |= {one[1]: self.home(one[0]) for one in (SOURCE, TARGET)}
        for system, home in homes.items():
            command(
                *("oso-registry", "certificate", "issue", "--demo", "--ca", office / "ca"),
                *("--csr", home / "system.csr", "--system", system, "--out", home / "system.crt"),
            )
            (home / "root.crt").write_bytes((office / "ca" / "root.crt").read_bytes())
        registration = office / "registration.toml"
        registration.write_text(_registration(grant_key, homes, ports), encoding="utf-8")
        command(
            *("oso-registry", "directory", "sign", "--registration", registration),
            *("--key", office / "directory.key", "--out", office / "directory.pb"),
        )
        for home in homes.values():
            (home / "directory.pb").write_bytes((office / "directory.pb").read_bytes())
        self._write_traffic_center_settings(ports[0], directory_key)

    def _write_traffic_center_settings(self, port: int, directory_key: str) -> None:
        database = (self.traffic_center / "trafficcenter.sqlite").absolute()
        values = {
            "listen": f"127.0.0.1:{port}",
            "certificate": "system.crt",
            "key": "system.key",
            "authority": "root.crt",
            "grant_key": "grant.key",
            "directory": "directory.pb",
            "directory_keys": [directory_key],
            "database": f"sqlite:///{database}",
        }
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
        (self.traffic_center / "trafficcenter.toml").write_text(text, encoding="utf-8")


def _registration(grant_key: str, homes: dict[str, Path], ports: list[int]) -> str:
    lines = [
        "version = 1",
        'accepted_dossier_years = ["2019.1"]',
        f'traffic_center_keys = ["{grant_key}"]',
    ]
    for system, home in homes.items():
        lines += ["[[system]]", f'id = "{system}"']
        lines += [f"certificates = [{json.dumps(str(home / 'system.crt'))}]"]
    for (brin, system, routing_key, name, sector), port in zip(
        (SOURCE, TARGET), ports[1:], strict=True
    ):
        lines += ["[[school]]", f'brin = "{brin}"', f'name = "{name}"', f'sector = "{sector}"']
        lines += ['qualification = "qualified"']
        lines += ["[[delivery_point]]", f'routing_key = "{routing_key}"', f'brin = "{brin}"']
        lines += [f'system = "{system}"', f'address = "127.0.0.1:{port}"', 'product = "Demo LAS"']
        lines += ['kinds = ["overstapdossier"]', 'dossier_years = ["2019.1"]']
        lines += ["mandate_start = 2020-01-01T00:00:00Z"]
    return "\n".join(lines) + "\n"


def _free_ports(count: int) -> list[int]:
    """Find free ports. The directory must name them before anybody listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
