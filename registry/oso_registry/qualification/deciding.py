"""What registrars decide about schools."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from oso.registry.v1 import qualification_pb2 as contract
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import invalid
from oso_registry.mandates.mandates import require_moment
from oso_registry.parties.register import require_active, require_etag
from oso_registry.parties.registers import SCHOOL
from oso_registry.parties.resources import SCHOOLS
from oso_registry.qualification import model
from oso_registry.qualification.records import cannot, mark, note_decision, record_of, told, unmark
from oso_registry.qualification.resources import QUALIFICATIONS, done_steps, party_of
from oso_registry.store import microseconds_of
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp
    from google.type.date_pb2 import Date

    from oso.registry.v1.party_pb2 import School
    from oso.registry.v1.qualification_pb2 import Evaluation, Qualification
    from oso.registry.v1.qualification_service_pb2 import ActOnQualificationRequest
    from oso_registry.store import Transaction

_AFTER_A_TRIAL = frozenset({model.QUALIFY, model.WITHDRAW, model.REINSTATE})


def record_evaluation(
    tx: Transaction, name: str, evaluation: Evaluation, etag: str = ""
) -> Qualification:
    """Keep what an evaluation talk came to; with EXTEND the trial goes on.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, PARTY_CLOSED, REQUEST_INVALID; QUALIFICATION_STATE
            for a school in no trial.

    """
    school, record = _found(tx, name, etag)
    require_active(school)
    if school.qualification not in model.TRYING:
        raise cannot(school, "EVALUATE")
    require_past_day(tx, "evaluation.date", evaluation.date)
    unmark(record, model.EVALUATION)
    record.evaluation.CopyFrom(evaluation)
    if evaluation.outcome == contract.EVALUATION_OUTCOME_EXTEND:
        _require_end(tx, "evaluation.trial_end_time", record.evaluation.trial_end_time, given=True)
        school.trial_end_time.CopyFrom(record.evaluation.trial_end_time)
        return _decided(tx, school, record, model.EXTEND_TRIAL, evaluation.remark)
    given = evaluation.HasField("trial_end_time")
    _require_end(tx, "evaluation.trial_end_time", evaluation.trial_end_time, given=given, no=True)
    mark(record, model.EVALUATION, tx.now, system=tx.caller.system_id)
    return told(tx, school, tx.put(QUALIFICATIONS, record))


def act(tx: Transaction, request: ActOnQualificationRequest) -> Qualification:
    """Decide about a school.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, REQUEST_INVALID, PARTY_CLOSED, QUALIFICATION_STATE,
            QUALIFICATION_STEPS_MISSING.

    """
    school, record = _found(tx, request.name, request.etag)
    if model.state_after(model.standing(school), request.act, record.suspended_state) is None:
        raise cannot(school, model.act_name(request.act))
    if request.act in model.OF_ACTIVE:
        require_active(school)
    if request.act in model.REASONED and not request.reason.strip():
        raise invalid("reason", "is needed: say why")
    begins = request.act == model.START_TRIAL
    given = request.HasField("trial_end_time")
    _require_end(tx, "trial_end_time", request.trial_end_time, given=given, no=not begins)
    _require_steps(school, record, request)
    if begins:
        school.trial_end_time.CopyFrom(request.trial_end_time)
    return _decided(tx, school, record, request.act, request.reason)


def require_past_day(tx: Transaction, field: str, day: Date) -> None:
    """Refuse a day no calendar has, or that is still to come.

    Raises:
        OsoError: REQUEST_INVALID.

    """
    try:
        named = date(day.year, day.month, day.day)
    except ValueError:
        raise invalid(field, "is no day of the calendar") from None
    if named > tx.now.date():
        raise invalid(field, "is still to come")


def _found(tx: Transaction, name: str, etag: str) -> tuple[School, Qualification]:
    school = SCHOOL.get(tx, party_of(name))
    record = record_of(tx, school.name)
    require_etag(record, etag)
    return school, record


def _require_end(
    tx: Transaction, field: str, moment: Timestamp, *, given: bool, no: bool = False
) -> None:
    """Refuse an end of a trial where none belongs, or one that is not to come."""
    if no:
        if given:
            raise invalid(field, "does not belong here")
        return
    require_moment(field, moment)
    if moment.ToMicroseconds() <= microseconds_of(tx.now):
        raise invalid(field, "is needed, and must be still to come")


def _require_steps(
    school: School, record: Qualification, request: ActOnQualificationRequest
) -> None:
    """Refuse an act whose steps are not done. A test school is OSO's own: it has no steps."""
    missing = model.missing(request.act, done_steps(record))
    if missing and not school.test_school:
        raise OsoError(
            codes.RESULT_CODE_QUALIFICATION_STEPS_MISSING,
            school=school.name,
            steps=", ".join(model.step_name(step) for step in missing),
        )


def _decided(
    tx: Transaction,
    school: School,
    record: Qualification,
    what: contract.QualificationAct.ValueType,
    reason: str,
) -> Qualification:
    """Bring a school where a decision leads, and write it with the decision."""
    before = model.standing(school)
    after = model.state_after(before, what, record.suspended_state)
    if after is None:
        raise cannot(school, model.act_name(what))
    school.qualification = after
    if what in _AFTER_A_TRIAL:
        school.ClearField("trial_end_time")
    if what == model.REINSTATE:
        del record.steps[:]
        record.ClearField("evaluation")
    note_decision(tx, record, before, what, reason)
    school = tx.put(SCHOOLS, school)
    return told(tx, school, tx.put(QUALIFICATIONS, record))
