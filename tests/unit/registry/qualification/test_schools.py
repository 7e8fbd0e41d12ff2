"""A school's way to be qualified: what it says, fills in and signs, and what is refused."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from google.type.date_pb2 import Date

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1.qualification_pb2 import ChecklistAnswer, ChecklistSubmission, Evaluation
from oso.registry.v1.qualification_service_pb2 import (
    ActOnQualificationRequest,
    ListChecklistSubmissionsRequest,
)
from oso_registry.calls import Caller
from oso_registry.qualification import deciding, material, model, steps
from oso_registry.qualification.records import get_qualification

from ..parties import country as of  # noqa: TID252  tests are no package one could name
from . import trying as way
from .trying import QUALIFICATION, answers

if TYPE_CHECKING:
    from collections.abc import Callable

    from .trying import Trying

_YES, _NO = contract.CHECKLIST_REPLY_YES, contract.CHECKLIST_REPLY_NO
_QUALIFY, _EXTEND = contract.EVALUATION_OUTCOME_QUALIFY, contract.EVALUATION_OUTCOME_EXTEND


def test_a_school_that_did_nothing_has_everything_to_do(trying: Trying) -> None:
    """Seven steps in order, each with who is to do it; nobody to exchange with."""
    told = trying.now()

    assert (model.REGISTERED, contract.EXCHANGE_PARTNERS_NOBODY) == (told.state, told.partners)
    assert [*model.ACTORS.items()] == [(one.step, one.actor) for one in told.steps]
    assert set() == trying.done()
    assert "" == told.etag


def test_the_whole_way(trying: Trying) -> None:
    """Prepared, tried, seen, signed, evaluated, qualified; each step with who, when and what."""
    begun = trying.begin()
    trying.see_certificate()
    trying.see_exchange()
    trying.sign()
    trying.evaluate(_QUALIFY)
    told = trying.act(model.QUALIFY)

    assert (model.TRIAL, of.at(30)) == (begun.state, begun.trial_end_time)
    assert (model.QUALIFIED, contract.EXCHANGE_PARTNERS_EVERYBODY) == (told.state, told.partners)
    assert not told.HasField("trial_end_time")
    assert model.QUALIFIED == trying.school().qualification
    assert ("systems/registrar", model.QUALIFY) == (
        told.last_decision.system,
        told.last_decision.act,
    )
    by = {model.step_name(one.step): (one.system, one.evidence) for one in told.steps}
    signed = material.declaration("declarations/2026.1", date(2026, 3, 1)).sha256.hex()
    assert {
        "WEBCAST_WATCHED": ("systems/school", ""),
        "PRESENTATION_SEEN": ("systems/school", ""),
        "CHECKLIST_ANSWERED": (
            "systems/school",
            f"checklists/2026.1 {of.SCHOOL}/checklistSubmissions/0001",
        ),
        "CERTIFICATE_SEEN": ("systems/las-school", ""),
        "EXCHANGE_SEEN": ("", f"session:{way.SESSION}"),
        "DECLARATION_SIGNED": (
            "systems/school",
            f"declarations/2026.1 sha256:{signed} certificate:{'02' * 32}",
        ),
        "EVALUATION_HELD": ("systems/registrar", ""),
    } == by


@pytest.mark.parametrize(
    "step",
    [
        model.CHECKLIST,
        model.CERTIFICATE,
        model.EXCHANGE,
        model.DECLARATION,
        model.EVALUATION,
        contract.QUALIFICATION_STEP_UNSPECIFIED,
    ],
)
def test_what_is_to_be_seen_cannot_be_claimed(trying: Trying, step: Any) -> None:
    """A school's word is taken for the webcast and the presentation, and for nothing else."""
    assert of.outcome(trying.state, step=step).startswith("REQUEST_INVALID step")
    assert set() == trying.done()


