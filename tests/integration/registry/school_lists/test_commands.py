"""`oso-registry import-schools` at a desk, against an OfficeHeart that runs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from oso.options.v1.access_pb2 import ROLE_REGISTRAR
from oso_registry.desk import Desk
from oso_registry.school_lists.cli import import_schools
from oso_registry.school_lists.generating import generate_schools

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    HeadOffice = Any

HEADINGS = "BRIN NUMMER;VESTIGINGSNUMMER;VESTIGINGSNAAM;BEVOEGD GEZAG NUMMER;PLAATSNAAM"


@pytest.fixture
async def desk(head_office: HeadOffice) -> Path:
    """Give the folder of a registrar's desk."""
    made = await head_office.desk(ROLE_REGISTRAR)
    folder: Path = head_office.folder / made.system_id
    (folder / "root.crt").write_bytes((head_office.folder / "ca" / "root.crt").read_bytes())
    (folder / "desk.toml").write_text(f'office_heart = "{head_office.address}"\n', encoding="utf-8")
    return folder


async def run(
    desk: Path, *arguments: object, language: str = "nl", as_json: bool = False
) -> Result:
    """Give the command at the desk; in a thread, for it has an event loop of its own."""
    at = Desk(desk, language, as_json=as_json)
    return await asyncio.to_thread(
        CliRunner().invoke, import_schools, [str(one) for one in arguments], obj=at
    )


def write(folder: Path, name: str, *rows: str) -> Path:
    """Write a list."""
    file = folder / name
    file.write_text("\n".join([HEADINGS, *rows]), encoding="cp1252")
    return file


async def test_a_registrar_imports_a_list(desk: Path, tmp_path: Path) -> None:
    """What is done is told in Dutch: counts, and entries with their changes."""
    first = write(tmp_path, "vestigingen-po.csv", "00SS;00;Café;41234;Zwolle")
    second = write(tmp_path, "po.csv", "00SS;00;Café;41234;Breda")

    new = await run(desk, first)
    tried = await run(desk, second, "--dry-run")
    changed = await run(desk, second)

    assert (0, 0, 0) == (new.exit_code, tried.exit_code, changed.exit_code)
    assert [
        (
            "Regels gelezen: 1 (windows-1252, ';'); onbruikbaar: 0; zonder de kolommen "
            "STRAATNAAM, HUISNUMMER-TOEVOEGING, POSTCODE."
        ),
        "                   nieuw",
        "scholen                1",
        "vestigingen            1",
        "besturen               1",
        "",
        "Nieuw:",
        "  41234  Bevoegd gezag 41234  (regel 2)",
        "  00SS  Café  (regel 2)",
        "Geregistreerd.",
    ] == new.stdout.splitlines()
    assert "Sector PO, volgens de bestandsnaam.\n" == new.stderr
    assert [
        "Gewijzigd:",
        "  00SS  Café  (regel 2)",
        "      adres plaats: Zwolle -> Breda",
        "      vestiging 00 adres plaats: Zwolle -> Breda",
    ] == changed.stdout.splitlines()[-5:-1]
    assert tried.stdout.splitlines()[:-1] == changed.stdout.splitlines()[:-1]
    assert "Proef: er is niets gewijzigd." == tried.stdout.splitlines()[-1]


async def test_a_refused_list_says_which_rows(desk: Path, tmp_path: Path) -> None:
    """A list with rows that cannot be used ends with exit code 1, the rows and the reason."""
    file = write(tmp_path, "po.csv", "00SS;0;A;41234;Zwolle", "00TT;00;=1;41234;Zwolle")

    told = await run(desk, file, language="en")

    assert 1 == told.exit_code
    assert [
        "Rows that cannot be used:",
        (
            "  line 2: VESTIGINGSNUMMER must be the institution code and two digits, such as "
            "00SS01, or only those digits; it looks like 9."
        ),
        "  line 3: VESTIGINGSNAAM begins with =, +, - or @, as a formula does; it looks like =9.",
    ] == told.stdout.splitlines()[6:9]
    assert told.stderr.endswith(
        "Error: 2 of 2 rows cannot be used; nothing was changed. Mend them, or import without "
        "these schools.\n"
    )


async def test_a_report_for_programs(desk: Path, tmp_path: Path) -> None:
    """With JSON the report is all there is on standard output."""
    file = write(tmp_path, "po.csv", "00SS;00;A;41234;Zwolle")

    told = await run(desk, file, as_json=True)

    assert (True, 1) == (
        json.loads(told.stdout)["applied"],
        json.loads(told.stdout)["schools"]["new"],
    )


async def test_an_invented_country_at_the_desk(desk: Path, tmp_path: Path) -> None:
    """What `generate-schools` writes is imported; of many new schools 20 are shown."""
    file = tmp_path / "land.csv"
    made = CliRunner().invoke(generate_schools, ["--schools", "60", "--boards", "3", str(file)])

    told = await run(desk, file)

    assert (0, 0) == (made.exit_code, told.exit_code)
    assert "  ... en nog 43 (--all toont alles)" in told.stdout.splitlines()


async def test_a_reader_that_stops_early(desk: Path) -> None:
    """Where nobody reads on, as after `| head`, a command ends without a word about it."""
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", "from oso_registry.cli import main; main()"]
    command += ["--desk", str(desk), "--json", "dossier-year", "list"]

    try:
        done = await asyncio.to_thread(
            subprocess.run, command, stdout=writer, stderr=subprocess.PIPE, check=False, timeout=60
        )
    finally:
        os.close(writer)

    assert (1, b"") == (done.returncode, done.stderr)
