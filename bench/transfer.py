"""(c) and (d): a whole transfer against the same calls and bytes without our code.

(c) a dossier of the 173 KB class, cold: new channels, three calls to the Traffic Center (one of
them by the source), fetch, verify, store; bare: two new channels, three echoes, one stream of as
many bytes.
(d) an attachment of 1 GiB: bytes a second against a bare stream, and the most memory a school
takes.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvloop

from bench.bare import ECHO, STREAM
from bench.processes import bare_server, las, process, traffic_center
from bench.report import Measurement, paired_ratio
from bench.school import SOURCE, SYSTEMS, TARGET, make_home, make_ready
from oso_dossier import DossierDocument
from oso_dossier.attachments import describe
from oso_dossier.documents import documents_of
from oso_dossier.synthetic import generate
from oso_las.app import Settings, office
from oso_las.collector import Collector
from oso_las.traffic_center import TrafficCenter
from oso_registry.testing import TRAFFIC_CENTER
from oso_rpc.channel import secure_channel
from oso_rpc.credentials_source import CredentialsSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_las.app import Office
    from oso_las.model import Identity
    from oso_registry.testing import Landscape
    from oso_rpc.credentials import Credentials

ROUNDS = 40
LARGE = 2**30
LARGE_ROUNDS = 3
_MEBI = 2**20
_DEADLINE = 120.0


def class_of_173_kb() -> DossierDocument:
    """Make a dossier whose XML is as large as the official full examples."""
    document = generate("POVO", 7)
    content = bytes(number * 37 % 251 for number in range(95_000))
    documents_of(document.dossier)[1].bestandsinhoud.CopyFrom(describe(content, 2))
    return DossierDocument(document.dossier, (document.attachments[0], content))


async def _bare_transfer(port: int, credentials: Credentials, size: int) -> float:
    begin = time.perf_counter()
    address = f"127.0.0.1:{port}"
    channels = [secure_channel(address, TRAFFIC_CENTER, credentials) for _ in range(2)]
    echo: Any = channels[0].unary_unary(ECHO)
    for _ in range(3):
        await echo(bytes(300), timeout=_DEADLINE)
    stream: Any = channels[1].unary_stream(STREAM)
    async for _ in stream(size.to_bytes(8, "big"), timeout=_DEADLINE):
        pass
    for channel in channels:
        await channel.close()
    return time.perf_counter() - begin


async def _transfer(
    opened: Office, settings: Settings, credentials: CredentialsSource, identity: Identity
) -> float:
    """Fetch over new channels; the node's database is open, as in a node that runs."""
    begin = time.perf_counter()
    center = TrafficCenter(
        settings.traffic_center, settings.traffic_center_system, credentials, opened.clock
    )
    collector = Collector(
        opened.database,
        opened.files,
        center,
        credentials,
        opened.clock,
        routing_key=settings.routing_key,
    )
    collected = await collector.collect(identity, SOURCE, "bench")
    await center.close_channel()
    taken = time.perf_counter() - begin
    if collected.dossier_number is None:
        raise RuntimeError("nothing was delivered")
    return taken


async def _cold(
    landscape: Landscape, home: Path, identity: Identity, bare_port: int, size: int
) -> tuple[list[float], list[float]]:
    credentials = landscape.credentials(SYSTEMS[TARGET])
    settings = Settings.load(home / "las.toml")
    source = CredentialsSource.of(settings.certificate, settings.key, settings.authority)
    bare, ours = [], []
    async with office(home, settings) as opened:
        for round_number in range(ROUNDS + 3):
            taken = (
                await _bare_transfer(bare_port, credentials, size),
                await _transfer(opened, settings, source, identity),
            )
            if round_number >= 3:  # noqa: PLR2004  the first ones warm up
                bare.append(taken[0])
                ours.append(taken[1])
    return bare, ours


