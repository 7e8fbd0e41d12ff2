"""A Node back end speaks with a Python Traffic Center, over mutual TLS."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from oso_registry.testing import TRAFFIC_CENTER, Landscape, routing_key_of
from oso_trafficcenter.app import Settings, running

from .conftest import ROOM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def landscape(tmp_path: Path) -> Landscape:
    """A school with a system, and a system whose certificate nobody registered."""
    made = Landscape(tmp_path)
    made.add_system("las-a")
    made.add_school("00SS", "las-a")
    made.add_system("las-unknown", registered=False)
    made.publish()
    return made


@pytest.fixture
async def address(landscape: Landscape) -> AsyncIterator[str]:
    """Where a Traffic Center listens."""
    settings = Settings(
        listen="127.0.0.1:0",
        certificate=landscape.certificate_file(TRAFFIC_CENTER),
        key=landscape.key_file(TRAFFIC_CENTER),
        authority=landscape.root_file,
        grant_key=landscape.folder / "grant.key",
        directory=landscape.directory_file,
        directory_keys=[landscape.directory_signer.public_key.hex()],
        database=f"sqlite:///{landscape.folder / 'center.db'}",
    )
    async with running(settings) as server:
        yield f"127.0.0.1:{server.port}"


async def _ping(node: str, address: str, landscape: Landscape, system: str) -> tuple[int, str, str]:
    """Run ping.mjs as a system; give exit code, output and errors."""
    files = (landscape.certificate_file(system), landscape.key_file(system), landscape.root_file)
    process = await asyncio.create_subprocess_exec(
        node,
        ROOM / "ping.mjs",
        address,
        *files,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_a_node_client_is_known_by_its_certificate(
    node: str, address: str, landscape: Landscape
) -> None:
    """The Traffic Center tells a Node client which system it is, and what it may act for."""
    code, out, err = await _ping(node, address, landscape, "las-a")

    assert (0, "") == (code, err)
    caller = json.loads(out)["caller"]
    assert ("las-a", [routing_key_of("00SS")]) == (caller["systemId"], caller["routingKeys"])


async def test_a_node_client_without_registration_is_refused(
    node: str, address: str, landscape: Landscape
) -> None:
    """A certificate of the authority that is not in the directory gets a refusal, no answer."""
    code, out, err = await _ping(node, address, landscape, "las-unknown")

    assert (1, "") == (code, out)
    assert err.startswith(("Unauthenticated", "PermissionDenied")), err
