"""`oso-registry dossier-year|test-codes` at a desk, against an OfficeHeart that runs."""

from __future__ import annotations

import asyncio
import hashlib
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from oso_dossier.code_table import read_table, write_table
from oso_registry.app import opened, running
from oso_registry.cli import main
from oso_registry.founding import DESK
from oso_registry.settings import SETTINGS_FILE, Settings
from oso_registry.standard.exchange import export_codes
from oso_registry.standard.initial import read_first_release

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from click.testing import Result

_CURRENT = "testCodeReleases/current"


async def run(*arguments: object, input_: str = "") -> Result:
    """Give a command; in a thread, for it has an event loop of its own."""
    return await asyncio.to_thread(
        CliRunner().invoke, main, [str(one) for one in arguments], input=input_
    )


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Path]:
    """Found an OfficeHeart as its administrator does, and run it."""
    made = tmp_path / "officeheart"
    await _found(made)
    async with _running(made):
        yield made


async def _found(home: Path, database: str = "") -> None:
    done = await run(
        *("init", "--demo", "--home", home, "--database", database),
        *("--listen", "127.0.0.1:0", "--listen-enrolment", "127.0.0.1:0"),
    )
    assert 0 == done.exit_code, done.output


@asynccontextmanager
async def _running(home: Path) -> AsyncIterator[None]:
    async with running(home, Settings.load(home / SETTINGS_FILE)) as (_, server):
        address = f'office_heart = "127.0.0.1:{server.port}"\n'
        (home / DESK / "desk.toml").write_text(address, encoding="utf-8")
        yield


def _at(home: Path) -> Callable[..., Any]:
    async def give(*arguments: object, language: str = "nl", input_: str = "") -> Result:
        return await run("--desk", home / DESK, "--lang", language, *arguments, input_=input_)

    return give


async def test_a_year_from_its_announcement_to_the_end_of_another(home: Path) -> None:
    """What is told of each step, and why one is refused."""
    give = _at(home)
    told = [
        await give("dossier-year", *words.split())
        for words in (
            "list",
            "add 2090.1 --from 2090-08-01",
            "change 2019.1 --until 2090-08-01T12:00",
            "change 2090.1 --until 2091-08-01",
            "change 2090.1 --no-end",
            "change 2019.1 --until 2019-09-01",
            "list",
            "remove 2090.1",
            "change 2019.1 --no-end",
            "remove 2090.1",
            "change 2019.1 --no-end --until 2090-01-01",
        )
    ]

    first = "2019.1  2019-08-01 00:00 UTC /"
    assert [
        (0, f"{first} -\n"),
        (0, "2090.1  2090-08-01 00:00 UTC / -\n"),
        (0, f"{first} 2090-08-01 12:00 UTC\n"),
        (
            1,
            (
                "Error: Dan wordt vanaf 2091-08-01 00:00 UTC geen enkel jaar van de standaard meer "
                "geaccepteerd. Laat eerst een ander jaar toe.\n"
            ),
        ),
        (0, "2090.1  2090-08-01 00:00 UTC / -\n"),
        (
            1,
            (
                "Error: Wat voorbij is, verandert niet meer (end_time: 2019-09-01 00:00 UTC). "
                "Kies een moment vanaf nu.\n"
            ),
        ),
        (0, f"{first} 2090-08-01 12:00 UTC\n2090.1  2090-08-01 00:00 UTC / -\n"),
        (
            1,
            (
                "Error: Dan wordt vanaf 2090-08-01 12:00 UTC geen enkel jaar van de standaard meer "
                "geaccepteerd. Laat eerst een ander jaar toe.\n"
            ),
        ),
        (0, f"{first} -\n"),
        (0, "2090.1 is weggehaald.\n"),
    ] == [(one.exit_code, one.output) for one in told[:-1]]
    assert 2 == told[-1].exit_code


async def test_a_release_is_made_from_a_file(home: Path, tmp_path: Path) -> None:
    """Exported, changed, tried, taken in, looked at, published; and exported as it was taken in."""
    give = _at(home)
    await give("test-codes", "export", "--out", tmp_path / "was.csv")
    entries = [
        replace(one, end=date(2090, 8, 1)) if one.code == "DREM8" else one
        for one in read_table((tmp_path / "was.csv").read_bytes())
    ]
    entries.append(replace(entries[0], code="NIEUW-1", name="Nieuwe toets"))
    file = tmp_path / "new.csv"
    file.write_bytes(write_table(entries))
    wrong = tmp_path / "wrong.csv"
    wrong.write_bytes(file.read_bytes().replace(b"2090-08-01", b"1-8-2090"))

    told = [
        await give("test-codes", *words)
        for words in (
            ("import", file),
            ("begin", "--note", "Een toets erbij"),
            ("import", wrong),
            ("import", "--dry-run", file),
            ("import", file),
            ("compare", "current", "draft"),
            ("publish", "--yes"),
            ("history",),
            ("export", "--release", "2", "--out", tmp_path / "now.csv"),
            ("export", "--out", tmp_path / "now.csv"),
        )
    ]

    differences = (
        "DREM8  afgelopen\n    Geldig tot: - -> 2090-08-01\nNIEUW-1  nieuw\n1 afgelopen, 1 nieuw\n"
    )
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert [
        (1, "Error: Er is geen concept. Begin er een: oso-registry test-codes begin\n"),
        (0, "0002  concept  175 codes  -  Een toets erbij\n"),
        (
            1,
            (
                "regel 18, kolom Geldig tot: Dit is geen datum zoals 2019-08-01.\n"
                "Error: Fouten in het bestand: 1. Er is niets gewijzigd.\n"
            ),
        ),
        (0, f"{differences}Proef: er is niets gewijzigd.\n"),
        (0, f"{differences}Overgenomen in het concept.\n"),
        (0, differences),
    ] == [(one.exit_code, one.output) for one in told[:6]]
    assert [0, 0, 0, 1] == [one.exit_code for one in told[6:]]
    assert told[7].output.startswith("0002  gepubliceerd  176 codes  20")
    assert "\n0001  vervangen  175 codes  20" in told[7].output
    assert f"176 codes van 0002 staan in {tmp_path / 'now.csv'}.\nSHA-256 {digest}\n" == (
        told[8].output
    )
    assert "now.csv is er al.\n" in told[9].output
    assert file.read_bytes() == (tmp_path / "now.csv").read_bytes()
    assert read_first_release() == (tmp_path / "was.csv").read_bytes()


