"""What registrars decide about schools, what follows, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1.party_pb2 import PARTY_STATUS_CLOSED
from oso.registry.v1.qualification_service_pb2 import (
    ListQualificationsRequest,
)
from oso_registry.calls import Caller
from oso_registry.parties.resources import SCHOOLS
from oso_registry.qualification import model
from oso_registry.qualification.records import get_qualification, list_qualifications
from oso_registry.qualification.resources import QUALIFICATIONS

from ..parties import country as of  # noqa: TID252  tests are no package one could name
from . import trying as way
from .trying import QUALIFICATION, closed

if TYPE_CHECKING:
    from .trying import Trying

_QUALIFY, _EXTEND = contract.EVALUATION_OUTCOME_QUALIFY, contract.EVALUATION_OUTCOME_EXTEND


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
