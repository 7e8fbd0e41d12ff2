"""What is told of one file: a report for people, or a line of JSON for programs."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oso_dossier.data_set import UNSAID, year_of
from oso_dossier.errors import DossierXmlError, StructureError
from oso_dossier.place_words import in_words
from oso_dossier.reading import read_xml
from oso_dossier.rules import Report, Severity, validate
from oso_dossier.rules.rule import FILE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from oso_dossier.data_set import Year
    from oso_dossier.rules import Finding

_SAID = {
    "nl": {
        "good": "{}: GOED{}{}",
        "refused": "{}: FOUT{}: {}{}",
        "unreadable": "{}: ONLEESBAAR",
        "profile": ", profiel {}",
        "error": ("1 fout", "{} fouten"),
        "warning": ("1 waarschuwing", "{} waarschuwingen"),
        "structure": "Het bestand is niet opgebouwd zoals de standaard zegt. De andere regels zijn "
        "daarom nog niet nagekeken.",
        "structure_hint": "Meld dit bij de leverancier van het systeem dat het bestand maakte.",
        "line": "regel {}: {}",
        "more": "... en nog {}",
        "hint": "Wat te doen",
        "where": "Waar",
        "file": "het hele bestand",
        "mark": "let op: ",
        "missing": "Dit bestand bestaat niet.",
        "forbidden": "Dit bestand mag hier niet gelezen worden.",
        "folder": "Dit is een map waarin geen bestand te vinden is dat op .xml eindigt.",
        "system": "Dit bestand kan niet gelezen worden ({}).",
        "broken": "Bij het nakijken van dit bestand ging in dit programma iets mis ({}). Meld dit.",
    },
    "en": {
        "good": "{}: GOOD{}{}",
        "refused": "{}: WRONG{}: {}{}",
        "unreadable": "{}: UNREADABLE",
        "profile": ", profile {}",
        "error": ("1 error", "{} errors"),
        "warning": ("1 warning", "{} warnings"),
        "structure": "The file is not built as the standard says. The other rules were therefore "
        "not checked yet.",
        "structure_hint": "Report this to the supplier of the system that made the file.",
        "line": "line {}: {}",
        "more": "... and {} more",
        "hint": "What to do",
        "where": "Where",
        "file": "the whole file",
        "mark": "note: ",
        "missing": "This file does not exist.",
        "forbidden": "This file may not be read here.",
        "folder": "This is a folder in which no file can be found that ends in .xml.",
        "system": "This file cannot be read ({}).",
        "broken": "Something went wrong in this program while checking the file ({}). Report it.",
    },
}
_SYSTEM = (
    (FileNotFoundError, "missing"),
    (PermissionError, "forbidden"),
    (IsADirectoryError, "folder"),
)


class Outcome(IntEnum):
    """How a file came out; the number is the exit code, and the highest of many files wins."""

    GOOD = 0
    WRONG = 1
    UNREADABLE = 2


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of each file.

    Attributes:
        profile: The profile to check it as; None: the one it says itself.
        warnings: Whether to give warnings too.
        language: `nl` or `en`.
        as_json: A line of JSON instead of a report for people.
        test_codes: The codes of the test-code table, for a warning about others; None: no warning.

    """

    profile: str | None = None
    warnings: bool = False
    language: str = "nl"
    as_json: bool = False
    test_codes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one file.

    Attributes:
        outcome: How it came out.
        text: What to print, without a line feed at its end. Commands no terminal, and holds no
            value of the dossier.

    """

    outcome: Outcome
    text: str


def verdict(name: str, question: Question, content: bytes | None = None) -> Verdict:
    """Check one file.

    Never raises on account of the file: what cannot be read gets a verdict that says so.

    Args:
        name: Its name as it was given, and its path when there is no content.
        question: What is asked.
        content: Its bytes, where they have been read already: one more than the limit is enough.

    """
    try:
        document = read_xml(Path(name) if content is None else content)
        report = validate(
            document.dossier,
            profile=question.profile,
            warnings=question.warnings,
            attachments=document.attachments if question.warnings else None,
            test_codes=question.test_codes,
            structure_checked=True,
        )
        return _told(name, report, year_of(document.dossier), 0, question)
    except StructureError as error:
        report = Report(question.profile or "", error.findings, ())
        return _told(name, report, UNSAID, error.more, question)
    except Exception as error:  # noqa: BLE001  one file, or our own mistake, must not stop the rest
        return _unreadable(name, error, question)


def _unreadable(name: str, error: Exception, question: Question) -> Verdict:
    text = _reason(error, question.language)
    if question.as_json:
        return Verdict(Outcome.UNREADABLE, json.dumps({"file": name, "unreadable": text}))
    said = _SAID[question.language]
    head = str(said["unreadable"]).format(name)
    return Verdict(Outcome.UNREADABLE, _safe([head, f"  {text}"]))


def _reason(error: Exception, language: str) -> str:
    said: dict[str, Any] = _SAID[language]
    if isinstance(error, DossierXmlError):
        return error.text(language)
    if isinstance(error, OSError):
        known = next((key for kind, key in _SYSTEM if isinstance(error, kind)), "system")
        return str(said[known]).format(error.strerror or type(error).__name__)
    return str(said["broken"]).format(type(error).__name__)  # its text might hold a value


def _told(name: str, report: Report, year: Year, more: int, question: Question) -> Verdict:
    outcome = Outcome.GOOD if report.is_valid else Outcome.WRONG
    if question.as_json:
        return Verdict(outcome, json.dumps(record(name, report, question.language)))
    lines = _lines(name, report, year, more, question.language)
    return Verdict(outcome, _safe(lines))


def record(name: str, report: Report, language: str) -> dict[str, Any]:
    """Give what a program reads of one file."""
    return {
        "file": name,
        "structure": [
            {"path": one.path, "line": one.line, "message": one.message(language)}
            for one in report.structure
        ],
        "profile": report.profile,
        "findings": [
            {
                "rule": one.rule.id,
                "severity": one.rule.severity.value,
                "location": one.location,
                "message": one.rule.message.in_language(language),
            }
            for one in report.findings
        ],
    }


def _lines(name: str, report: Report, year: Year, more: int, language: str) -> Iterator[str]:
    """Give the report for people: the verdict first, then rule by rule what, remedy and places."""
    said: dict[str, Any] = _SAID[language]
    errors = len(report.errors) + len(report.structure) + more
    warnings = len(report.findings) - len(report.errors)
    profile = said["profile"].format(report.profile) if report.profile else ""
    count = f", {_count(said['warning'], warnings)}" if warnings else ""
    if errors:
        yield said["refused"].format(name, profile, _count(said["error"], errors), count)
    else:
        yield said["good"].format(name, profile, count)
    if report.structure:
        yield f"  {said['structure']}"
        yield f"  {said['hint']}: {said['structure_hint']}"
        for one in report.structure:
            text = f"{one.path}: {one.message(language)}"
            yield f"    {said['line'].format(one.line, text) if one.line else text}"
        if more:
            yield f"    {said['more'].format(more)}"
    by_rule: dict[str, list[Finding]] = {}
    for finding in report.findings:
        by_rule.setdefault(finding.rule.id, []).append(finding)
    for findings in by_rule.values():
        yield from _about_rule(findings, year, language)


def _about_rule(findings: Sequence[Finding], year: Year, language: str) -> Iterator[str]:
    said: dict[str, Any] = _SAID[language]
    rule = findings[0].rule
    mark = said["mark"] if rule.severity is Severity.WARNING else ""
    yield f"  {rule.id}  {mark}{rule.message.in_language(language)}"
    yield f"    {said['hint']}: {rule.hint.in_language(language)}"
    for one in findings:
        place = said["file"] if one.location == FILE else in_words(one.location, year, language)
        yield f"    {said['where']}: {place}  ({one.location})"


def _count(forms: tuple[str, str], number: int) -> str:
    return forms[0] if number == 1 else forms[1].format(number)


def _safe(lines: Iterable[str]) -> str:
    """Put lines together, safe for a terminal and whole.

    A file may have any name, and what a hostile one holds may be in a reason.
    """
    return "\n".join("".join(one if one.isprintable() else "?" for one in line) for line in lines)
