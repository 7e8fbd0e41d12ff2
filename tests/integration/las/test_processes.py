"""Real processes, killed for real, and the command as a worker uses it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from oso_dossier import DossierDocument, canonical, write_xml
from oso_dossier.attachments import describe
from oso_dossier.documents import documents_of
from oso_dossier.synthetic import generate

from .conftest import SOURCE, TARGET, home_on_disk, xml_file

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Country


def oso(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "oso_las", *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def _serve(home: Path) -> tuple[subprocess.Popen[str], int]:
    child = subprocess.Popen(
        [sys.executable, "-m", "oso_las", "las", "--home", home, "serve"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child.stdout:
        line = child.stdout.readline()
    return child, int(line.rpartition(":")[2])


def _large() -> DossierDocument:
    document = generate("POVO", 7)
    content = os.urandom(24_000_000)
    documents_of(document.dossier)[1].bestandsinhoud.CopyFrom(describe(content, 2))
    return DossierDocument(document.dossier, (document.attachments[0], content))


def _requesting(home: Path, document: DossierDocument) -> tuple[list[str], str]:
    pupil = document.dossier.huidigeschool.leerling
    born = pupil.geboortedatum
    command = [sys.executable, "-m", "oso_las", "las", "--home", str(home), "--json", "request"]
    command += ["--from", SOURCE, "--confirm-applied"]
    command += ["--birth-date", f"{born.year}-{born.month:02d}-{born.day:02d}"]
    return command, f"{pupil.bsn}\n"


@pytest.mark.slow
async def test_a_target_killed_in_the_middle_goes_on_where_it_was(country: Country) -> None:
    """Killed while an attachment comes in, the next request takes up the same session."""
    document = _large()
    await country.ready(document)
    await country.stop_school(TARGET)
    home = home_on_disk(country, TARGET)
    command, number = _requesting(home, document)
    child = subprocess.Popen(  # noqa: ASYNC220  to be killed, not waited for
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdin is not None
    with child.stdin:
        child.stdin.write(number)
    incoming = home / "parts" / "incoming"
    for _ in range(2000):
        if any(path.stat().st_size > 1_000_000 for path in incoming.glob("*/part-2")):
            break
        await asyncio.sleep(0.002)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    (left,) = incoming.glob("*/part-2")
    assert 0 < left.stat().st_size < 24_000_000

    process = await asyncio.create_subprocess_exec(
        *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, _ = await process.communicate(number.encode())

    told = json.loads(out)
    assert (told["result"], told["number"]) == ("DELIVERED", 1)
    assert left.parent.name.startswith(told["session"]), "the session was taken up, not opened anew"
    assert not list(incoming.iterdir())
    await country.start_school(TARGET)
    assert await country.nodes[TARGET].desk.document(1) == document


@pytest.mark.slow
async def test_a_source_killed_in_the_middle_is_taken_up_when_it_is_back(country: Country) -> None:
    """Killed while it delivers, started again at the same address, the rest is fetched."""
    document = _large()
    _, identity = await country.ready(document)
    await country.stop_school(SOURCE)
    home = home_on_disk(country, SOURCE)
    child, port = _serve(home)
    country.tell_address(SOURCE, f"127.0.0.1:{port}")
    await country.publish()
    killed: list[int] = []

    def kill(part_number: int, name: str, done: int, size: int) -> None:  # noqa: ARG001
        if part_number == 2 and done > 2_000_000 and not killed:
            killed.append(done)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()

    collecting = asyncio.create_task(
        country.nodes[TARGET].collector.collect(identity, SOURCE, "worker", progress=kill)
    )
    while not killed and not collecting.done():  # noqa: ASYNC110  told from another task
        await asyncio.sleep(0.01)
    config = home / "las.toml"
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub('listen = "[^"]*"', f'listen = "127.0.0.1:{port}"', text), "utf-8")
    again, _ = await asyncio.to_thread(_serve, home)
    try:
        collected = await collecting
    finally:
        again.terminate()
        again.wait()

    assert killed
    assert collected.dossier_number is not None
    received = await country.nodes[TARGET].desk.document(collected.dossier_number)
    assert received == document


@pytest.mark.slow
async def test_a_disk_that_is_full_loses_nothing(country: Country) -> None:
    """With no room to write the worker is told; with room again it goes on from there."""
    document = _large()
    await country.ready(document)
    await country.stop_school(TARGET)
    home = home_on_disk(country, TARGET)
    command, number = _requesting(home, document)

    full = await asyncio.to_thread(
        subprocess.run,
        ["prlimit", "--fsize=9000000", *command],
        input=number,
        capture_output=True,
        text=True,
        check=False,
    )
    listed = _told(oso("las", "--home", home, "--json", "list"))
    again = await asyncio.to_thread(
        subprocess.run, command, input=number, capture_output=True, text=True, check=False
    )

    assert full.returncode == 1
    assert full.stderr.startswith("Een bestand of map kan niet worden gelezen of geschreven")
    assert listed == []
    assert _told(again)["legs"][0]["what"] == "fetch", "the session was taken up, not opened anew"
    await country.start_school(TARGET)
    assert await country.nodes[TARGET].desk.document(1) == document


def _told(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


async def test_the_desk_by_command(country: Country, tmp_path: Path) -> None:
    """Import, inspect, set ready, list, export: each says what it did, and the XML is the same."""
    await country.stop_school(SOURCE)
    home = home_on_disk(country, SOURCE)
    las = ("las", "--home", home)
    path = xml_file(tmp_path)

    imported = oso(*las, "import", path)
    assert imported.stdout == "Dossier 1 geïmporteerd: concept. Laat de ouders het inzien.\n"
    early = oso(*las, "ready", "1", "--for", TARGET)
    assert (early.returncode, early.stderr) == (
        1,
        "Dossier 1 is concept: klaarzetten kan nu niet.\n",
    )
    assert _told(oso("las", "--home", home, "--json", "mark", "1", "--for", TARGET)) == {
        "number": 1,
        "target": TARGET,
    }
    assert _told(oso("las", "--home", home, "--json", "inspect", "1"))["state"] == "inspected"
    assert oso(*las, "ready", "1", "--for", TARGET).returncode == 0
    (row,) = _told(oso("las", "--home", home, "--json", "list"))
    assert (row["state"], row["for"], row["attachments"]) == ("ready", TARGET, 2)
    out = tmp_path / "out.xml"
    assert oso(*las, "export", "1", out).returncode == 0
    assert canonical(out.read_bytes()) == canonical(path.read_bytes())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    again = oso(*las, "export", "1", out)
    assert again.returncode == 1
    assert "bestaat al" in again.stderr
    unknown = oso("las", "--home", home, "--lang", "en", "inspect", "99")
    assert unknown.stderr == "There is no dossier number 99.\n"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("leeg.xml", b"", "geen goede XML"),
        ("nonsens.xml", b"\x00" * 1000, "geen goede XML"),
        ("doctype.xml", b"<!DOCTYPE a><a/>", "DOCTYPE"),
        ("ander.xml", b"<a/>", "geen dossier van 2016.1"),
        ("groot.xml", b"x" * 100_000_000, "groter dan 64 MiB"),
    ],
)
async def test_a_file_that_is_no_dossier_is_refused_and_leaves_nothing(
    country: Country, tmp_path: Path, name: str, content: bytes, expected: str
) -> None:
    """Import tells in one sentence why not; no row and no file are left."""
    await country.stop_school(SOURCE)
    home = home_on_disk(country, SOURCE)
    path = tmp_path / name
    path.write_bytes(content)

    done = oso("las", "--home", home, "import", path)

    assert done.returncode == 1
    assert expected in done.stderr
    assert "Traceback" not in done.stderr
    assert country.files(SOURCE) == []
    assert _told(oso("las", "--home", home, "--json", "list")) == []


async def test_a_profile_of_another_kind_is_refused_with_a_reason(
    country: Country, tmp_path: Path
) -> None:
    """A dossier whose kind does not have its profile is refused at import, saying so."""
    await country.stop_school(SOURCE)
    home = home_on_disk(country, SOURCE)
    document = generate("POPO", 7)
    document.dossier.overdrachtsoort = "swv-dossier"
    path = tmp_path / "kind.xml"
    path.write_bytes(write_xml(document))

    done = oso("las", "--home", home, "import", path)

    assert done.returncode == 1
    assert "swv-dossier" in done.stderr
    assert "POSWV" in done.stderr


async def test_a_private_key_others_can_read_is_refused(country: Country) -> None:
    """With an exposed key a node does not start, and says how to mend it."""
    await country.stop_school(SOURCE)
    home = home_on_disk(country, SOURCE)
    key = country.landscape.folder / "las-a.key"
    key.chmod(0o644)

    done = oso("las", "--home", home, "serve")

    assert done.returncode == 1
    assert f"chmod 600 {key}" in done.stderr


async def test_a_request_needs_a_confirmation_and_a_real_number(country: Country) -> None:
    """Nobody fetches to select; a mistyped number is caught before anything is sent."""
    await country.stop_school(TARGET)
    home = home_on_disk(country, TARGET)
    ask = ("las", "--home", home, "request", "--from", SOURCE, "--birth-date", "2007-03-01")

    unconfirmed = oso(*ask, given="999900006\n")
    mistyped = oso(*ask, "--confirm-applied", given="999900007\n")

    assert unconfirmed.returncode == 2
    assert "aangemeld" in unconfirmed.stderr
    assert mistyped.returncode == 2
    assert "999900007" not in mistyped.stderr


async def test_a_home_folder_is_made_once(tmp_path: Path) -> None:
    """Init makes key, request and settings; a second time it changes nothing."""
    home = tmp_path / "home"
    named = ("--system", "las-x", "--brin", "00SS", "--routing-key", "0000000700000SS00001")
    init = ("las", "--home", home, "init", *named)

    first = oso(*init)
    key = (home / "system.key").read_bytes()
    second = oso(*init)

    assert first.returncode == 0
    assert stat.S_IMODE((home / "system.key").stat().st_mode) == 0o600
    assert second.returncode == 1
    assert (home / "system.key").read_bytes() == key


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (("--brin", "00ss"), "brin"),
        (("--routing-key", "short"), "routing_key"),
        (("--system", "A_B"), "kleine letters"),
    ],
)
def test_a_home_folder_with_a_wrong_name_is_not_made(
    tmp_path: Path, wrong: tuple[str, str], told: str
) -> None:
    """What could never work is told at init, and leaves no file."""
    home = tmp_path / "home"
    named = {"--system": "las-x", "--brin": "00SS", "--routing-key": "0000000700000SS00001"}
    named[wrong[0]] = wrong[1]

    done = oso("las", "--home", home, "init", *(text for pair in named.items() for text in pair))

    assert done.returncode != 0
    assert told in done.stderr
    assert not list(tmp_path.glob("home/*"))


async def test_a_name_cannot_steer_the_terminal(country: Country, tmp_path: Path) -> None:
    """A control character in a pupil's name is not printed in a list."""
    await country.stop_school(SOURCE)
    home = home_on_disk(country, SOURCE)
    document = generate("POVO", 7)
    document.dossier.huidigeschool.leerling.roepnaam = "An\x9b2Ja"
    path = tmp_path / "name.xml"
    path.write_bytes(write_xml(document))
    assert oso("las", "--home", home, "import", path).returncode == 0

    listed = oso("las", "--home", home, "list").stdout

    assert "An?2Ja" in listed
    assert "\x9b" not in listed