def measure_cold(landscape: Landscape) -> Measurement:
    """Measure (c)."""
    document = class_of_173_kb()
    size = document.dossier.ByteSize() + sum(map(len, document.attachments))
    with (
        process(traffic_center(landscape)) as (_, center),
        process(bare_server(landscape, TRAFFIC_CENTER)) as (_, bare_port),
    ):
        source = make_home(landscape, SOURCE, center)
        target = make_home(landscape, TARGET, center)
        files = list(_written(landscape.folder, document))
        identity = asyncio.run(make_ready(source, document.dossier, files))
        with process(las(source)):
            bare, ours = uvloop.run(_cold(landscape, target, identity, bare_port, size))
    return Measurement(
        "c  cold transfer p50 / bare",
        statistics.median(ours) / statistics.median(bare),
        3.0,
        at_least=False,
        details={
            "ms": statistics.median(ours) * 1e3,
            "bare ms": statistics.median(bare) * 1e3,
            "paired": paired_ratio(ours, bare),
        },
    )


def _written(folder: Path, document: DossierDocument) -> Iterator[Path]:
    for number, content in enumerate(document.attachments):
        path = folder / f"attachment-{number}"
        path.write_bytes(content)
        yield path


def _large_file(path: Path) -> Path:
    with path.open("wb") as file:
        for _ in range(LARGE // _MEBI):
            file.write(os.urandom(_MEBI))
    return path


async def _bare_stream(port: int, credentials: Credentials) -> float:
    channel = secure_channel(f"127.0.0.1:{port}", TRAFFIC_CENTER, credentials)
    begin = time.perf_counter()
    stream: Any = channel.unary_stream(STREAM)
    async for _ in stream(LARGE.to_bytes(8, "big"), timeout=_DEADLINE):
        pass
    taken = time.perf_counter() - begin
    await channel.close()
    return LARGE / taken / 1e6


def _request(home: Path, identity: Identity) -> tuple[float, float]:
    """Fetch by the command, in a process of its own; give MB/s and the most memory it took."""
    command = [sys.executable, "-m", "oso_las", "las", "--home", str(home), "--json", "request"]
    command += ["--from", SOURCE, "--birth-date", identity.birth_date, "--confirm-applied"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        if child.stdin is None or child.stdout is None:
            raise RuntimeError(command)
        child.stdin.write(f"{identity.number}\n")
        child.stdin.close()
        # Not what wait4 tells: that counts the bench's own memory, from before the child's exec.
        most = 0.0
        while child.poll() is None:
            most = max(most, _peak(child.pid))
            time.sleep(0.02)
        told = json.loads(child.stdout.read())
    fetch = next(leg for leg in told["legs"] if leg["what"] == "fetch")
    return LARGE / fetch["milliseconds"] / 1e3, most


def _peak(pid: int) -> float:
    """Give the most memory a process has taken, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    most = (int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    return next(most, 0) / 1024  # a process that has just ended has none


def measure_large(landscape: Landscape) -> list[Measurement]:
    """Measure (d)."""
    document = generate("POVO", 7)
    small = landscape.folder / "small"
    small.write_bytes(document.attachments[0])
    large = _large_file(landscape.folder / "large")
    facts = documents_of(document.dossier)[1].bestandsinhoud
    with (
        process(traffic_center(landscape)) as (_, center),
        process(bare_server(landscape, TRAFFIC_CENTER)) as (_, bare_port),
    ):
        source = make_home(landscape, SOURCE, center)
        target = make_home(landscape, TARGET, center)
        facts.size, facts.sha256 = LARGE, _digest(large)
        identity = asyncio.run(make_ready(source, document.dossier, [small, large]))
        large.unlink()
        credentials = landscape.credentials(SYSTEMS[TARGET])
        bare, ours, memory = [], [], []
        with process(las(source)) as (child, _):
            for _ in range(LARGE_ROUNDS):
                os.sync()  # what was written before is not this transfer's to wait for
                bare.append(uvloop.run(_bare_stream(bare_port, credentials)))
                speed, taken = _request(target, identity)
                ours.append(speed)
                memory.append(taken)
            memory.append(_peak(child.pid))
    return [
        Measurement(
            "d  1 GiB attachment / bare stream",
            paired_ratio(ours, bare),
            0.6,
            at_least=True,
            details={"MB/s": statistics.median(ours), "bare MB/s": statistics.median(bare)},
        ),
        Measurement(
            "d  most memory of a school",
            max(memory),
            150,
            at_least=False,
            unit="MB",
            details={"source": memory[-1], "target": max(memory[:-1])},
        ),
    ]


def _digest(path: Path) -> bytes:
    import hashlib  # noqa: PLC0415  used here alone

    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
