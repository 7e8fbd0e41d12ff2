"""The record of what a school has done: finding it, telling it, and marking a step done in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.options.v1.access_pb2 import ROLE_SUPPLIER
from oso.registry.v1.qualification_pb2 import Qualification, QualificationDecision, StepStatus
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.parties.register import require_active, require_etag
from oso_registry.parties.registers import SCHOOL
from oso_registry.parties.resources import SCHOOLS
from oso_registry.parties.sight import seen_by
from oso_registry.qualification import model
from oso_registry.qualification.resources import (
    QUALIFICATIONS,
    done_steps,
    party_of,
    qualification_of,
)
from oso_registry.resources import page
from oso_registry.store import microseconds_of
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from datetime import datetime

    from oso.directory.v1.directory_pb2 import QualificationState
    from oso.registry.v1.party_pb2 import School, Swv
    from oso.registry.v1.qualification_pb2 import QualificationAct, QualificationStep
    from oso.registry.v1.qualification_service_pb2 import ListQualificationsRequest
    from oso_registry.store import Transaction

_SCHOOL = SCHOOLS.table.c


def get_qualification(tx: Transaction, name: str) -> Qualification:
    """Tell how far a school the caller sees has come.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

    """
    school = SCHOOL.get(tx, party_of(name))
    return shown(tx, told(tx, school, record_of(tx, school.name)))


def list_qualifications(
    tx: Transaction, request: ListQualificationsRequest
) -> tuple[list[Qualification], str]:
    """Give a page of how far schools the caller sees have come, and the token of the next."""
    where = seen_by(tx.caller, SCHOOL.sight)
    if request.state:
        where.append(_SCHOOL.qualification == request.state)
    if request.board:
        where.append(_SCHOOL.board == request.board)
    if request.trial_ended:
        where.append(_SCHOOL.qualification.in_(model.TRYING))
        where.append(_SCHOOL.trial_end_time <= microseconds_of(tx.now))
    found, token = page(tx, SCHOOLS, request, *where)
    tx.load(QUALIFICATIONS, [qualification_of(school.name) for school in found])
    return [shown(tx, told(tx, school, record_of(tx, school.name))) for school in found], token


def record_of(tx: Transaction, party: str) -> Qualification:
    """Give the record of a school or SWV, as it is kept; an empty one when nothing was done."""
    name = qualification_of(party)
    return tx.get(QUALIFICATIONS, name) or Qualification(name=name)


def told(tx: Transaction, school: School, record: Qualification) -> Qualification:
    """Give a record as the contract has it: with state, end of trial and all seven steps."""
    record.state = model.standing(school)
    record.partners = model.partners(school, microseconds_of(tx.now))
    record.ClearField("trial_end_time")
    if school.HasField("trial_end_time"):
        record.trial_end_time.CopyFrom(school.trial_end_time)
    known = {one.step: one for one in record.steps}
    steps = [known.get(step, StepStatus(step=step)) for step in model.ACTORS]
    del record.steps[:]
    record.steps.extend(steps)
    for status in record.steps:
        status.actor = model.ACTORS[status.step]
    return record


def shown(tx: Transaction, qualification: Qualification) -> Qualification:
    """Leave out for a supplier what is between the school or SWV and OfficeHeart."""
    if tx.caller.role == ROLE_SUPPLIER:
        qualification.last_decision.ClearField("reason")
        qualification.evaluation.ClearField("remark")
        for status in qualification.steps:
            status.ClearField("evidence")
    return qualification


def to_change(tx: Transaction, name: str, etag: str, what: str) -> tuple[School, Qualification]:
    """Find the school and the record a school wants to add to.

    Args:
        tx: The transaction.
        name: Of the qualification.
        etag: The one that was read, or empty.
        what: What it wants to do, for the refusal.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, ETAG_STALE, PARTY_CLOSED; QUALIFICATION_STATE for a
            school that was withdrawn.

    """
    school = SCHOOL.get(tx, party_of(name))
    record = record_of(tx, school.name)
    require_etag(record, etag)
    require_active(school)
    if school.qualification == model.WITHDRAWN:
        raise cannot(school, what)
    return school, record


def note_decision(
    tx: Transaction,
    record: Qualification,
    before: QualificationState.ValueType,
    act: QualificationAct.ValueType,
    reason: str,
) -> None:
    """Note what was decided of a school or SWV, in a record that is to be written.

    Args:
        tx: The transaction.
        record: The record.
        before: Where it stood before.
        act: What was decided.
        reason: Why.

    """
    record.ClearField("suspended_state")
    if act == model.SUSPEND:
        record.suspended_state = before
    if act == model.REINSTATE:
        record.reinstate_time.FromDatetime(tx.now)
    system = f"systems/{tx.caller.system_id}"
    record.last_decision.CopyFrom(QualificationDecision(act=act, system=system, reason=reason))
    record.last_decision.time.FromDatetime(tx.now)


def cannot(party: School | Swv, what: str) -> OsoError:
    """Make the refusal of what cannot be done with a school or SWV that stands as this one."""
    return OsoError(
        codes.RESULT_CODE_QUALIFICATION_STATE,
        school=party.name,
        state=model.state_name(model.standing(party)),
        act=what,
    )


def mark(
    record: Qualification,
    step: QualificationStep.ValueType,
    time: datetime,
    *,
    system: str = "",
    evidence: str = "",
) -> bool:
    """Mark a step done in a record that is to be written; tell whether that is news.

    A step that was done stays as it was done first.
    """
    if step in done_steps(record):
        return False
    status = StepStatus(step=step, system=f"systems/{system}" if system else "", evidence=evidence)
    status.done_time.FromDatetime(time)
    steps = sorted([*record.steps, status], key=lambda one: one.step)
    del record.steps[:]
    record.steps.extend(steps)
    return True


def unmark(record: Qualification, step: QualificationStep.ValueType) -> None:
    """Take back that a step was done, in a record that is to be written."""
    kept = [one for one in record.steps if one.step != step]
    del record.steps[:]
    record.steps.extend(kept)