async def test_a_draft_is_worked_on_by_hand(home: Path) -> None:
    """Code by code, in English; nothing is published before somebody said yes."""
    give = _at(home)
    told = [
        await give("test-codes", *words, language="en", input_=answer)
        for words, answer in (
            (("begin",), ""),
            (
                (
                    *("add", "REK26", "--name", "Rekenen", "--subject", "Rekenen", "--publisher"),
                    *("Uitgever", "--scale", "IV", "--from", "2026-08-01"),
                ),
                "",
            ),
            (("change", "REK26", "--part", "--no-scales", "--until", "2090-01-01"), ""),
            (("change", "REK26", "--no-part", "--no-end", "--name", "=x"), ""),
            (("list", "--release", "draft", "--text", "rek26"), ""),
            (("show", "REK26"), ""),
            (("note", "A test more"), ""),
            (("publish",), "n\n"),
            (("remove", "REK26"), ""),
            (("publish", "--yes"), ""),
            (("discard",), "Yes\n"),
            (("discard", "--yes"), ""),
            (("show", "DREM8"), ""),
        )
    ]
    line = "REK26  Rekenen  Rekenen  Uitgever  -"

    assert [
        (0, "0002  draft  175 codes  -\n"),
        (0, f"{line}  nee  IV  2026-08-01  -\n"),
        (0, f"{line}  ja  -  2026-08-01  2090-01-01\n"),
        (0, f"{line}  ja  -  2026-08-01  2090-01-01\n"),
        (1, "Error: testCodeReleases/0001/testCodes/REK26 is not known.\n"),
        (0, "0002  draft  176 codes  -  A test more\n"),
        (
            1,
            "0002  draft  176 codes  -  A test more\n1 new\nAre you sure? [y/N]: n\nAborted!\n",
        ),
        (0, "REK26 was removed.\n"),
        (
            1,
            (
                "Error: The codes of testCodeReleases/0002 are those of testCodeReleases/0001; "
                "there is nothing to publish.\n"
            ),
        ),
        (
            0,
            (
                "0002  draft  175 codes  -  A test more\nAre you sure? [y/N]: Yes\n"
                "Draft 0002 was thrown away.\n"
            ),
        ),
        (1, "Error: There is no draft. Begin one: oso-registry test-codes begin\n"),
        (
            0,
            (
                "DREM8  Drempeltoets groep 8  Taal en rekenen  Uitgeverij De Drempel  -  nee  "
                "DLE|Percentiel  2008-08-01  -\n"
            ),
        ),
    ] == [(one.exit_code, one.output) for one in told[:3] + told[4:]]
    assert 1 == told[3].exit_code
    assert "test_code.display_name" in told[3].output


async def test_what_a_program_reads(home: Path, tmp_path: Path) -> None:
    """With --json an answer of the contract; an export to standard output is the file alone."""
    give = _at(home)
    year = await give("--json", "dossier-year", "list")
    release = await give("--json", "test-codes", "history")
    printed = await give("test-codes", "export", "--out", "-")
    big = tmp_path / "big.csv"
    big.write_bytes(b"x" * (2 * 1024 * 1024 + 1))
    refused = await give("test-codes", "import", big)

    assert "dossierYears/2019.1" == json.loads(year.output)["name"]
    assert 175 == json.loads(release.output)["code_count"]
    assert read_first_release() == printed.stdout_bytes
    assert (1, f"Error: {big} is groter dan 2 MiB.\n") == (refused.exit_code, refused.output)


async def test_a_release_outlives_a_restore(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """The file of every release comes out of a backup byte for byte, also in another database."""
    await _found(tmp_path / "old", new_database())
    saved = await run("backup", "--home", tmp_path / "old", "--out", tmp_path / "saved.tar")
    restored = await run(
        *("restore", "--home", tmp_path / "new", "--database", new_database()),
        tmp_path / "saved.tar",
    )

    new = tmp_path / "new"
    async with opened(new, Settings.load(new / SETTINGS_FILE)) as office:
        told = await office.act(lambda tx: export_codes(tx, _CURRENT))

    assert (0, 0) == (saved.exit_code, restored.exit_code)
    assert read_first_release() == told.content