async def test_a_reader_that_stops_early(country: Country) -> None:
    """Where nobody reads on, as after `| head`, a command ends without a word about it."""
    await country.stop_school(SOURCE)
    home = home_on_disk(country, SOURCE)
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "oso_las", "las", "--home", str(home), "--json", "list"]

    try:
        done = await asyncio.to_thread(
            subprocess.run, command, stdout=writer, stderr=subprocess.PIPE, check=False
        )
    finally:
        os.close(writer)

    assert (1, b"") == (done.returncode, done.stderr)


def test_dossier_commands_work_without_a_school(tmp_path: Path) -> None:
    """show, normalize and generate work on files alone; a bad file gives exit code 2."""
    out = tmp_path / "made.xml"
    assert (
        oso("dossier", "generate", "--profile", "VOVO", "--seed", "3", "--out", out).returncode == 0
    )
    shown = oso("dossier", "show", out)
    normal = tmp_path / "normal.xml"
    assert oso("dossier", "normalize", out, normal).returncode == 0
    bad = tmp_path / "bad.xml"
    bad.write_text("<x")
    refused = oso("dossier", "normalize", bad, normal)

    assert "overstapdossier VOVO" in shown.stdout
    assert normal.read_bytes() == out.read_bytes()
    assert refused.returncode == 2
    assert normal.read_bytes() == out.read_bytes(), "a refused file does not replace a good one"