@pytest.mark.parametrize(
    "caller",
    [
        of.OTHER_SCHOOL_MANAGER,
        of.OTHER_BOARD_MANAGER,
        of.OTHER_SUPPLIERS_DESK,
        Caller("las-school", roles.ROLE_LAS, of.SCHOOL),
        Caller("school", roles.ROLE_SCHOOL_MANAGER),
    ],
)
def test_nobody_does_anything_for_another_school(trying: Trying, caller: Caller) -> None:
    """Neither reads nor says, fills in or signs; whether the school is there is not told."""
    tx = trying.call(caller)
    submission = ChecklistSubmission(checklist="checklists/2026.1", answers=answers())
    trying.submit()

    refused = [
        of.outcome(get_qualification, tx, QUALIFICATION),
        of.outcome(get_qualification, tx, "schools/99ZZ/qualification"),
        of.outcome(steps.state_step, tx, QUALIFICATION, model.WEBCAST),
        of.outcome(steps.sign_declaration, tx, QUALIFICATION, "declarations/2026.1"),
        of.outcome(steps.submit_checklist, tx, of.SCHOOL, submission),
        of.outcome(steps.get_submission, tx, f"{of.SCHOOL}/checklistSubmissions/0001"),
        of.outcome(steps.list_submissions, tx, ListChecklistSubmissionsRequest(parent=of.SCHOOL)),
    ]

    assert ["NOT_ALLOWED"] * 7 == refused
    assert {"CHECKLIST_ANSWERED"} == trying.done()


def test_a_board_acts_for_its_school(trying: Trying) -> None:
    """The manager of the school's board may say, fill in and sign too."""
    tx = trying.call(of.BOARD_MANAGER)
    steps.state_step(tx, QUALIFICATION, model.WEBCAST)
    steps.sign_declaration(tx, QUALIFICATION, "declarations/2026.1")

    assert {"WEBCAST_WATCHED", "DECLARATION_SIGNED"} == trying.done()


def test_said_or_signed_twice_is_said_once(trying: Trying) -> None:
    """The first time counts, and the second changes nothing."""
    first = [trying.state(), trying.sign()]
    again = [trying.state(days=1), trying.sign(days=1)]

    assert first[1] == again[1]
    assert of.at(0) == again[0].steps[0].done_time


@pytest.mark.parametrize(
    ("work", "name"),
    [
        (lambda tx: steps.state_step(tx, QUALIFICATION, model.WEBCAST, "stale"), "ETAG_STALE"),
        (
            lambda tx: steps.sign_declaration(tx, QUALIFICATION, "declarations/2026.1", "stale"),
            "ETAG_STALE",
        ),
        (
            lambda tx: steps.sign_declaration(tx, QUALIFICATION, "declarations/1999.1"),
            "RESOURCE_UNKNOWN",
        ),
        (
            lambda tx: steps.state_step(tx, "schools/99ZZ/qualification", model.WEBCAST),
            "RESOURCE_UNKNOWN",
        ),
        (
            lambda tx: deciding.act(
                tx, ActOnQualificationRequest(name=QUALIFICATION, act=model.WITHDRAW, etag="stale")
            ),
            "ETAG_STALE",
        ),
        (
            lambda tx: deciding.record_evaluation(
                tx, QUALIFICATION, Evaluation(outcome=_QUALIFY, date=way.TODAY), "stale"
            ),
            "ETAG_STALE",
        ),
    ],
)
def test_what_was_not_read_is_not_changed(
    trying: Trying, work: Callable[[Any], Any], name: str
) -> None:
    """A stale etag, a declaration or school nobody knows: refused."""
    trying.submit()

    assert name == of.outcome(work, trying.call())


# --- The checklist ---


def test_a_checklist_has_its_answers_in_order_and_its_noes_counted(trying: Trying) -> None:
    """Answers may come in any order; who filled it in and when are ours to say."""
    given = answers(two_factor=_NO)[::-1]
    kept = trying.submit(given)

    asked = material.checklist(kept.checklist, of.NOW.date()).questions
    assert [one.id for one in asked] == [one.question_id for one in kept.answers]
    assert (1, "systems/school", of.at(0)) == (kept.no_count, kept.system, kept.create_time)


