"""The security checklist as a form: a TOML file to fill in with any editor.

    checklist = "checklists/2026.1"

    # Is there ...?
    [answers.two-factor]
    answer = "yes"            # yes no n/a; Dutch: ja nee nvt
    explanation = ""

FormError   the file is no form that was filled in
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1.qualification_pb2 import Checklist, ChecklistSubmission

if TYPE_CHECKING:
    from collections.abc import Iterator

_REPLIES = {
    "ja": contract.CHECKLIST_REPLY_YES,
    "yes": contract.CHECKLIST_REPLY_YES,
    "nee": contract.CHECKLIST_REPLY_NO,
    "no": contract.CHECKLIST_REPLY_NO,
    "nvt": contract.CHECKLIST_REPLY_NOT_APPLICABLE,
    "n/a": contract.CHECKLIST_REPLY_NOT_APPLICABLE,
}


class FormError(Exception):
    """The file is no form that was filled in.

    Attributes:
        nl: What is wrong, Dutch.
        en: What is wrong, English.

    """

    def __init__(self, nl: str, en: str) -> None:
        """Record what is wrong."""
        super().__init__(en)
        self.nl = nl
        self.en = en


def blank_form(checklist: Checklist, *, dutch: bool) -> str:
    """Give a form with the questions of a checklist, to be filled in."""
    return "\n".join(_lines(checklist, dutch=dutch)) + "\n"


def _lines(checklist: Checklist, *, dutch: bool) -> Iterator[str]:
    if dutch:
        yield "# Antwoord met ja, nee of nvt."
        yield "# Bij nee en nvt hoort een toelichting: wat gaat u doen, en wanneer?"
        yield "# Zet geen namen of andere persoonsgegevens in dit formulier."
    else:
        yield "# Answer yes, no or n/a."
        yield "# With no and n/a goes an explanation: what will you do, and when?"
        yield "# Put no names or other personal data in this form."
    yield f'checklist = "{checklist.name}"'
    for number, question in enumerate(checklist.questions, 1):
        subject, text = (
            (question.subject_nl, question.text_nl)
            if dutch
            else (question.subject_en, question.text_en)
        )
        yield from ("", f"# {number}. {subject}", f"# {text}", f"[answers.{question.id}]")
        yield from ('answer = ""', 'explanation = ""')


def read_form(text: str) -> ChecklistSubmission:
    """Read a form that was filled in; whether the answers fit the questions OfficeHeart says.

    Raises:
        FormError: It is no form, or an answer is none of those it can be.

    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FormError(f"dit is geen TOML: {error}", f"this is no TOML: {error}") from None
    entries = content.get("answers")
    if not isinstance(entries, dict) or not isinstance(content.get("checklist"), str):
        raise FormError(
            "dit is geen ingevuld formulier van `qualification form`",
            "this is no form of `qualification form`",
        )
    made = ChecklistSubmission(checklist=content["checklist"])
    for question, entry in entries.items():
        reply, explanation = _answer(question, entry)
        made.answers.add(question_id=question, reply=reply, explanation=explanation)
    return made


def _answer(question: str, entry: Any) -> tuple[contract.ChecklistReply.ValueType, str]:
    given = entry if isinstance(entry, dict) else {}
    reply, explanation = given.get("answer"), given.get("explanation", "")
    found = _REPLIES.get(reply.strip().lower()) if isinstance(reply, str) else None
    if found is None or not isinstance(explanation, str):
        raise FormError(
            f"{question}: antwoord met ja, nee of nvt", f"{question}: answer yes, no or n/a"
        )
    return found, explanation.strip()
