"""Dossiers as files: the commands, and what is left behind when something fails."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from oso_dossier import canonical, write_xml
from oso_dossier.cli import dossier
from oso_dossier.files import write_new, write_whole
from oso_dossier.synthetic import generate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a dossier in a form that is not ours: on one line, with an unusual spelling."""
    xml = write_xml(generate("POVO", 7)).replace(b">\n", b">")
    path = tmp_path / "in.xml"
    path.write_bytes(xml.replace(b"<inzage>true<", b"<inzage> 1 <"))
    return path


def _run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(dossier, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


def test_normalize_writes_the_same_dossier_in_our_form(file: Path) -> None:
    """What is written is canonically equal to what was read, and only its owner can read it."""
    out = file.with_name("out.xml")

    code, _ = _run("normalize", str(file), str(out))

    assert code == 0
    assert canonical(out.read_bytes()) == canonical(file.read_bytes())
    assert stat.S_IMODE(out.stat().st_mode) == 0o600


def test_normalize_may_replace_its_own_input(file: Path) -> None:
    """The output may be the input: it is replaced as a whole."""
    before = canonical(file.read_bytes())

    code, _ = _run("normalize", str(file), str(file))

    assert code == 0
    assert canonical(file.read_bytes()) == before
    assert [file] == list(file.parent.iterdir())


def test_normalize_leaves_what_is_there_when_the_input_is_broken(file: Path) -> None:
    """A file that is no dossier is never written over anything, itself included."""
    broken = file.read_bytes()[:-20]
    file.write_bytes(broken)

    code, output = _run("normalize", str(file), str(file))

    assert code == 2
    assert "geen goede XML" in output
    assert file.read_bytes() == broken
    assert [file] == list(file.parent.iterdir())


def test_show_gives_an_outline_without_secrets(file: Path) -> None:
    """An outline names pupil, school, categories and attachments; no number, address or phone."""
    pupil = generate("POVO", 7).dossier.huidigeschool.leerling

    code, output = _run("show", str(file))

    assert code == 0
    for shown in (pupil.achternaam, "toetsresultaten", "handelingsplannen", "bijlage 2"):
        assert shown in output
    address = pupil.adreslijst.adres[0]
    hidden = [pupil.bsn, address.straat, address.postcode]
    hidden += [one.nummer for one in pupil.communicatielijst]
    assert [one for one in hidden if one in output] == []


def test_show_cannot_be_made_to_command_the_terminal(file: Path) -> None:
    """A control character in a dossier is shown as a question mark, wherever it stands."""
    hostile = "\u009b31m".encode()
    xml = file.read_bytes()
    for place in (b"<overdrachtsoort>", b"<achternaam>", b"<bestandsnaam>", b"<pakketnaam>"):
        assert place in xml
        xml = xml.replace(place, place + hostile, 1)
    file.write_bytes(xml)

    code, output = _run("show", str(file))

    assert code == 0
    assert "\u009b" not in output
    assert output.count("?31m") == 4


def test_a_file_that_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    """When the blocks of a file stop coming, the old file is there and no half one."""

    def blocks() -> Iterator[bytes]:
        yield b"half"
        raise KeyError

    path = tmp_path / "file"
    path.write_bytes(b"old")

    with pytest.raises(KeyError):
        write_whole(path, blocks())

    assert path.read_bytes() == b"old"
    assert [path] == list(tmp_path.iterdir())


def test_a_new_file_never_takes_the_place_of_another(tmp_path: Path) -> None:
    """What is there already stays, and the caller is told."""
    path = tmp_path / "file"
    write_new(path, iter([b"fi", b"rst"]))

    with pytest.raises(FileExistsError):
        write_new(path, b"second")

    assert path.read_bytes() == b"first"
    assert [path] == list(tmp_path.iterdir())
