"""What registrars decide about SWVs, what follows, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import protovalidate
import pytest

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1.party_pb2 import Swv
from oso.registry.v1.qualification_service_pb2 import (
    ActOnQualificationRequest,
    GetQualificationRequest,
    RecordEvaluationRequest,
    StateStepRequest,
)
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_registry.calls import Caller
from oso_registry.parties.registers import SWV
from oso_registry.parties.resources import SWVS
from oso_registry.qualification import model
from oso_registry.qualification.sightings import unseen_schools
from oso_registry.qualification.swvs import act_on_swv, get_swv_qualification
from oso_registry.qualification.telling import headline, whole

from ..parties import country as of  # noqa: TID252  tests are no package one could name

if TYPE_CHECKING:
    from oso.registry.v1.qualification_pb2 import Qualification

    from .trying import Trying

_SWV = "swvs/PO3001"
_NAME = f"{_SWV}/qualification"
_ID = "0198f1e0-0000-7000-8000-000000000001"


@pytest.fixture
def region(trying: Trying) -> Trying:
    """The small country with an SWV."""
    SWV.create(trying.call(), Swv(display_name="Passend"), _SWV)
    return trying


def _act(
    region: Trying, what: Any, reason: str = "Gezien", *, etag: str = "", **changes: Any
) -> Qualification:
    request = ActOnQualificationRequest(name=_NAME, act=what, reason=reason, etag=etag, **changes)
    return act_on_swv(region.call(), request)


def _state(region: Trying) -> int:
    return region.call().require(SWVS, _SWV).qualification


def test_an_swv_that_was_just_registered_exchanges_with_nobody(region: Trying) -> None:
    """It stands as a school would, without steps."""
    told = get_swv_qualification(region.call(), _NAME)

    assert (model.REGISTERED, contract.EXCHANGE_PARTNERS_NOBODY, 0) == (
        told.state,
        told.partners,
        len(told.steps),
    )


def test_a_registrar_qualifies_an_swv_in_two_decisions(region: Trying) -> None:
    """A trial, in which it meets test schools, and then everybody; the last decision is kept."""
    trial = _act(region, model.START_TRIAL)
    told = _act(region, model.QUALIFY, "Proefdossier ontvangen, gesprek gehad")

    assert (model.TRIAL, contract.EXCHANGE_PARTNERS_TEST_SCHOOLS) == (trial.state, trial.partners)
    assert (model.QUALIFIED, contract.EXCHANGE_PARTNERS_EVERYBODY) == (told.state, told.partners)
    assert model.QUALIFIED == _state(region)
    decision = told.last_decision
    assert (model.QUALIFY, "systems/registrar", "Proefdossier ontvangen, gesprek gehad") == (
        decision.act,
        decision.system,
        decision.reason,
    )
    assert told == get_swv_qualification(region.call(), _NAME)


_ALL = [model.START_TRIAL, model.QUALIFY, model.SUSPEND, model.RESUME,
        model.WITHDRAW, model.REINSTATE]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ([], {model.START_TRIAL: model.TRIAL, model.WITHDRAW: model.WITHDRAWN}),
        ([model.START_TRIAL], {model.QUALIFY: model.QUALIFIED,
                               model.SUSPEND: model.SUSPENDED, model.WITHDRAW: model.WITHDRAWN}),
        ([model.START_TRIAL, model.QUALIFY], {model.SUSPEND: model.SUSPENDED,
                                              model.WITHDRAW: model.WITHDRAWN}),
        ([model.START_TRIAL, model.QUALIFY, model.SUSPEND], {model.RESUME: model.QUALIFIED,
                                                             model.WITHDRAW: model.WITHDRAWN}),
        ([model.START_TRIAL, model.SUSPEND], {model.RESUME: model.TRIAL,
                                              model.WITHDRAW: model.WITHDRAWN}),
        ([model.WITHDRAW], {model.REINSTATE: model.REGISTERED}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("act", _ALL, ids=model.act_name)
def test_the_states_are_those_of_schools(
    region: Trying, path: list[Any], allowed: dict[Any, int], act: Any
) -> None:
    """What cannot be done is refused, and changes nothing."""
    for step in path:
        _act(region, step)
    before = _state(region)

    refused = of.outcome(_act, region, act)

    assert refused == ("" if act in allowed else "QUALIFICATION_STATE")
    assert _state(region) == allowed.get(act, before)


@pytest.mark.parametrize("reason", ["", " ", "\n\t"])
@pytest.mark.parametrize("act", [model.START_TRIAL, model.WITHDRAW], ids=model.act_name)
def test_every_decision_has_a_reason(region: Trying, act: Any, reason: str) -> None:
    """There are no steps to show what it rests on."""
    assert of.outcome(_act, region, act, reason).startswith("REQUEST_INVALID reason:")
    assert model.REGISTERED == _state(region)


def test_a_trial_has_no_end(region: Trying) -> None:
    """The directory could not tell it."""
    told = of.outcome(_act, region, model.START_TRIAL, trial_end_time=of.at(30))

    assert told.startswith("REQUEST_INVALID trial_end_time:")


def test_a_closed_swv_can_only_be_stopped(region: Trying) -> None:
    """As a closed school."""
    _act(region, model.START_TRIAL)
    SWV.close(region.call(), _SWV, "")

    assert "PARTY_CLOSED" == of.outcome(_act, region, model.QUALIFY)
    assert model.SUSPENDED == _act(region, model.SUSPEND).state
    assert "PARTY_CLOSED" == of.outcome(_act, region, model.RESUME)
    assert model.WITHDRAWN == _act(region, model.WITHDRAW).state


def test_who_decided_on_what_was_read_before_is_refused(region: Trying) -> None:
    """The etag is that of the qualification."""
    read = _act(region, model.START_TRIAL).etag
    now = _act(region, model.QUALIFY, etag=read).etag

    assert "ETAG_STALE" == of.outcome(_act, region, model.SUSPEND, etag=read)
    assert "" == of.outcome(_act, region, model.SUSPEND, etag=now)


def test_an_swv_that_is_not_there_is_unknown(region: Trying) -> None:
    """To be read or decided about."""
    name = "swvs/PO9999/qualification"
    request = ActOnQualificationRequest(name=name, act=model.START_TRIAL, reason="x")

    assert "RESOURCE_UNKNOWN" == of.outcome(act_on_swv, region.call(), request)
    assert "RESOURCE_UNKNOWN" == of.outcome(get_swv_qualification, region.call(), name)


def test_who_sees_where_an_swv_stands(region: Trying) -> None:
    """OfficeHeart's own see all, its supplier not why; others nothing."""
    _act(region, model.START_TRIAL, "Tussen ons")
    region.give(
        "mandates/00000000-0000-4000-8000-000000003001",
        board="",
        school="",
        swv=_SWV,
        kinds=[TRANSFER_KIND_SWV_DOSSIER],
    )

    reasons = [
        get_swv_qualification(region.call(caller), _NAME).last_decision.reason
        for caller in (of.REGISTRAR, of.AUDITOR, of.SUPPLIERS_DESK)
    ]
    refused = [
        of.outcome(get_swv_qualification, region.call(caller), _NAME)
        for caller in (of.OTHER_SUPPLIERS_DESK, of.BOARD_MANAGER, of.SCHOOL_MANAGER)
    ]

    assert ["Tussen ons", "Tussen ons", ""] == reasons
    assert ["NOT_ALLOWED"] * 3 == refused


