"""What the test school tells people and programs: its scenarios, and what came of a request."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from oso_dossier import write_xml
from oso_dossier.verdict import Outcome, Question, verdict
from oso_rpc.errors import name_of, text_of
from oso_test_school.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso_dossier import DossierDocument
    from oso_las.collector import Collected

_HEADINGS = {
    "nl": ("scenario", "profiel", "leerling", "geboren", "nummer", "", "resultaat"),
    "en": ("scenario", "profile", "pupil", "born", "number", "", "result"),
}


def scenario_records(language: str) -> list[dict[str, str]]:
    """Give the scenarios as programs read them."""
    return [
        {
            "name": one.name,
            "profile": one.profile,
            "number_kind": one.pupil.kind,
            "number": one.pupil.number,
            "birth_date": one.pupil.birth_date,
            "pupil": one.pupil.name,
            "result": name_of(one.result),
            "story": one.story.said(language),
        }
        for one in SCENARIOS
    ]


def scenario_lines(language: str) -> Iterator[str]:
    """Give the scenarios as people read them: a table, with a sentence below each row."""
    columns = ("name", "profile", "pupil", "birth_date", "number", "number_kind", "result")
    records = scenario_records(language)
    rows = [_HEADINGS[language], *(tuple(one[key] for key in columns) for one in records)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]

    def aligned(row: tuple[str, ...]) -> str:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        return "  ".join(cells).rstrip()

    yield aligned(rows[0])
    for row, record in zip(rows[1:], records, strict=True):
        yield aligned(row)
        yield f"    {record['story']}"


def report(
    collected: Collected, document: DossierDocument | None, language: str, *, as_json: bool
) -> tuple[bool, str]:
    """Tell what came of a request.

    Returns:
        Whether a dossier was delivered that keeps every rule, and the report.

    """
    checked = None
    if document is not None:
        question = Question(warnings=True, language=language, as_json=as_json)
        name = f"dossier {collected.dossier_number}"
        checked = verdict(name, question, write_xml(document))
    is_good = checked is not None and checked.outcome is Outcome.GOOD
    if as_json:
        told: dict[str, Any] = {
            "session": collected.session_id,
            "result": name_of(collected.result),
            "number": collected.dossier_number,
            "attachments": None if document is None else len(document.attachments),
            "legs": [asdict(leg) for leg in collected.legs],
            "valid": is_good,
            "report": None if checked is None else json.loads(checked.text),
        }
        return is_good, json.dumps(told)
    lines = [
        f"  {leg.who:<16} {leg.what:<18} {leg.result:<26} {leg.milliseconds:8.1f} ms"
        for leg in collected.legs
    ]
    lines.append(text_of(collected.result, {}, language))
    if checked is not None and document is not None:
        count = len(document.attachments)
        lines.append(f"Bijlagen: {count}" if language == "nl" else f"Attachments: {count}")
        lines.append(checked.text)
    session = "Sessie" if language == "nl" else "Session"
    lines.append(f"{session} {collected.session_id}")
    return is_good, "\n".join(lines)
