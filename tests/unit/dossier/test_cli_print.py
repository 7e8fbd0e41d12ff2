"""`oso dossier print` writes the printout whole, or says why not."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from oso_dossier import write_xml
from oso_dossier.cli import dossier
from oso_dossier.synthetic import generate

if TYPE_CHECKING:
    from click.testing import Result

_ROOT = Path(__file__).parents[3]


def _print(*arguments: object) -> Result:
    return CliRunner().invoke(dossier, ["print", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A dossier as XML."""
    path = tmp_path / "dossier.xml"
    path.write_bytes(write_xml(generate("POVO", 1)))
    return path


@pytest.mark.parametrize(
    ("name", "options", "head"),
    [
        ("uit.pdf", [], b"%PDF-"),
        ("uit.html", [], b"<!DOCTYPE html>"),
        ("uit.HTM", [], b"<!DOCTYPE html>"),
        ("uit", ["--html"], b"<!DOCTYPE html>"),
        ("uit.pdf", ["--html"], b"<!DOCTYPE html>"),
        ("uit", ["--lang", "en"], b"%PDF-"),
    ],
)
def test_the_form_follows_the_name_or_the_option(
    file: Path, name: str, options: list[str], head: bytes
) -> None:
    """PDF unless the name or --html says a web page; only the owner can read it."""
    out = file.with_name(name)

    done = _print(file, "--out", out, *options)

    assert 0 == done.exit_code, done.output
    assert f"{out}: {out.stat().st_size} bytes\n" == done.output
    assert out.read_bytes().startswith(head)
    assert 0o600 == out.stat().st_mode & 0o777


def test_a_file_that_is_no_dossier_leaves_the_old_printout(tmp_path: Path) -> None:
    """Exit code 2, a sentence, and what was there is as it was."""
    wrong, out = tmp_path / "x.xml", tmp_path / "uit.pdf"
    wrong.write_bytes(b"<a>")
    out.write_bytes(b"old")

    done = _print(wrong, "--out", out)

    assert 2 == done.exit_code
    assert done.output.startswith(f"{wrong}: ")
    assert b"old" == out.read_bytes()


@pytest.mark.parametrize("link", [False, True])
def test_a_dossier_is_never_replaced_by_its_printout(
    file: Path,
    link: bool,  # noqa: FBT001  pytest gives it by name
) -> None:
    """OUT that is FILE, by whatever name, would cost the dossier: it is refused."""
    before = file.read_bytes()
    out = file
    if link:
        out = file.with_name("link.pdf")
        out.symlink_to(file)

    done = _print(file, "--out", out)

    assert 1 == done.exit_code
    assert "dit is het dossier zelf" in done.output
    assert before == file.read_bytes()


def test_a_folder_that_is_not_there_is_told(file: Path) -> None:
    """No trace of Python: one line with the place."""
    done = _print(file, "--out", file.parent / "nergens" / "uit.pdf")

    assert 1 == done.exit_code
    assert "nergens" in done.output
    assert "Traceback" not in done.output


def test_typst_is_not_imported_before_the_first_print() -> None:
    """Who reads or checks dossiers does not wait for the printing press."""
    program = (
        "import sys, oso_dossier, oso_dossier.cli, oso_dossier.printing;"
        "print(sorted({'typst', 'jinja2', 'PIL', 'lxml.html'} & sys.modules.keys()))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(_ROOT / "clients" / "python")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert "[]" == done.stdout.strip()


@pytest.mark.slow
def test_the_wheel_holds_template_and_style(tmp_path: Path) -> None:
    """Installed from a wheel, printing has all it needs."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=_ROOT,
        capture_output=True,
        check=True,
    )

    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {
        "oso_dossier/printing/dossier.typ",
        "oso_dossier/printing/dossier.css",
    } <= names