def test_what_is_a_schools_alone_cannot_be_asked_of_an_swv() -> None:
    """Steps and talks are refused at the edge; reading and deciding are not."""
    evaluation = contract.Evaluation(outcome=contract.EVALUATION_OUTCOME_QUALIFY)
    evaluation.date.year, evaluation.date.month, evaluation.date.day = 2026, 3, 1
    found = [
        len(protovalidate.collect_violations(request))
        for request in (
            GetQualificationRequest(name=_NAME),
            ActOnQualificationRequest(request_id=_ID, name=_NAME, act=model.QUALIFY),
            GetQualificationRequest(name="swvs/2801VO/qualification"),
            StateStepRequest(request_id=_ID, name=_NAME, step=model.WEBCAST),
            RecordEvaluationRequest(request_id=_ID, name=_NAME, evaluation=evaluation),
        )
    ]

    assert [0, 0, 1, 1, 1] == found


def test_a_call_of_its_system_marks_nothing(region: Trying) -> None:
    """An SWV has no steps, so no certificate of it is waited for."""
    caller = Caller("swv-a", roles.ROLE_LAS, _SWV, b"\x03" * 32)

    assert [] == unseen_schools(region.call(), caller)


def test_it_is_told_without_steps(region: Trying) -> None:
    """Where it stands, with whom it may exchange, and why."""
    told = _act(region, model.START_TRIAL, "Proef")

    def dutch(nl: str, _en: str) -> str:
        return nl

    assert "PO3001  in de proef" == headline(told, dutch)
    assert [
        "PO3001  in de proef",
        "Mag nu alleen met testscholen uitwisselen.",
        "Laatste besluit, omdat: Proef",
    ] == whole(told, dutch)
