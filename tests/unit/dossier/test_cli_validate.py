"""`oso dossier validate` and `explain`: what is told of files, good, wrong and unreadable."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from oso_dossier import DEFAULT_LIMIT, read_xml, write_xml
from oso_dossier.cli import dossier
from oso_dossier.rules import RULES, validate
from oso_dossier.synthetic import generate

ROOT = Path(__file__).parents[3]
GOOD = write_xml(generate("POVO", 1))
WRONG_CODE = re.sub(rb"<overstap>POVO<", b"<overstap>POXX<", GOOD)
NO_STRUCTURE = re.sub(rb"<brincode>[^<]*</brincode>", b"<brincode>x</brincode>", GOOD, count=1)
NO_XML = b"<dossier>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder with a good, a wrong, a misbuilt and an unreadable file, in that order."""
    contents = {"a": GOOD, "b": WRONG_CODE, "c": NO_STRUCTURE, "d": NO_XML}
    for name, content in contents.items():
        (tmp_path / f"{name}.xml").write_bytes(content)
    return tmp_path


def _run(*arguments: object, stdin: bytes = b"") -> tuple[int, str, str]:
    result = CliRunner().invoke(dossier, ["validate", *map(str, arguments)], input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result.exit_code, result.stdout, result.stderr


def _json(*arguments: object, stdin: bytes = b"") -> tuple[int, list[dict[str, Any]]]:
    code, out, _ = _run("--json", *arguments, stdin=stdin)
    return code, [json.loads(line) for line in out.splitlines()]


def test_a_good_dossier_is_told_on_one_line(folder: Path) -> None:
    """Without errors there is one line with file, verdict and profile, and exit code 0."""
    assert _run(folder / "a.xml") == (0, f"{folder / 'a.xml'}: GOED, profiel POVO\n", "")


def test_a_finding_says_what_where_and_what_to_do(folder: Path) -> None:
    """A wrong code is told with rule, message, remedy and place, in the language asked."""
    rule = RULES["CL.16"]
    for language, head in (("nl", "FOUT, profiel POXX: "), ("en", "WRONG, profile POXX: ")):
        code, out, _ = _run("--lang", language, folder / "b.xml")

        assert code == 1
        assert out.startswith(f"{folder / 'b.xml'}: {head}")
        assert f"  CL.16  {rule.message.in_language(language)}\n" in out
        assert f": {rule.hint.in_language(language)}\n" in out
        assert "(/dossier[1]/metadata[1]/overstap[1])\n" in out
    assert "POXX\n" not in out.partition("\n")[2]  # no value of the dossier but its profile


def test_places_of_one_rule_stand_together(tmp_path: Path) -> None:
    """A rule broken in many places is explained once, with all its places below."""
    file = tmp_path / "x.xml"
    file.write_bytes(re.sub(rb"<jaargroep>[^<]*<", b"<jaargroep>??<", GOOD))
    places = [one for one in validate(read_xml(file).dossier).findings if one.rule.id == "CL.13"]

    _, out, _ = _run(file)

    assert len(places) > 1
    assert out.count("  CL.13  ") == 1
    assert all(f"({one.location})\n" in out for one in places)


def test_structure_is_told_with_lines(folder: Path) -> None:
    """What is not built as the standard says is told with line and path; rules are not tried."""
    code, out, _ = _run(folder / "c.xml")

    assert code == 1
    assert re.search(r"regel \d+: /dossier\[1\]/huidigeschool\[1\]/brincode\[1\]: waarde", out)
    assert "leverancier" in out


def test_json_is_one_line_for_each_file(folder: Path) -> None:
    """Each readable file has exactly the four keys, with those of its findings."""
    code, lines = _json(folder / "a.xml", folder / "b.xml", folder / "c.xml")

    good, wrong, misbuilt = lines
    assert code == 1
    assert good == {
        "file": str(folder / "a.xml"),
        "structure": [],
        "profile": "POVO",
        "findings": [],
    }
    assert wrong["findings"][0] == {
        "rule": "CL.16",
        "severity": "error",
        "location": "/dossier[1]/metadata[1]/overstap[1]",
        "message": RULES["CL.16"].message.nl,
    }
    assert misbuilt["findings"] == []
    assert {"path", "line", "message"} == misbuilt["structure"][0].keys()
    assert "/dossier[1]/huidigeschool[1]/brincode[1]" == misbuilt["structure"][0]["path"]
    assert misbuilt["structure"][0]["line"] > 1


def test_an_unreadable_file_cannot_be_taken_for_a_good_one(folder: Path) -> None:
    """In JSON it has no findings that could be empty: only its name and why it is unreadable."""
    code, lines = _json(folder / "d.xml")

    assert code == 2
    assert [{"file", "unreadable"}] == [one.keys() for one in lines]


def test_the_worst_file_decides_and_all_are_done(folder: Path) -> None:
    """One unreadable file makes exit code 2; those after it are told all the same."""
    code, lines = _json(folder / "d.xml", folder / "none.xml", folder / "b.xml", folder / "a.xml")

    assert code == 2
    assert ["d", "none", "b", "a"] == [Path(one["file"]).stem for one in lines]
    assert ["unreadable" in one for one in lines] == [True, True, False, False]


def test_a_folder_means_the_xml_files_below_it(folder: Path) -> None:
    """All *.xml files below a folder are checked, sorted, and nothing else; a total ends it."""
    (folder / "below").mkdir()
    (folder / "below" / "E.XML").write_bytes(GOOD)
    (folder / "notes.txt").write_bytes(b"no dossier")

    code, lines = _json(folder)
    _, told, _ = _run(folder)

    assert code == 2
    assert ["a.xml", "b.xml", "c.xml", "d.xml", "E.XML"] == [
        Path(one["file"]).name for one in lines
    ]
    assert told.endswith("\n5 bestanden: 2 goed, 2 met fouten, 1 onleesbaar\n")


def test_a_folder_without_dossiers_is_not_good(tmp_path: Path) -> None:
    """A folder in which nothing was checked is told as unreadable: silence would look like good."""
    code, out, _ = _run(tmp_path)

    assert code == 2
    assert out.startswith(f"{tmp_path}: ONLEESBAAR\n")


def test_standard_input_stands_in_its_place(folder: Path) -> None:
    """`-` is standard input, told where it stands among the files."""
    names = [str(folder / "a.xml"), str(folder / "a.xml"), "-", str(folder / "b.xml")]

    code, lines = _json("--jobs", 1, *names, stdin=NO_STRUCTURE)

    assert code == 1
    assert names == [one["file"] for one in lines]
    assert [0, 0, 1, 0] == [len(one["structure"]) for one in lines]


def test_a_name_commands_no_terminal(tmp_path: Path) -> None:
    """Names with escape sequences, or that are no text, are printed harmless; JSON keeps them."""
    strange = [tmp_path / "a\x1b]0;x\x07\u202e.xml", tmp_path / os.fsdecode(b"b\xff\n.xml")]
    for one in strange:
        one.write_bytes(NO_XML)

    _, out, _ = _run(*strange)
    _, lines = _json(*strange)

    assert not re.search("[\x1b\x07\u202e\udcff]", out)
    assert 4 + 1 == len(out.splitlines())
    assert [str(one) for one in strange] == [one["file"] for one in lines]


def test_a_tag_commands_no_terminal(tmp_path: Path) -> None:
    """What a hostile file is called inside does not reach the terminal as it is."""
    file = tmp_path / "x.xml"
    file.write_text('<x:a xmlns:x="&#x1b;[31m&#x9b;31m"/>', encoding="utf-8")
    file.write_text('<x:a xmlns:x="\x9b31m\u202e"/>', encoding="utf-8")

    code, out, _ = _run(file)

    assert code == 2
    assert not re.search("[\x1b\x9b\u202e]", out)


def test_a_file_is_read_no_further_than_the_limit(folder: Path) -> None:
    """A file without end is refused at the limit, from a path and from standard input."""
    for arguments, stdin in ((["/dev/zero"], b""), (["-"], b" " * (DEFAULT_LIMIT + 2))):
        code, lines = _json(*arguments, folder / "a.xml", stdin=stdin)

        assert code == 2
        assert "64 MiB" in lines[0]["unreadable"]
        assert lines[1]["findings"] == []


def test_a_profile_can_be_asked_for(folder: Path) -> None:
    """A dossier is checked as the profile asked for, in small letters too."""
    code, lines = _json("--profile", "poswv", folder / "a.xml")

    assert ("POSWV", code) == (lines[0]["profile"], 1)
    assert lines[0]["findings"]


def test_warnings_are_told_only_when_asked_and_are_no_errors(folder: Path) -> None:
    """Warnings are marked as such and leave exit code 0."""
    file = folder / "a.xml"
    file.write_bytes(re.sub(rb"<naamdirecteur>", b"<naamdirecteur>", GOOD))
    expected = [
        one.rule.id
        for one in validate(read_xml(file).dossier, warnings=True, attachments=()).findings
    ]

    plain, asked = _json(file), _json("--warnings", file)

    assert plain == (0, [{**asked[1][0], "findings": []}])
    assert 0 == asked[0]
    assert set(expected) >= {one["rule"] for one in asked[1][0]["findings"]}
    assert {"warning"} >= {one["severity"] for one in asked[1][0]["findings"]}


def test_tests_are_looked_up_in_a_table(folder: Path) -> None:
    """With a table of test codes, tests that are not in it are warned of; those in it are not."""
    found = re.findall(r"<eld[a-z]+code>([^<]+)<", GOOD.decode())
    table = folder / "codes.txt"
    warned = []
    for codes in (found, ["none"]):
        table.write_text("\n".join([*codes, "", ""]), encoding="utf-8")
        code, lines = _json("--warnings", "--test-codes", table, folder / "a.xml")
        assert code == 0
        warned.append(len([one for one in lines[0]["findings"] if "OSO.TST" in one["rule"]]))

    assert found
    assert [0, len(found)] == warned


def test_our_own_mistake_with_one_file_does_not_stop_the_rest(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception nobody foresaw becomes a verdict that names its kind, and no value."""

    def fail(*_: object, **__: object) -> None:
        raise KeyError("Anna")

    monkeypatch.setattr("oso_dossier.verdict.validate", fail)

    code, lines = _json(folder / "a.xml", folder / "d.xml")

    assert (2, 2) == (code, len(lines))
    assert "KeyError" in lines[0]["unreadable"]
    assert "Anna" not in lines[0]["unreadable"]


@pytest.mark.parametrize(
    "arguments", [[], ["--jobs", "0", "x"], ["--profile", "X", "x"], ["--lang", "fr", "x"]]
)
def test_a_wrong_command_line_is_exit_code_2(arguments: list[str]) -> None:
    """No file, no processes, an unknown profile or language: told, and nothing is checked."""
    code, out, err = _run(*arguments)

    assert (2, "") == (code, out)
    assert "Usage:" in err


def test_explain_tells_a_rule_in_any_case() -> None:
    """`explain` prints message, condition, remedy and source; the case of the id does not count."""
    for language in ("nl", "en"):
        result = CliRunner().invoke(dossier, ["explain", "cl.16", "--lang", language])

        rule = RULES["CL.16"]
        texts = [one.in_language(language) for one in (rule.message, rule.condition, rule.hint)]
        assert result.exit_code == 0
        assert all(text in result.output for text in [*texts, rule.source, "CL.16"])


def test_explain_offers_what_was_perhaps_meant() -> None:
    """An unknown rule is exit code 2, with the ids that look like it."""
    result = CliRunner().invoke(dossier, ["explain", "OVa.LL1\x1b"])

    assert result.exit_code == 2
    assert "OVa.LL1" in result.output
    assert "\x1b" not in result.output
