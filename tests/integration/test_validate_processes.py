"""`oso dossier validate` with many processes, pipes and terminals."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oso_dossier import many_files as many
from oso_dossier import write_xml
from oso_dossier.cli import dossier
from oso_dossier.synthetic import generate
from oso_dossier.verdict import Question, Verdict, verdict

ROOT = Path(__file__).parents[2]
GOOD = write_xml(generate("POVO", 1))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a good, a wrong, a misbuilt and an unreadable file, in that order."""
    wrong = re.sub(rb"<overstap>POVO<", b"<overstap>POXX<", GOOD)
    misbuilt = re.sub(rb"<brincode>[^<]*<", b"<brincode>x<", GOOD)
    for name, content in zip("abcd", (GOOD, wrong, misbuilt, b"<dossier>"), strict=True):
        (tmp_path / f"{name}.xml").write_bytes(content)
    return tmp_path


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_tell_in_the_order_of_the_arguments(
    folder: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However processes are started, many files give what one process gives, in their order."""
    if method == "fork" and many._start_method() != "fork":
        pytest.skip("a process with threads is not forked")
    monkeypatch.setattr(many, "_start_method", lambda: method)
    names = [str(folder / f"{letter}.xml") for letter in "abcdabca" * 5]
    question = Question(as_json=True)
    stdin = io.BytesIO()

    told: list[Verdict] = list(many.verdicts(names, question, stdin, 2))

    assert [verdict(name, question) for name in names] == told


def _oso(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    program = "import sys; from oso_dossier.cli import dossier; dossier(sys.argv[1:])"
    rooms = [ROOT / "clients/python", *sys.path]
    return subprocess.Popen(
        [sys.executable, "-c", program, "validate", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, rooms))},
        **options,
    )


def test_a_reader_that_goes_away_is_no_complaint(folder: Path) -> None:
    """`oso dossier validate ... | head -1` ends quietly, without waiting for all files."""
    with _oso(
        "--jobs", "2", *[str(folder / "c.xml")] * 2000,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stderr is not None
        assert b"c.xml: FOUT" in process.stdout.readline()
        process.stdout.close()

        assert b"" == process.stderr.read()


def test_a_bar_is_shown_on_a_terminal_only(folder: Path) -> None:
    """Standard error has a progress bar where it is a terminal, and nothing where it is not."""
    files = [str(folder / "a.xml")] * 3
    leader, follower = os.openpty()
    with _oso(*files, stdout=subprocess.PIPE, stderr=follower) as process:
        out = process.stdout.read() if process.stdout else b""
    os.close(follower)
    seen = os.read(leader, 65536)
    os.close(leader)

    assert b"Nakijken" in seen
    assert 3 == out.count(b": GOED")
    assert b"\x1b" not in out
    with _oso(*files, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert b"" == process.communicate()[1]


def _json(*arguments: object, stdin: bytes = b"") -> tuple[int, list[dict[str, Any]]]:
    given = ["validate", "--json", *map(str, arguments)]
    result = CliRunner().invoke(dossier, given, input=stdin)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_standard_input_stands_in_its_place(folder: Path) -> None:
    """Many processes leave standard input to this one, and tell it where it stands."""
    names = [str(folder / "a.xml"), str(folder / "a.xml"), "-", str(folder / "b.xml")]

    code, lines = _json("--jobs", 2, *names, stdin=(folder / "c.xml").read_bytes())

    assert code == 1
    assert names == [one["file"] for one in lines]
    assert [False, False, True, False] == [bool(one["structure"]) for one in lines]


def test_a_pipe_can_be_checked(folder: Path) -> None:
    """What can be read only once, and only by this process, is checked too."""
    reader, writer = os.pipe()
    with open(writer, "wb") as file:  # noqa: PTH123  a descriptor
        file.write(GOOD[:30000])  # less than a pipe holds
    try:
        code, lines = _json("--jobs", 2, folder / "a.xml", f"/dev/fd/{reader}", folder / "a.xml")
    finally:
        os.close(reader)

    assert [False, len(GOOD) > 30000, False] == ["unreadable" in one for one in lines]
    assert code == (2 if len(GOOD) > 30000 else 0)
