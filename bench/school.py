"""A school for the bench: a home folder, and a dossier that is ready."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from oso_las.app import Settings, office
from oso_las.model import Identity
from oso_registry.testing import TRAFFIC_CENTER, routing_key_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_registry.testing import Landscape

SOURCE, TARGET = "00SS", "01VV"
SYSTEMS = {SOURCE: "las-a", TARGET: "las-b"}


def make_home(landscape: Landscape, brin: str, center_port: int) -> Path:
    """Make the home folder of a school that listens where the directory says."""
    home = landscape.folder / f"school-{brin}"
    home.mkdir(exist_ok=True)
    listen = next(
        point.address for point in landscape.directory.delivery_points if point.brin == brin
    )
    values = {
        "brin": brin,
        "routing_key": routing_key_of(brin),
        "listen": listen,
        "traffic_center": f"127.0.0.1:{center_port}",
        "traffic_center_system": TRAFFIC_CENTER,
        "certificate": str(landscape.certificate_file(SYSTEMS[brin])),
        "key": str(landscape.key_file(SYSTEMS[brin])),
        "authority": str(landscape.root_file),
        "directory": str(landscape.directory_file),
        "directory_keys": [landscape.directory_signer.public_key.hex()],
    }
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items())
    (home / "las.toml").write_text(text, encoding="utf-8")
    return home


async def make_ready(home: Path, dossier: Dossier, attachments: Sequence[Path]) -> Identity:
    """Set a dossier ready at the source for the target; give who it is about."""
    async with office(home, Settings.load(home / "las.toml")) as opened:
        number = await opened.desk.import_message(dossier, attachments, "bench")
        await opened.desk.inspect(number, "bench")
        await opened.desk.set_ready(number, TARGET, "bench")
    return Identity.of_dossier(dossier)