def test_filling_it_in_anew_keeps_what_was_filled_in(trying: Trying) -> None:
    """Each time is kept under its own number; the step points at the last one."""
    first = trying.submit(answers(updates=_NO))
    second = trying.submit(days=2)
    tx = trying.call(of.SCHOOL_MANAGER)
    listed, token = steps.list_submissions(tx, ListChecklistSubmissionsRequest(parent=of.SCHOOL))
    page = ListChecklistSubmissionsRequest(parent=of.SCHOOL, page_size=1)

    assert [first, second] == listed
    assert "" == token
    assert first == steps.get_submission(tx, first.name)
    assert ([first], first.name) == steps.list_submissions(tx, page)
    step = trying.now().steps[2]
    assert (f"checklists/2026.1 {second.name}", of.at(2)) == (step.evidence, step.done_time)


def _without(*ids: str) -> list[ChecklistAnswer]:
    return [one for one in answers() if one.question_id not in ids]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (_without("updates"), "updates is not answered"),
        ([*answers(), answers()[0]], "answered more than once"),
        (
            [*answers(), ChecklistAnswer(question_id="x", reply=_YES)],
            "x is no question of checklists/2026.1",
        ),
        (
            [*_without("updates"), ChecklistAnswer(question_id="updates", reply=_NO)],
            "updates needs an explanation",
        ),
        (
            [
                *_without("updates"),
                ChecklistAnswer(question_id="updates", reply=_NO, explanation=" "),
            ],
            "updates needs an explanation",
        ),
        ([*_without("updates"), ChecklistAnswer(question_id="updates")], "reply"),
        ([], "answers"),
    ],
)
def test_answers_that_do_not_fit_the_questions_are_refused(
    trying: Trying, given: list[ChecklistAnswer], expected: str
) -> None:
    """One answer to each question, with an explanation unless it is YES; else nothing is kept."""
    told = of.outcome(trying.submit, given)

    assert told.startswith("REQUEST_INVALID checklist_submission.answers")
    assert expected in told
    assert set() == trying.done()


def test_only_the_checklist_and_declaration_of_the_day_are_taken(
    trying: Trying, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A newer version takes the place of the older; one that is still to come does not."""
    documents: list[Any] = [material._checklists(), material._declarations()]
    for known in documents:
        (old,) = known.values()
        for version, start in (
            ("2026.2", Date(year=2026, month=3, day=1)),
            ("2026.3", Date(year=2026, month=3, day=2)),
        ):
            newer = type(old)()
            newer.CopyFrom(old)
            newer.name = old.name.replace("2026.1", version)
            newer.start_date.CopyFrom(start)
            monkeypatch.setitem(known, newer.name, newer)

    refused = [of.outcome(trying.submit), of.outcome(trying.sign)]
    signed = trying.sign("declarations/2026.2")
    again = trying.sign("declarations/2026.3", days=1)
    early = of.outcome(trying.sign, "declarations/2026.3")

    assert ["DOCUMENT_SUPERSEDED"] * 3 == [*refused, early]
    assert signed.steps[5].evidence.startswith("declarations/2026.2 ")
    assert again.steps[5].evidence.startswith("declarations/2026.3 ")


def test_the_documents_are_sound() -> None:
    """Twelve questions with different ids, all texts in both languages."""
    checklist = material.checklist("checklists/current", of.NOW.date())
    declaration = material.declaration("declarations/current", of.NOW.date())

    assert 12 == len({question.id for question in checklist.questions})
    assert all(
        question.subject_nl and question.subject_en and question.text_nl and question.text_en
        for question in checklist.questions
    )
    assert declaration.text_nl.count("\n") == declaration.text_en.count("\n")
    assert "RESOURCE_UNKNOWN" == of.outcome(
        material.checklist, "checklists/current", date(2025, 12, 31)
    )
