"""A school on its way to be qualified, in the small country of the tests of parties."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.type.date_pb2 import Date

from oso.directory.v1.directory_pb2 import SECTOR_PO
from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import qualification_pb2 as contract
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, School
from oso.registry.v1.qualification_pb2 import (
    ChecklistAnswer,
    ChecklistSubmission,
    Evaluation,
    Qualification,
)
from oso.registry.v1.qualification_service_pb2 import ActOnQualificationRequest
from oso.result.v1.result_code_pb2 import RESULT_CODE_DELIVERED
from oso.trafficcenter.v1.session_pb2 import ClosedSession
from oso_registry.calls import Caller
from oso_registry.parties.resources import SCHOOLS
from oso_registry.qualification import deciding, exchanges, material, model, sightings, steps
from oso_registry.qualification.records import get_qualification

from ..parties import country as of  # noqa: TID252  tests are no package one could name

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

QUALIFICATION = f"{of.SCHOOL}/qualification"
TEST_SCHOOL = "schools/00XX"
SESSION = "0198f1e0-0000-7000-8000-000000000001"
TODAY = Date(year=2026, month=3, day=1)
LAS = Caller("las-school", roles.ROLE_LAS, of.SCHOOL, b"\x01" * 32)


def answers(**replies: contract.ChecklistReply.ValueType) -> list[ChecklistAnswer]:
    """Answer every question with YES, but for some; with an explanation where one is needed."""
    made = []
    for question in material.checklist("checklists/current", of.NOW.date()).questions:
        reply = replies.get(question.id.replace("-", "_"), contract.CHECKLIST_REPLY_YES)
        explained = reply != contract.CHECKLIST_REPLY_YES
        made.append(
            ChecklistAnswer(
                question_id=question.id, reply=reply, explanation="in mei" if explained else ""
            )
        )
    return made


def closed(
    source: str = "00SS", target: str = "00XX", days: float = 0, **changes: Any
) -> ClosedSession:
    """Make a delivered session, closed some days from now."""
    made = ClosedSession(
        session_id=SESSION,
        source_brin=source,
        target_brin=target,
        result=RESULT_CODE_DELIVERED,
        close_time=of.at(days),
        sequence=7,
        checked=True,
    )
    for name, value in changes.items():
        setattr(made, name, value)
    return made


class Trying(of.Country):
    """The small country, and what its school does on its way."""

    def __init__(self) -> None:
        """Register everybody, and a test school."""
        super().__init__()
        self.call().put(
            SCHOOLS,
            School(name=TEST_SCHOOL, display_name="Testschool", sector=SECTOR_PO,
                   status=PARTY_STATUS_ACTIVE, test_school=True),
        )  # fmt: skip

    def now(self, days: float = 0) -> Qualification:
        """Tell how far the school has come."""
        return get_qualification(self.call(days=days), QUALIFICATION)

    def school(self) -> School:
        """Give the school."""
        return self.call().require(SCHOOLS, of.SCHOOL)

    def done(self) -> set[str]:
        """Name the steps that are done."""
        return {model.step_name(one.step) for one in self.now().steps if one.HasField("done_time")}

    def state(self, name: str = QUALIFICATION, step: Any = model.WEBCAST, **call: Any) -> Any:
        """Take the school's word."""
        return steps.state_step(self.call(of.SCHOOL_MANAGER, **call), name, step)

    def submit(self, given: list[ChecklistAnswer] | None = None, **call: Any) -> Any:
        """Fill in the checklist of the day."""
        submission = ChecklistSubmission(
            checklist="checklists/2026.1", answers=answers() if given is None else given
        )
        return steps.submit_checklist(self.call(of.SCHOOL_MANAGER, **call), of.SCHOOL, submission)

    def sign(self, declaration: str = "declarations/2026.1", **call: Any) -> Qualification:
        """Sign the declaration."""
        caller = Caller("school", roles.ROLE_SCHOOL_MANAGER, of.SCHOOL, b"\x02" * 32)
        return steps.sign_declaration(self.call(caller, **call), QUALIFICATION, declaration)

    def act(
        self,
        what: contract.QualificationAct.ValueType,
        *,
        end: Timestamp | None = None,
        days: float = 0,
        **given: Any,
    ) -> Qualification:
        """Decide, as a registrar."""
        given.setdefault("name", QUALIFICATION)
        request = ActOnQualificationRequest(act=what, trial_end_time=end, **given)
        return deciding.act(self.call(days=days), request)

    def evaluate(self, outcome: Any, days: float = 0, **changes: Any) -> Qualification:
        """Record a talk of the day itself."""
        made: Any = Evaluation(outcome=outcome, date=TODAY)
        for name, value in changes.items():
            if value is None:
                made.ClearField(name)
            elif isinstance(value, str):
                setattr(made, name, value)
            else:
                getattr(made, name).CopyFrom(value)
        return deciding.record_evaluation(self.call(days=days), QUALIFICATION, made)

    def see_certificate(self, caller: Caller = LAS, days: float = 0) -> int:
        """See a valid call of the school's system."""
        return sightings.note_certificate(self.call(days=days), caller)

    def see_exchange(self, *sessions: ClosedSession) -> int:
        """Hear of closed sessions from the Traffic Center."""
        return exchanges.note_exchanges(self.call(), sessions or [closed()])

    def prepare(self) -> None:
        """Do what a trial needs."""
        self.state()
        self.state(step=model.PRESENTATION)
        self.submit()

    def begin(self) -> Qualification:
        """Begin a trial of thirty days."""
        self.prepare()
        return self.act(model.START_TRIAL, end=of.at(30))

    def finish(self) -> None:
        """Begin a trial and do all that is needed to qualify."""
        self.begin()
        self.see_certificate()
        self.see_exchange()
        self.sign()
        self.evaluate(contract.EVALUATION_OUTCOME_QUALIFY)
