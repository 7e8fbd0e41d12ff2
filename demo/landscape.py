"""Setting up a country of two schools: OfficeHeart, a Traffic Center, keys and settings.

Through the commands an administrator would use, but for what a registrar does (`registering`).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from demo.registering import TRAFFIC_CENTER, Participant, register

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

    @property
    def office_heart(self) -> Path:
        """Home of OfficeHeart."""
        return self.folder / "officeheart"

    def build(self) -> None:
        """Found OfficeHeart, make settings of the others, and register them."""
        ports = _free_ports(5)
        addresses = [f"127.0.0.1:{port}" for port in ports]
        told = command(
            *("oso-registry", "--json", "init", "--demo", "--home", self.office_heart),
            *("--listen", addresses[3], "--listen-enrolment", addresses[4]),
        )
        directory_key = json.loads(told)["directory_key"]
        told = command("oso-trafficcenter", "init", "--dir", self.traffic_center)
        grant_key = told.split()[-1]
        participants = []
        for (brin, system, routing_key, name, sector), address in zip(
            (SOURCE, TARGET), addresses[1:3], strict=True
        ):
            command(
                *("oso", "las", "--home", self.home(brin), "init"),
                *("--brin", brin, "--routing-key", routing_key, "--listen", address),
                *("--traffic-center", addresses[0], "--directory-key", directory_key),
            )
            participants.append(Participant(brin, system, routing_key, name, sector, address))
        register(self.office_heart, grant_key, participants)
        self._write_traffic_center_settings(addresses[0], addresses[3], directory_key)

    def invite(self, system: str) -> Path:
        """Have OfficeHeart, which runs, invite a system; give the invitation."""
        file = self.folder / f"{system}.json"
        desk = ("oso-registry", "--desk", self.office_heart / "desk")
        command(*desk, "system", "invite", system, "--out", file)
        return file

    def enrolments(self) -> list[tuple[str, Path, tuple[str | Path, ...]]]:
        """Give who gets a certificate: who, its invitation, and the command that asks for it."""
        center = self.traffic_center / "trafficcenter.toml"
        found: list[tuple[str, Path, tuple[str | Path, ...]]] = [
            (
                "Traffic Center",
                self.invite(TRAFFIC_CENTER),
                ("oso-trafficcenter", "enroll", "--config", center),
            )
        ]
        for brin, system, *_ in (SOURCE, TARGET):
            enroll = ("oso", "las", "--home", self.home(brin), "enroll")
            found.append((f"school {brin}", self.invite(system), enroll))
        return found

    def _write_traffic_center_settings(
        self, listen: str, office_heart: str, directory_key: str
    ) -> None:
        database = (self.traffic_center / "trafficcenter.sqlite").absolute()
        values = {
            "listen": listen,
            "certificate": "system.crt",
            "key": "system.key",
            "authority": "root.crt",
            "grant_key": "grant.key",
            "office_heart": office_heart,
            "directory": "directory.pb",
            "directory_keys": [directory_key],
            "database": f"sqlite:///{database}",
        }
        text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
        (self.traffic_center / "trafficcenter.toml").write_text(text, encoding="utf-8")


def _free_ports(count: int) -> list[int]:
    """Find free ports. The directory must name them before anybody listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
