"""The table of qualification states, and what follows from state, date and moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oso.directory.v1.directory_pb2 import QualificationState
from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1.party_pb2 import School
from oso_registry.qualification import admission_model, model
from oso_registry.qualification.admission_model import Event

from ..parties import country as of  # noqa: TID252  tests are no package one could name

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

_STATES = [state for state in QualificationState.values() if state]
_ACTS = [act for act in contract.QualificationAct.values() if act]


@pytest.mark.parametrize(
    ("state", "acts"),
    [
        (model.REGISTERED, "START_TRIAL>TRIAL WITHDRAW>WITHDRAWN"),
        (
            model.TRIAL,
            "EXTEND_TRIAL>EXTENDED QUALIFY>QUALIFIED SUSPEND>SUSPENDED WITHDRAW>WITHDRAWN",
        ),
        (
            model.EXTENDED,
            "EXTEND_TRIAL>EXTENDED QUALIFY>QUALIFIED SUSPEND>SUSPENDED WITHDRAW>WITHDRAWN",
        ),
        (model.QUALIFIED, "SUSPEND>SUSPENDED WITHDRAW>WITHDRAWN"),
        (model.SUSPENDED, "WITHDRAW>WITHDRAWN"),
        (model.WITHDRAWN, "REINSTATE>REGISTERED"),
    ],
)
def test_every_state_allows_these_acts_and_no_other(state: Any, acts: str) -> None:
    """The table is the protocol's; resuming needs to know what was suspended."""
    allowed = [
        f"{model.act_name(act)}>{model.state_name(after)}"
        for act in _ACTS
        if (after := model.state_after(state, act)) is not None
    ]

    assert acts.split() == allowed


@pytest.mark.parametrize("state", [model.TRIAL, model.EXTENDED, model.QUALIFIED])
def test_a_suspended_school_resumes_as_what_it_was(state: Any) -> None:
    """Suspended and resumed is as if nothing happened."""
    assert state == model.state_after(model.SUSPENDED, model.RESUME, state)
    assert model.state_after(state, model.RESUME, state) is None


@given(st.lists(st.sampled_from(_ACTS), max_size=30))
def test_no_way_leads_to_qualified_but_through_a_trial(acts: list[Any]) -> None:
    """Whatever registrars try in whatever order, QUALIFIED comes after TRIAL since REGISTERED."""
    state, suspended, tried = model.REGISTERED, 0, False
    for act in acts:
        after = model.state_after(state, act, suspended)  # type: ignore[arg-type]
        if after is None:
            continue
        suspended = state if act == model.SUSPEND else 0
        state = after
        tried = (tried or state == model.TRIAL) and state != model.REGISTERED
        assert tried or state in (model.REGISTERED, model.WITHDRAWN)


@pytest.mark.parametrize(
    ("state", "end", "expected"),
    [
        (0, None, "NOBODY"),
        (model.REGISTERED, of.at(1), "NOBODY"),
        (model.TRIAL, None, "TEST_SCHOOLS"),
        (model.TRIAL, of.at(0.001), "TEST_SCHOOLS"),
        (model.TRIAL, of.at(0), "NOBODY"),
        (model.EXTENDED, of.at(1), "TEST_SCHOOLS"),
        (model.EXTENDED, of.at(-1), "NOBODY"),
        (model.QUALIFIED, of.at(-1), "EVERYBODY"),
        (model.SUSPENDED, of.at(1), "NOBODY"),
        (model.WITHDRAWN, None, "NOBODY"),
    ],
)
def test_with_whom_a_school_may_exchange(state: Any, end: Timestamp | None, expected: str) -> None:
    """It follows from the state, and in a trial from its end: that moment is not included."""
    school = School(qualification=state, trial_end_time=end)

    told = contract.ExchangePartners.Name(model.partners(school, of.at(0).ToMicroseconds()))

    assert f"EXCHANGE_PARTNERS_{expected}" == told


def test_qualifying_needs_all_seven_steps() -> None:
    """A trial needs the first three; nothing else needs any."""
    assert [*model.ACTORS] == model.missing(model.QUALIFY, set())
    assert [model.EVALUATION] == model.missing(model.QUALIFY, {*model.ACTORS} - {model.EVALUATION})
    assert [model.WEBCAST, model.PRESENTATION, model.CHECKLIST] == model.missing(
        model.START_TRIAL, set()
    )
    others = {*_ACTS} - {model.QUALIFY, model.START_TRIAL}
    assert [] == [act for act in others if model.missing(act, set())]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (0, "CANDIDATE ADMITTED REFUSED WITHDRAWN -"),
        (admission_model.CANDIDATE, "CANDIDATE ADMITTED REFUSED WITHDRAWN -"),
        (admission_model.REFUSED, "CANDIDATE ADMITTED REFUSED WITHDRAWN -"),
        (admission_model.ADMITTED, "ADMITTED ADMITTED - WITHDRAWN -"),
        (admission_model.WITHDRAWN, "- - - - CANDIDATE"),
    ],
)
def test_where_an_admission_goes(state: Any, expected: str) -> None:
    """Points open, approved, refused; withdrawn; reinstated: an admitted one is never refused."""
    found = [admission_model.state_after(state, event) for event in Event]

    assert expected.split() == [
        "-" if one is None else admission_model.state_name(one) for one in found
    ]


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([], Event.POINTS_OPEN),
        ([1, 1, 1], Event.POINTS_OPEN),
        ([1, 1, 1, 1], Event.POINTS_APPROVED),
        ([1, 2, 1, 1], Event.POINT_REFUSED),
        ([2], Event.POINT_REFUSED),
        ([1, 1, 1, 0], Event.POINTS_OPEN),
    ],
)
def test_what_the_points_come_to(decisions: list[Any], expected: Event) -> None:
    """All four approved, one refused, or else something open."""
    points = dict(zip(admission_model.POINTS, decisions, strict=False))

    assert expected == admission_model.decided(points)
