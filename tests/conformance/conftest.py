"""A Traffic Center and a source school, real processes, for who knows only the contract."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from oso_dossier import DossierDocument, write_xml
from oso_dossier.synthetic import generate
from oso_registry.testing import TRAFFIC_CENTER, Landscape, routing_key_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SOURCE, TARGET = "00SS", "01VV"


@dataclass(frozen=True)
class World:
    """What a supplier is told when it joins.

    Attributes:
        center: Address of the Traffic Center.
        center_name: The name its certificate has.
        source_name: The name the source's certificate has.
        root: Certificate of the authority (PEM).
        certificate: Of the supplier's own system (PEM).
        key: Its private key (PEM).
        grant_key: Public key of the Traffic Center, 32 bytes.
        target_routing_key: Of the school the supplier works for.
        document: The dossier that is ready at the source.

    """

    center: str
    center_name: str
    source_name: str
    root: bytes
    certificate: bytes
    key: bytes
    grant_key: bytes
    target_routing_key: str
    document: DossierDocument


@contextmanager
def running_process(*arguments: str | Path) -> Iterator[str]:
    """Run a program until the end of the block; give the address from its first line."""
    with subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)], stdout=subprocess.PIPE, text=True
    ) as child:
        try:
            line = child.stdout.readline() if child.stdout else ""
            assert line, f"{arguments[0]} did not start"
            yield line.split()[-1]
        finally:
            child.terminate()


def write_settings(path: Path, values: dict[str, object]) -> Path:
    """Write settings as TOML."""
    lines = [f"{name} = {json.dumps(value)}\n" for name, value in values.items()]
    path.write_text("".join(lines), encoding="utf-8")
    return path


def trust(landscape: Landscape) -> dict[str, object]:
    """Give the settings about whom to believe."""
    return {
        "authority": str(landscape.root_file),
        "directory": str(landscape.directory_file),
        "directory_keys": [landscape.directory_signer.public_key.hex()],
    }


@contextmanager
def running_center(landscape: Landscape) -> Iterator[str]:
    """Run a Traffic Center until the end of the block; give its address."""
    values = {
        "listen": "127.0.0.1:0",
        "certificate": "trafficcenter.crt",
        "key": "trafficcenter.key",
        "grant_key": "grant.key",
        "database": f"sqlite:///{landscape.folder / 'trafficcenter.sqlite'}",
        **trust(landscape),
    }
    settings = write_settings(landscape.folder / "trafficcenter.toml", values)
    with running_process("oso_trafficcenter", "serve", "--config", settings) as address:
        yield address


@contextmanager
def _source(landscape: Landscape, center: str, document: DossierDocument) -> Iterator[None]:
    home = landscape.folder / SOURCE
    home.mkdir()
    (point,) = (one for one in landscape.directory.delivery_points if one.brin == SOURCE)
    values = {
        "brin": SOURCE,
        "routing_key": routing_key_of(SOURCE),
        "listen": point.address,
        "traffic_center": center,
        "traffic_center_system": TRAFFIC_CENTER,
        "certificate": str(landscape.certificate_file("las-a")),
        "key": str(landscape.key_file("las-a")),
        **trust(landscape),
    }
    write_settings(home / "las.toml", values)
    dossier = home / "dossier.xml"
    dossier.write_bytes(write_xml(document))
    las = [sys.executable, "-m", "oso_las", "las", "--home", str(home)]
    for command in (["import", str(dossier)], ["inspect", "1"], ["ready", "1", "--for", TARGET]):
        subprocess.run([*las, *command], check=True, capture_output=True)
    with running_process("oso_las", "las", "--home", home, "serve"):
        yield


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Start everything; give what the supplier of the target is told."""
    landscape = Landscape(tmp_path_factory.mktemp("landscape"))
    for brin, system in ((SOURCE, "las-a"), (TARGET, "las-b")):
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        landscape.add_system(system)
        landscape.add_school(brin, system, address=address, primary=brin == SOURCE)
    landscape.publish()
    document = generate("POVO", 7)
    with running_center(landscape) as center, _source(landscape, center, document):
        yield World(
            center=center,
            center_name=f"{TRAFFIC_CENTER}.system.oso.internal",
            source_name="las-a.system.oso.internal",
            root=landscape.root_file.read_bytes(),
            certificate=landscape.certificate_file("las-b").read_bytes(),
            key=landscape.key_file("las-b").read_bytes(),
            grant_key=landscape.directory.traffic_center_keys[0].public_key,
            target_routing_key=routing_key_of(TARGET),
            document=document,
        )
