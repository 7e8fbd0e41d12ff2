"""A school's way to be qualified: what it says, what is seen, what is decided, what is refused."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1.party_pb2 import PARTY_STATUS_CLOSED
from oso.registry.v1.qualification_pb2 import ChecklistAnswer, ChecklistSubmission, Evaluation
from oso.registry.v1.qualification_service_pb2 import (
    ActOnQualificationRequest,
    ListChecklistSubmissionsRequest,
    ListQualificationsRequest,
)
from oso.result.v1.result_code_pb2 import RESULT_CODE_UNREACHABLE
from oso_registry.calls import Caller
from oso_registry.parties.resources import SCHOOLS
from oso_registry.qualification import deciding, exchanges, material, model, sightings, steps
from oso_registry.qualification.records import get_qualification, list_qualifications
from oso_registry.qualification.resources import QUALIFICATIONS
from oso_registry.systems.resources import SYSTEMS

from ..parties import country as of  # noqa: TID252  tests are no package one could name
from . import trying as way
from .trying import QUALIFICATION, answers, closed

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


# --- What is seen ---


def test_the_first_valid_call_of_the_schools_own_system_is_seen(trying: Trying) -> None:
    """Once: the second call is no news, whenever it comes."""
    news = [trying.see_certificate(), trying.see_certificate(days=3)]

    assert [1, 0] == news
    assert {"CERTIFICATE_SEEN"} == trying.done()
    step = trying.now().steps[3]
    assert (of.at(0), "systems/las-school") == (step.done_time, step.system)


def test_a_suppliers_system_is_seen_for_the_schools_it_speaks_for(trying: Trying) -> None:
    """That is those with an active delivery point of it: before, after and without, none."""
    las = Caller("las", roles.ROLE_LAS, of.SUPPLIER)
    other = Caller("las-other", roles.ROLE_LAS, of.OTHER_SUPPLIER)
    news = [trying.see_certificate(las)]
    trying.give()
    trying.add(start_time=of.at(1))
    news += [trying.see_certificate(las), trying.see_certificate(other, days=2)]
    news += [trying.see_certificate(las, days=400), trying.see_certificate(las, days=2)]

    assert [0, 0, 0, 0, 1] == news
    assert {"CERTIFICATE_SEEN"} == trying.done()


@pytest.mark.parametrize(
    "change", [{"status": PARTY_STATUS_CLOSED}, {"qualification": model.WITHDRAWN}]
)
def test_a_school_that_is_gone_is_not_seen(trying: Trying, change: dict[str, Any]) -> None:
    """Neither its certificate nor its exchange counts for a school closed or withdrawn."""
    school = trying.school()
    for name, value in change.items():
        setattr(school, name, value)
    trying.call().put(SCHOOLS, school)

    assert [0, 0] == [trying.see_certificate(), trying.see_exchange()]


@pytest.mark.parametrize(
    ("session", "news"),
    [
        (closed(), 1),
        (closed("00XX", "00SS"), 1),
        (closed("00SS", "00TT"), 0),
        (closed("00SS", "00SS"), 0),
        (closed("00XX", "00XX"), 0),
        (closed("00SS", "99ZZ"), 0),
        (closed("99ZZ", "00XX"), 0),
        (closed(result=RESULT_CODE_UNREACHABLE), 0),
        (closed(checked=False), 0),
    ],
)
def test_only_a_delivery_between_a_school_and_a_test_school_counts(
    trying: Trying, session: Any, news: int
) -> None:
    """In either direction; no other session or result, nor one the source never checked."""
    assert news == trying.see_exchange(session)
    assert ({"EXCHANGE_SEEN"} if news else set()) == trying.done()


def test_of_many_exchanges_the_first_counts(trying: Trying) -> None:
    """What is read twice changes nothing."""
    news = [
        trying.see_exchange(closed(days=1), closed(days=2, session_id="x")),
        trying.see_exchange(closed(days=1)),
    ]

    assert [1, 0] == news
    assert (of.at(1), f"session:{way.SESSION}") == (
        trying.now().steps[4].done_time,
        trying.now().steps[4].evidence,
    )


def test_how_far_the_journal_was_read_is_kept(trying: Trying) -> None:
    """For each Traffic Center its own number, which may go back too."""
    tx = trying.call()
    before = exchanges.cursor(tx, "a")
    for center, sequence in (("a", 7), ("b", 9), ("a", 12), ("b", 0)):
        exchanges.move_cursor(tx, center, sequence)

    assert (0, 12, 0) == (before, exchanges.cursor(tx, "a"), exchanges.cursor(tx, "b"))


# --- What is decided ---


def test_a_trial_needs_its_steps_and_an_end_to_come(trying: Trying) -> None:
    """Without them it does not begin, and what is missing is named."""
    trying.state()
    early = of.outcome(trying.act, model.START_TRIAL, end=of.at(30))
    trying.prepare()
    refused = [
        of.outcome(trying.act, model.START_TRIAL),
        of.outcome(trying.act, model.START_TRIAL, end=of.at(0)),
        of.outcome(trying.act, model.START_TRIAL, end=Timestamp(seconds=1 << 60)),
    ]

    assert "QUALIFICATION_STEPS_MISSING" == early
    assert ["REQUEST_INVALID trial_end_time:"] * 3 == [" ".join(x.split()[:2]) for x in refused]
    assert model.TRIAL == trying.act(model.START_TRIAL, end=of.at(30)).state


@pytest.mark.parametrize("step", [*model.ACTORS])
def test_no_step_can_be_left_out(trying: Trying, step: Any) -> None:
    """With any one of the seven not done a school is not qualified."""
    trying.finish()
    record = trying.now()
    kept = [one for one in record.steps if one.step != step]
    del record.steps[:]
    record.steps.extend(kept)
    trying.call().put(QUALIFICATIONS, record)

    assert "QUALIFICATION_STEPS_MISSING" == of.outcome(trying.act, model.QUALIFY)
    assert model.TRIAL == trying.school().qualification


def test_a_test_school_has_no_steps(trying: Trying) -> None:
    """OSO runs it: a registrar brings it where it must be."""
    name = f"{way.TEST_SCHOOL}/qualification"
    trying.act(model.START_TRIAL, name=name, end=of.at(1))

    assert model.QUALIFIED == trying.act(model.QUALIFY, name=name).state


def test_a_talk_may_extend_the_trial_again_and_again(trying: Trying) -> None:
    """Each has its end; the last talk counts, and to qualify takes a talk that says so."""
    trying.finish()
    first = trying.evaluate(_EXTEND, trial_end_time=of.at(60), remark="nog oefenen")
    refused = of.outcome(trying.act, model.QUALIFY)
    second = trying.evaluate(_EXTEND, trial_end_time=of.at(90))
    trying.evaluate(_QUALIFY)

    assert (model.EXTENDED, of.at(60)) == (first.state, first.trial_end_time)
    assert ("nog oefenen", model.EXTEND_TRIAL) == (
        first.last_decision.reason,
        first.last_decision.act,
    )
    assert "QUALIFICATION_STEPS_MISSING" == refused
    assert of.at(90) == second.trial_end_time
    assert model.QUALIFIED == trying.act(model.QUALIFY).state


@pytest.mark.parametrize(
    ("outcome", "changes", "field"),
    [
        (_QUALIFY, {"date": None}, "evaluation.date"),
        (_QUALIFY, {"date": Date(year=2026, month=3, day=2)}, "evaluation.date"),
        (_QUALIFY, {"date": Date(year=2026, month=2, day=30)}, "evaluation.date"),
        (_QUALIFY, {"trial_end_time": of.at(1)}, "evaluation.trial_end_time"),
        (_EXTEND, {}, "evaluation.trial_end_time"),
        (_EXTEND, {"trial_end_time": of.at(0)}, "evaluation.trial_end_time"),
    ],
)
def test_a_talk_that_cannot_have_been_is_refused(
    trying: Trying, outcome: Any, changes: dict[str, Any], field: str
) -> None:
    """A day that has come; an end to come exactly when the trial is extended."""
    trying.begin()

    assert of.outcome(trying.evaluate, outcome, **changes).startswith(f"REQUEST_INVALID {field}:")
    assert model.TRIAL == trying.school().qualification


def test_a_talk_belongs_to_a_trial(trying: Trying) -> None:
    """Before and after it there is nothing to talk about."""
    before = of.outcome(trying.evaluate, _QUALIFY)
    trying.finish()
    trying.act(model.QUALIFY)

    assert ["QUALIFICATION_STATE"] * 2 == [before, of.outcome(trying.evaluate, _QUALIFY)]


def test_past_its_end_a_trial_goes_on_only_by_a_talk(trying: Trying) -> None:
    """The school exchanges with nobody, is found by who looks for it, and can be extended."""
    trying.begin()
    late = trying.now(days=31)
    asked = ListQualificationsRequest(trial_ended=True)
    found = list_qualifications(trying.call(days=31), asked)[0]
    none = list_qualifications(trying.call(days=29), asked)[0]
    extended = trying.evaluate(_EXTEND, days=31, trial_end_time=of.at(60))

    assert (model.TRIAL, contract.EXCHANGE_PARTNERS_NOBODY) == (late.state, late.partners)
    assert ([QUALIFICATION], []) == ([one.name for one in found], none)
    assert contract.EXCHANGE_PARTNERS_TEST_SCHOOLS == extended.partners


def test_suspended_and_resumed_it_is_what_it_was(trying: Trying) -> None:
    """Nobody exchanges with it meanwhile; the end of its trial stays."""
    trying.begin()
    suspended = trying.act(model.SUSPEND, reason="onderzoek")
    twice = of.outcome(trying.act, model.SUSPEND, reason="onderzoek")
    resumed = trying.act(model.RESUME)

    assert (model.SUSPENDED, model.TRIAL) == (suspended.state, suspended.suspended_state)
    assert contract.EXCHANGE_PARTNERS_NOBODY == suspended.partners
    assert "QUALIFICATION_STATE" == twice
    assert (model.TRIAL, 0, of.at(30)) == (
        resumed.state,
        resumed.suspended_state,
        resumed.trial_end_time,
    )


@pytest.mark.parametrize("act", [model.SUSPEND, model.WITHDRAW])
def test_to_stop_a_school_takes_a_reason(trying: Trying, act: Any) -> None:
    """Whoever asks later why must find it."""
    trying.begin()

    assert of.outcome(trying.act, act, reason=" ").startswith("REQUEST_INVALID reason")


def test_withdrawn_is_the_end_until_reinstated_and_then_all_begins_anew(trying: Trying) -> None:
    """A withdrawn school can do nothing; reinstated, nothing of before counts."""
    trying.finish()
    trying.act(model.WITHDRAW, reason="gestopt")
    refused = [
        of.outcome(trying.state),
        of.outcome(trying.sign),
        of.outcome(trying.submit),
        of.outcome(trying.act, model.START_TRIAL, end=of.at(9)),
    ]
    told = trying.act(model.REINSTATE, reason="toch weer", days=5)

    assert ["QUALIFICATION_STATE"] * 4 == refused
    assert (model.REGISTERED, of.at(5)) == (told.state, told.reinstate_time)
    assert not told.HasField("evaluation")
    assert set() == trying.done()
    assert [0, 1] == [trying.see_exchange(closed(days=4)), trying.see_exchange(closed(days=6))]
    assert 1 == trying.see_certificate()
    assert "0002" == trying.submit().name[-4:]


def test_a_closed_school_can_only_be_stopped(trying: Trying) -> None:
    """It neither says nor begins anything; it can be withdrawn."""
    trying.begin()
    school = trying.school()
    school.status = PARTY_STATUS_CLOSED
    trying.call().put(SCHOOLS, school)
    refused = [
        of.outcome(trying.state, step=model.PRESENTATION),
        of.outcome(trying.act, model.QUALIFY),
        of.outcome(trying.evaluate, _QUALIFY),
    ]

    assert ["PARTY_CLOSED"] * 3 == refused
    assert model.WITHDRAWN == trying.act(model.WITHDRAW, reason="gesloten").state


def test_an_end_belongs_to_the_beginning_of_a_trial(trying: Trying) -> None:
    """With any other act it is refused: it would be lost."""
    trying.begin()

    told = of.outcome(trying.act, model.SUSPEND, end=of.at(9), reason="x")

    assert "REQUEST_INVALID trial_end_time: does not belong here" == told


def test_a_supplier_sees_no_reasons_and_remarks(trying: Trying) -> None:
    """How far the schools it works for have come, and not what was said about it."""
    trying.give()
    trying.begin()
    trying.evaluate(_EXTEND, trial_end_time=of.at(60), remark="nog oefenen")
    trying.act(model.SUSPEND, reason="onderzoek")
    asked = ListQualificationsRequest()
    tx = trying.call(of.SUPPLIERS_DESK)
    seen = [get_qualification(tx, QUALIFICATION), *list_qualifications(tx, asked)[0]]
    own = get_qualification(trying.call(of.SCHOOL_MANAGER), QUALIFICATION)

    assert [(model.SUSPENDED, "", "", "")] * 2 == [
        (one.state, one.last_decision.reason, one.evaluation.remark, one.steps[2].evidence)
        for one in seen
    ]
    assert ("onderzoek", "nog oefenen") == (own.last_decision.reason, own.evaluation.remark)


def test_everybody_lists_what_it_sees(trying: Trying) -> None:
    """By state, by board, page by page; others' schools are left out."""
    trying.begin()

    def listed(caller: Caller = of.REGISTRAR, **asked: Any) -> list[str]:
        request = ListQualificationsRequest(**asked)
        return [one.name[8:12] for one in list_qualifications(trying.call(caller), request)[0]]

    assert ["00SS", "00TT", "00XX"] == listed()
    assert ["00SS"] == listed(state=model.TRIAL)
    assert ["00TT"] == listed(board=of.OTHER_BOARD)
    assert ["00SS"] == listed(of.BOARD_MANAGER)
    assert [] == listed(Caller("las", roles.ROLE_LAS, of.SCHOOL))
    first = list_qualifications(trying.call(), ListQualificationsRequest(page_size=2))
    assert ["00XX"] == listed(page_size=2, page_token=first[1])


def test_unseen_schools_of_a_system_without_owner_are_none(trying: Trying) -> None:
    """OfficeHeart's own systems, and those of boards, speak for no school by themselves."""
    for caller in (Caller("x", roles.ROLE_LAS), Caller("x", roles.ROLE_LAS, of.BOARD)):
        assert [] == sightings.unseen_schools(trying.call(), caller)
    assert trying.call().get(SYSTEMS, of.SCHOOLS_SYSTEM) is not None
