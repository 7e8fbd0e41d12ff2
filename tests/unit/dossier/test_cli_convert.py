"""`oso dossier convert`: what is written, what is told, and when nothing is written."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, get_args, get_type_hints

import pytest
from click.testing import CliRunner

from oso.dossier.v1.document_pb2 import TEKSTVORM_BASE64
from oso_dossier import DossierDocument, read_xml, write_xml
from oso_dossier.attachments import describe
from oso_dossier.cli import dossier
from oso_dossier.cli_convert import convert as command
from oso_dossier.documents import documents_of
from oso_dossier.synthetic import generate
from oso_dossier.years import Policy, convert, year_named, year_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Give a dossier of 2019.1 that has something 2018.1.1 has not."""
    document = generate("POVO", 6)
    document.dossier.huidigeschool.leerling.overstapadvies.aandachtspunten = "Geheim en wel"
    path = tmp_path / "in.xml"
    path.write_bytes(write_xml(document))
    return path


def _run(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(dossier, ["convert", *map(str, arguments)])
    return result.exit_code, result.stdout, result.stderr


def test_the_options_are_those_of_the_policy() -> None:
    """Each choice of a policy is an option with the same values and default."""
    options = {one.name: one for one in command.params}
    hints = get_type_hints(Policy)

    for one in fields(Policy):
        assert tuple(options[one.name].type.choices) == get_args(hints[one.name])  # type: ignore[attr-defined]
        assert options[one.name].default == one.default


@pytest.mark.parametrize("to", ["2018.1.1", "2018.1", "2018"])
def test_a_dossier_is_written_and_what_is_lost_is_told(file: Path, to: str) -> None:
    """OUT is the dossier of the year; the report has each place that was lost, and exit code 0."""
    out = file.with_name("out.xml")

    code, told, _ = _run("--to", to, file, out)

    assert code == 0
    assert year_of(read_xml(out).dossier).name == "2018.1.1"
    expected = convert(read_xml(file), year_named("2018.1.1"))
    assert all(one.path in told for one in expected.losses)
    assert f"Niet mee naar 2018.1.1: {len(expected.losses)} waarde(n)" in told
    assert "Geheim en wel" not in told


def test_documents_that_stand_elsewhere_are_told(file: Path) -> None:
    """Who converts reads which documents went to the other documents: others may see them there."""
    message = generate("POVO", 6).dossier
    pupil = message.huidigeschool.leerling
    pupil.ClearField("overigdocumentlijst")
    pupil.ClearField("onderwijsondersteuning")
    needs = pupil.onderwijsondersteuning.toelichting_onderwijsbehoeften.document
    needs.bestandsnaam = "behoeften.docx"
    needs.bestandsinhoud.CopyFrom(describe(b"x", 1, TEKSTVORM_BASE64))
    assert len(documents_of(message)) == 1
    file.write_bytes(write_xml(DossierDocument(message, (b"x",))))

    code, told, _ = _run("--to", "2018", file, file)

    assert code == 0
    assert "Nu bij de overige documenten: 1 document(en)" in told
    assert "Toelichting op de onderwijsbehoeften" in told
    assert "behoeften.docx" not in told


def test_the_report_as_json_has_every_list(file: Path) -> None:
    """`--losses` writes losses, moves and changes for programs."""
    report, out = file.with_name("report.json"), file.with_name("out.xml")

    code, *_ = _run("--to", "2018.1.1", "--losses", report, "--lang", "en", file, out)

    told = json.loads(report.read_bytes())
    expected = convert(read_xml(file), year_named("2018.1.1"))
    assert (code, told["to"]) == (0, "2018.1.1")
    assert [one["path"] for one in told["losses"]] == [one.path for one in expected.losses]
    assert {
        "path": "/dossier[1]/huidigeschool[1]/leerling[1]/overstapadvies[1]/aandachtspunten[1]",
        "reason": "NOT_IN_YEAR",
        "year": "2018.1.1",
        "text": "does not exist in 2018.1.1",
        "instead": "",
    } in told["losses"]
    assert len(told["moves"]) == len(expected.moves)
    assert len(told["changes"]) == len(expected.changes)


def test_no_loss_refuses_and_leaves_out_as_it_was(file: Path) -> None:
    """With `--no-loss` a conversion that loses something writes nothing, and says what it is."""
    out = file.with_name("out.xml")
    out.write_text("as it was")

    code, told, error = _run("--to", "2018.1.1", "--no-loss", file, out)

    assert (code, told, out.read_text()) == (1, "", "as it was")
    assert "aandachtspunten" in error
    assert "--no-loss" in error


def test_no_loss_writes_where_nothing_is_lost(file: Path) -> None:
    """With `--no-loss` a conversion that loses nothing is written."""
    first, second = file.with_name("2018.xml"), file.with_name("2017.xml")
    _run("--to", "2018", file, first)

    code, *_ = _run("--to", "2018.1.1", "--no-loss", first, second)

    assert (code, second.read_bytes()) == (0, first.read_bytes())


def test_out_may_be_the_file_itself(file: Path) -> None:
    """A file can be replaced by its own conversion in one step."""
    code, *_ = _run("--to", "2018.1.1", file, file)

    assert (code, year_of(read_xml(file).dossier).name) == (0, "2018.1.1")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--to", "2031.1"), 2, "2016.1, 2017.1.2, 2018.1.1, 2019.1"),
        (("--to", "20"), 2, "2016.1, 2017.1.2, 2018.1.1, 2019.1"),
        (("--to", "2018.1.1", "--opp", "both"), 2, "latest"),
        ((), 2, "--to"),
    ],
)
def test_wrong_arguments_are_told(
    file: Path, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """A year or choice that is none is refused with what there is; nothing is written."""
    out = file.with_name("out.xml")

    found, _, error = _run(*arguments, file, out)

    assert (found, out.exists()) == (code, False)
    assert says in error


@pytest.mark.parametrize("place", ["in.xml", "out.xml", "../{}/in.xml"])
def test_the_report_never_takes_the_place_of_a_dossier(file: Path, place: str) -> None:
    """A report that would overwrite SOURCE or OUT is refused; nothing is written."""
    before, out = file.read_bytes(), file.with_name("out.xml")
    report = file.parent / place.format(file.parent.name)

    code, _, error = _run("--to", "2018.1.1", "--losses", report, file, out)

    assert (code, file.read_bytes(), out.exists()) == (2, before, False)
    assert "--losses" in error


def test_a_file_that_is_no_dossier_is_refused(tmp_path: Path) -> None:
    """A file that is no dossier ends with exit code 2 and a sentence; nothing is written."""
    wrong, out = tmp_path / "x.xml", tmp_path / "out.xml"
    wrong.write_bytes(b"<a/>")

    code, _, error = _run("--to", "2018.1.1", wrong, out)

    assert (code, out.exists()) == (2, False)
    assert "Dit is geen dossier van" in error


def test_a_dossier_without_a_counterpart_is_refused(file: Path) -> None:
    """A swv file cannot go to 2016.1: exit code 1, with the place that has no counterpart."""
    document = read_xml(file)
    document.dossier.overdrachtsoort = "swv-dossier"
    file.write_bytes(write_xml(document))
    out = file.with_name("out.xml")

    code, _, error = _run("--to", "2016.1", file, out)

    assert (code, out.exists()) == (1, False)
    assert "/dossier[1]/overdrachtsoort[1]" in error


def test_a_place_that_cannot_be_written_is_told(file: Path) -> None:
    """Where OUT cannot be written, a sentence says so and the exit code is 1."""
    code, _, error = _run("--to", "2018.1.1", file, file / "below" / "out.xml")

    assert code == 1
    assert "Traceback" not in error


@pytest.mark.parametrize("year", ["2016.1", "2017.1.2", "2018.1.1"])
def test_show_and_normalize_know_every_year(file: Path, year: str) -> None:
    """A dossier of an older year is shown with its own categories, and stays of that year."""
    _run("--to", year, file, file)
    before = file.read_bytes()

    shown = CliRunner().invoke(dossier, ["show", str(file)])
    normalized = CliRunner().invoke(dossier, ["normalize", str(file), str(file)])

    assert (shown.exit_code, normalized.exit_code) == (0, 0)
    assert "zorgenbegeleiding" in shown.stdout
    assert file.read_bytes() == before
