"""What a school may become, by which decision, and what it must have done before.

Pure. Whether a school may exchange follows from its state, the end of its trial and the moment:
nothing needs to run when a date passes. Moments are microseconds since 1970.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import (
    QUALIFICATION_STATE_EXTENDED,
    QUALIFICATION_STATE_QUALIFIED,
    QUALIFICATION_STATE_REGISTERED,
    QUALIFICATION_STATE_SUSPENDED,
    QUALIFICATION_STATE_TRIAL,
    QUALIFICATION_STATE_UNSPECIFIED,
    QUALIFICATION_STATE_WITHDRAWN,
    QualificationState,
)
from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1.party_pb2 import School
from oso_registry.columns import microseconds

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from oso.registry.v1.party_pb2 import Swv
    from oso.registry.v1.qualification_pb2 import (
        ExchangePartners,
        QualificationAct,
        QualificationStep,
        StepActor,
    )

REGISTERED = QUALIFICATION_STATE_REGISTERED
TRIAL, EXTENDED = QUALIFICATION_STATE_TRIAL, QUALIFICATION_STATE_EXTENDED
QUALIFIED = QUALIFICATION_STATE_QUALIFIED
SUSPENDED, WITHDRAWN = QUALIFICATION_STATE_SUSPENDED, QUALIFICATION_STATE_WITHDRAWN

START_TRIAL = contract.QUALIFICATION_ACT_START_TRIAL
EXTEND_TRIAL = contract.QUALIFICATION_ACT_EXTEND_TRIAL
QUALIFY = contract.QUALIFICATION_ACT_QUALIFY
SUSPEND, RESUME = contract.QUALIFICATION_ACT_SUSPEND, contract.QUALIFICATION_ACT_RESUME
WITHDRAW, REINSTATE = contract.QUALIFICATION_ACT_WITHDRAW, contract.QUALIFICATION_ACT_REINSTATE

WEBCAST = contract.QUALIFICATION_STEP_WEBCAST_WATCHED
PRESENTATION = contract.QUALIFICATION_STEP_PRESENTATION_SEEN
CHECKLIST = contract.QUALIFICATION_STEP_CHECKLIST_ANSWERED
CERTIFICATE = contract.QUALIFICATION_STEP_CERTIFICATE_SEEN
EXCHANGE = contract.QUALIFICATION_STEP_EXCHANGE_SEEN
DECLARATION = contract.QUALIFICATION_STEP_DECLARATION_SIGNED
EVALUATION = contract.QUALIFICATION_STEP_EVALUATION_HELD

# Who does each step, in the order of the founding document.
ACTORS: Mapping[QualificationStep.ValueType, StepActor.ValueType] = {
    WEBCAST: contract.STEP_ACTOR_SCHOOL,
    PRESENTATION: contract.STEP_ACTOR_SCHOOL,
    CHECKLIST: contract.STEP_ACTOR_SCHOOL,
    CERTIFICATE: contract.STEP_ACTOR_SYSTEM,
    EXCHANGE: contract.STEP_ACTOR_SYSTEM,
    DECLARATION: contract.STEP_ACTOR_SCHOOL,
    EVALUATION: contract.STEP_ACTOR_REGISTRAR,
}

# (state, act) -> state. What is not here cannot happen. RESUME is not here: it gives back what was
# suspended.
TRANSITIONS: Mapping[
    tuple[QualificationState.ValueType, QualificationAct.ValueType], QualificationState.ValueType
] = {
    (REGISTERED, START_TRIAL): TRIAL,
    (REGISTERED, WITHDRAW): WITHDRAWN,
    (TRIAL, EXTEND_TRIAL): EXTENDED,
    (TRIAL, QUALIFY): QUALIFIED,
    (TRIAL, SUSPEND): SUSPENDED,
    (TRIAL, WITHDRAW): WITHDRAWN,
    (EXTENDED, EXTEND_TRIAL): EXTENDED,
    (EXTENDED, QUALIFY): QUALIFIED,
    (EXTENDED, SUSPEND): SUSPENDED,
    (EXTENDED, WITHDRAW): WITHDRAWN,
    (QUALIFIED, SUSPEND): SUSPENDED,
    (QUALIFIED, WITHDRAW): WITHDRAWN,
    (SUSPENDED, WITHDRAW): WITHDRAWN,
    (WITHDRAWN, REINSTATE): REGISTERED,
}

# What must have been done before an act.
NEEDED: Mapping[QualificationAct.ValueType, tuple[QualificationStep.ValueType, ...]] = {
    START_TRIAL: (WEBCAST, PRESENTATION, CHECKLIST),
    QUALIFY: tuple(ACTORS),
}

# Acts that must have a reason, for whoever asks later.
REASONED = frozenset({SUSPEND, WITHDRAW, REINSTATE})

# Whoever no longer takes part can only be stopped.
OF_ACTIVE = frozenset({START_TRIAL, QUALIFY, RESUME, REINSTATE})

TRYING = frozenset({TRIAL, EXTENDED})


def state_after(
    state: QualificationState.ValueType,
    act: QualificationAct.ValueType,
    suspended: QualificationState.ValueType = QUALIFICATION_STATE_UNSPECIFIED,
) -> QualificationState.ValueType | None:
    """Give the state an act leads to; None when the act cannot be done in this state.

    Args:
        state: Where the school stands.
        act: What is decided.
        suspended: What it was before it was suspended, while it is.

    """
    if (state, act) == (SUSPENDED, RESUME):
        return suspended or None
    return TRANSITIONS.get((state, act))


def missing(
    act: QualificationAct.ValueType, done: Collection[QualificationStep.ValueType]
) -> list[QualificationStep.ValueType]:
    """Give the steps an act needs that are not done, in order."""
    return [step for step in NEEDED.get(act, ()) if step not in done]


def standing(party: School | Swv) -> QualificationState.ValueType:
    """Give where a school or SWV stands; REGISTERED when nothing was said of it."""
    return party.qualification or REGISTERED


def trial_has_ended(party: School | Swv, now: int) -> bool:
    """Tell whether a school is in a trial whose end has come; the trial of an SWV has none."""
    return (
        isinstance(party, School)
        and party.qualification in TRYING
        and party.HasField("trial_end_time")
        and microseconds(party.trial_end_time) <= now
    )


def partners(party: School | Swv, now: int) -> ExchangePartners.ValueType:
    """Tell with whom a school or SWV may exchange at a moment."""
    if party.qualification == QUALIFIED:
        return contract.EXCHANGE_PARTNERS_EVERYBODY
    if party.qualification in TRYING and not trial_has_ended(party, now):
        return contract.EXCHANGE_PARTNERS_TEST_SCHOOLS
    return contract.EXCHANGE_PARTNERS_NOBODY


def state_name(state: QualificationState.ValueType) -> str:
    """Give a state without its prefix, such as `TRIAL`."""
    return QualificationState.Name(state).removeprefix("QUALIFICATION_STATE_")


def act_name(act: QualificationAct.ValueType) -> str:
    """Give an act without its prefix, such as `START_TRIAL`."""
    return contract.QualificationAct.Name(act).removeprefix("QUALIFICATION_ACT_")


def step_name(step: QualificationStep.ValueType) -> str:
    """Give a step without its prefix, such as `WEBCAST_WATCHED`."""
    return contract.QualificationStep.Name(step).removeprefix("QUALIFICATION_STEP_")
