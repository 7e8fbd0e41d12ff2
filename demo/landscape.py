"""Setting up a country of two parties: OfficeHeart, a Traffic Center, keys and settings.

Through the commands an administrator would use, but for what a registrar does (`registering`).
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from demo.registering import TRAFFIC_CENTER, Participant, register, swv_point
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
)

_BIN = Path(sys.executable).parent
_PRIMARY = ("00SS", "Basisschool De Regenboog", "PO")
_SOURCE_KEY = "0000000700000SS00001"


@dataclass(frozen=True)
class Cast:
    """Who plays in a kind of transfer.

    Attributes:
        source: Has the dossier.
        target: Gets it.

    """

    source: Participant
    target: Participant


CASTS = {
    "overstapdossier": Cast(
        Participant(*_PRIMARY, "las-source", ((_SOURCE_KEY, TRANSFER_KIND_OVERSTAPDOSSIER),)),
        Participant(
            "01VV",
            "Scholengemeenschap Het Baken",
            "VO",
            "las-target",
            (("0000000700001VV00001", TRANSFER_KIND_OVERSTAPDOSSIER),),
        ),
    ),
    "overdrachtbinnenbrin": Cast(
        Participant(*_PRIMARY, "las-source", ((_SOURCE_KEY, TRANSFER_KIND_OVERDRACHTBINNENBRIN),)),
        Participant(
            *_PRIMARY,
            "las-target",
            (("0000000700000SS00002", TRANSFER_KIND_OVERDRACHTBINNENBRIN),),
        ),
    ),
    "swv-dossier": Cast(
        Participant(
            *_PRIMARY,
            "las-source",
            (
                (_SOURCE_KEY, TRANSFER_KIND_OVERSTAPDOSSIER),
                ("0000000700000SS00003", TRANSFER_KIND_SWV_DOSSIER),
            ),
        ),
        Participant(
            "PO3001",
            "Samenwerkingsverband Noord",
            "",
            "las-target",
            (("00000099000PO3001001", TRANSFER_KIND_SWV_DOSSIER),),
        ),
    ),
}
"""By the standard's name of the kind (overdrachtsoort)."""


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
    """Everything of a demo, in one folder.

    Attributes:
        folder: The folder.
        cast: Who plays.

    """

    folder: Path
    cast: Cast

    @property
    def traffic_center(self) -> Path:
        """Folder of the Traffic Center."""
        return self.folder / "trafficcenter"

    @property
    def office_heart(self) -> Path:
        """Home of OfficeHeart."""
        return self.folder / "officeheart"

    def home(self, participant: Participant) -> Path:
        """Home of a party."""
        return self.folder / participant.system_id

    def build(self) -> None:
        """Found OfficeHeart, make settings of the others, and register them."""
        ports = _free_ports(5)
        center, source, target, office, enrolment = (f"127.0.0.1:{port}" for port in ports)
        told = command(
            *("oso-registry", "--json", "init", "--demo", "--home", self.office_heart),
            *("--listen", office, "--listen-enrolment", enrolment),
        )
        directory_key = json.loads(told)["directory_key"]
        told = command("oso-trafficcenter", "init", "--dir", self.traffic_center)
        grant_key = told.split()[-1]
        participants = [(self.cast.source, source), (self.cast.target, target)]
        for one, address in participants:
            who = ("--swv" if one.is_swv else "--brin", one.party)
            for_swv = ("--swv-routing-key", swv_point(one)) if swv_point(one) else ()
            command(
                *("oso", "las", "--home", self.home(one), "init", *who, *for_swv),
                *("--routing-key", one.points[0][0], "--listen", address),
                *("--traffic-center", center, "--directory-key", directory_key),
            )
        register(self.office_heart, grant_key, participants)
        self._write_traffic_center_settings(center, office, directory_key)

    def invite(self, system: str) -> Path:
        """Have OfficeHeart, which runs, invite a system; give the invitation."""
        file = self.folder / f"{system}.json"
        desk = ("oso-registry", "--desk", self.office_heart / "desk")
        command(*desk, "system", "invite", system, "--out", file)
        return file

    def enrolments(self) -> list[tuple[str, Path, tuple[str | Path, ...]]]:
        """Give who gets a certificate: who, its invitation, and the command that asks for it."""
        config = self.traffic_center / "trafficcenter.toml"
        center = ("oso-trafficcenter", "enroll", "--config", config)
        found: list[tuple[str, Path, tuple[str | Path, ...]]] = [
            ("Traffic Center", self.invite(TRAFFIC_CENTER), center)
        ]
        for one in (self.cast.source, self.cast.target):
            enroll = ("oso", "las", "--home", self.home(one), "enroll")
            found.append((title(one), self.invite(one.system_id), enroll))
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


def title(participant: Participant) -> str:
    """Give what the story calls a party."""
    return f"{'SWV' if participant.is_swv else 'school'} {participant.party}"


def _free_ports(count: int) -> list[int]:
    """Find free ports. The directory must name them before anybody listens."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
