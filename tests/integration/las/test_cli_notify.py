"""Notifications as a worker uses them: the command `oso las`."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

from click.testing import CliRunner

from oso_dossier import write_xml
from oso_dossier.synthetic import generate
from oso_las.cli import main
from oso_las.model import Identity

from .conftest import SOURCE, TARGET, home_on_disk

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Country


async def oso(home: Path, *arguments: str | Path) -> tuple[int, list[Any], str]:
    """Run `oso las --json`; give exit code, what it printed for programs, and what for people."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "oso_las", "las", "--home", str(home), "--json"),
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    told = [json.loads(line) for line in out.decode().splitlines()]
    return process.returncode or 0, told, err.decode()


async def test_a_worker_sets_ready_notifies_and_another_fetches(country: Country) -> None:
    """From `ready --notify` to `notifications` and `fetch`, which asks that the pupil applied."""
    document = generate("POVO", 7)
    identity = Identity.of_dossier(document.dossier)
    await country.nodes[TARGET].collector.collect(identity, SOURCE, "worker")
    desk = country.nodes[SOURCE].desk
    number = await desk.import_document(document, "test")
    await desk.inspect(number, "test")
    source, target = home_on_disk(country, SOURCE), home_on_disk(country, TARGET)

    code, told, _ = await oso(source, "ready", str(number), "--for", TARGET, "--notify")
    assert (code, told[0]["state"]) == (0, "ready")
    assert [(one["for"], one["result"]) for one in told[1]["notified"]] == [(TARGET, "ARRIVED")]

    code, told, _ = await oso(target, "notifications")
    ((notice,),) = told
    assert (code, notice["from"], notice["dossier"]) == (0, SOURCE, None)
    assert (notice["pupil_number"], notice["birth_date"]) == (identity.number, identity.birth_date)

    code, told, text = await oso(target, "fetch", str(notice["number"]))
    assert (code, told) == (2, [])
    assert "--confirm-applied" in text
    code, told, _ = await oso(target, "fetch", str(notice["number"]), "--confirm-applied")
    assert (code, told[0]["result"]) == (0, "DELIVERED")


async def test_ready_stands_when_there_is_nobody_to_notify(country: Country) -> None:
    """`ready --notify` fails with the reason, and says first that the dossier is ready."""
    desk = country.nodes[SOURCE].desk
    number = await desk.import_document(generate("POVO", 7), "test")
    await desk.inspect(number, "test")
    home = home_on_disk(country, SOURCE)

    code, told, text = await oso(home, "ready", str(number), "--for", TARGET, "--notify")

    assert (code, told[0]["state"], len(told)) == (1, "ready", 1)
    assert "heeft nog niet om dossier" in text
    (entry,) = await desk.entries()
    assert entry.target_brin == TARGET


def test_a_home_is_of_a_school_or_of_an_swv(tmp_path: Path) -> None:
    """`init` takes a BRIN or the code of an SWV, and refuses both and neither."""
    key = ["--system", "swv-a", "--routing-key", "0" * 20]

    def init(name: str, *arguments: str) -> int:
        command = ["las", "--home", str(tmp_path / name), "init", *key, *arguments]
        return CliRunner().invoke(main, command).exit_code

    assert init("swv", "--swv", "PO3001") == 0
    assert 'swv = "PO3001"' in (tmp_path / "swv" / "las.toml").read_text(encoding="utf-8")
    assert init("school", "--brin", "00SS", "--swv-routing-key", "1" * 20) == 0
    assert init("both", "--brin", "00SS", "--swv", "PO3001") == 1
    assert init("neither") == 1
    assert init("no code", "--swv", "01VV") == 1


def test_a_dossier_for_an_swv_with_a_number_is_refused_without_it(tmp_path: Path) -> None:
    """The worker reads where the number is; the number is not repeated."""
    home = tmp_path / "school"
    init = ["las", "--home", str(home), "init", "--system", "las-a", "--brin", "00SS"]
    CliRunner().invoke(main, [*init, "--routing-key", "0" * 20])
    document = generate("POSWV", 7)
    document.dossier.huidigeschool.leerling.bsn = "999900006"
    path = tmp_path / "dossier.xml"
    path.write_bytes(write_xml(document))

    done = CliRunner().invoke(main, ["las", "--home", str(home), "import", str(path)])

    assert done.exit_code == 1
    assert "huidigeschool.leerling.bsn" in done.output
    assert "999900006" not in done.output
