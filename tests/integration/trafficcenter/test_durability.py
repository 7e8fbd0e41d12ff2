"""No record, no delivery: what was answered is on the disk, also after a kill."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from typing import TYPE_CHECKING

import grpc

from oso.trafficcenter.v1.session_pb2 import SessionEvent
from oso.trafficcenter.v1.traffic_center_service_pb2_grpc import TrafficCenterServiceStub
from oso_registry.testing import TRAFFIC_CENTER
from oso_rpc.channel import secure_channel

from .conftest import Center, reason

if TYPE_CHECKING:
    from pathlib import Path

    from oso_registry.testing import Landscape


def _start(landscape: Landscape, database: Path) -> tuple[subprocess.Popen[str], int]:
    """Start a real process; give it and its port."""
    config = landscape.folder / "trafficcenter.toml"
    config.write_text(
        f"""listen = "127.0.0.1:0"
certificate = "trafficcenter.crt"
key = "trafficcenter.key"
authority = "ca/root.crt"
grant_key = "grant.key"
directory = "directory.pb"
directory_keys = ["{landscape.directory_signer.public_key.hex()}"]
database = "sqlite:///{database}"
""",
        encoding="utf-8",
    )
    child = subprocess.Popen(
        [sys.executable, "-m", "oso_trafficcenter", "serve", "--config", str(config)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        line = child.stdout.readline()
    return child, int(line.rpartition(":")[2])


async def test_what_was_answered_survives_a_kill(landscape: Landscape, tmp_path: Path) -> None:
    """Every session that was granted before the process was killed is known after a restart."""
    database = tmp_path / "tc.sqlite"
    child, port = _start(landscape, database)
    center = Center(landscape, "")
    credentials = landscape.credentials("las-b")
    channel = secure_channel(f"127.0.0.1:{port}", TRAFFIC_CENTER, credentials)
    stub = TrafficCenterServiceStub(channel)
    granted = []

    async def caller() -> None:
        while True:
            try:
                opened = await stub.OpenSession(center.opening(), timeout=5)
            except grpc.aio.AioRpcError:
                return
            granted.append(opened.session.session_id)
            if len(granted) == 200:
                os.kill(child.pid, signal.SIGKILL)

    await asyncio.gather(*(caller() for _ in range(8)))
    await channel.close()
    child.wait()

    with sqlite3.connect(database) as connection:
        known = {row[0] for row in connection.execute("SELECT session_id FROM session")}
        events = connection.execute(
            "SELECT sequence, content FROM event ORDER BY sequence"
        ).fetchall()
    connection.close()
    assert len(granted) >= 200
    assert set(granted) <= known
    assert [sequence for sequence, _ in events] == list(range(1, len(events) + 1))
    assert len(events) == len(known)
    assert all(SessionEvent.FromString(content).sequence == one for one, content in events)


async def test_it_stops_when_told_to(landscape: Landscape, tmp_path: Path) -> None:
    """SIGTERM ends the process with exit code 0."""
    child, _ = _start(landscape, tmp_path / "tc.sqlite")

    child.terminate()

    assert child.wait(timeout=20) == 0


async def test_a_decision_that_cannot_be_written_is_not_taken(
    landscape: Landscape, tmp_path: Path
) -> None:
    """While the database cannot be written the call fails with NOT_RECORDED; then it goes on."""
    database = tmp_path / "tc.sqlite"
    center = Center(landscape, f"sqlite:///{database}")
    await center.start()
    blocker = sqlite3.connect(database, isolation_level=None)
    blocker.execute(
        "CREATE TRIGGER full BEFORE INSERT ON event BEGIN SELECT RAISE(FAIL, 'disk full'); END"
    )

    try:
        assert await reason(center.open()) == "NOT_RECORDED"
        count = blocker.execute("SELECT count(*) FROM session").fetchone()[0]
        assert count == 0
        blocker.execute("DROP TRIGGER full")
        _, opened = await center.open()
        assert opened.session.session_id
    finally:
        blocker.close()
        await center.stop()
