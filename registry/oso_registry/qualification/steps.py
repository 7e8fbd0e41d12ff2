"""What schools say, fill in and sign, at their own desk or their board's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1 import qualification_pb2 as contract
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import invalid
from oso_registry.parties.registers import SCHOOL
from oso_registry.qualification import material, model
from oso_registry.qualification.records import mark, to_change, told, unmark
from oso_registry.qualification.resources import (
    QUALIFICATIONS,
    SUBMISSIONS,
    party_of,
    qualification_of,
)
from oso_registry.resources import new, page
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from oso.registry.v1.qualification_pb2 import (
        Checklist,
        ChecklistSubmission,
        Qualification,
        QualificationStep,
    )
    from oso.registry.v1.qualification_service_pb2 import ListChecklistSubmissionsRequest
    from oso_registry.store import Transaction

STATED = frozenset({model.WEBCAST, model.PRESENTATION})


def state_step(
    tx: Transaction, name: str, step: QualificationStep.ValueType, etag: str = ""
) -> Qualification:
    """Take a school's word for a step that is taken on its word.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, ETAG_STALE, PARTY_CLOSED, QUALIFICATION_STATE;
            REQUEST_INVALID for what is seen, filled in, signed or decided.

    """
    if step not in STATED:
        raise invalid("step", "cannot be stated: it is seen, filled in, signed or decided")
    school, record = to_change(tx, name, etag, model.step_name(step))
    if mark(record, step, tx.now, system=tx.caller.system_id):
        record = tx.put(QUALIFICATIONS, record)
    return told(tx, school, record)


def sign_declaration(tx: Transaction, name: str, declaration: str, etag: str = "") -> Qualification:
    """Keep that a school signed the declaration in force, with which certificate.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, ETAG_STALE, PARTY_CLOSED, QUALIFICATION_STATE,
            DOCUMENT_SUPERSEDED.

    """
    school, record = to_change(tx, name, etag, model.step_name(model.DECLARATION))
    signed = material.current_declaration(declaration, tx.now.date())
    if _signed_before(record) != signed.name:
        unmark(record, model.DECLARATION)
        evidence = (
            f"{signed.name} sha256:{signed.sha256.hex()}"
            f" certificate:{tx.caller.certificate_sha256.hex()}"
        )
        mark(record, model.DECLARATION, tx.now, system=tx.caller.system_id, evidence=evidence)
        record = tx.put(QUALIFICATIONS, record)
    return told(tx, school, record)


def _signed_before(record: Qualification) -> str:
    """Give the name of the declaration that was signed; empty when none was."""
    signed = [one.evidence for one in record.steps if one.step == model.DECLARATION]
    return signed[0].partition(" ")[0] if signed else ""


def submit_checklist(
    tx: Transaction, parent: str, given: ChecklistSubmission
) -> ChecklistSubmission:
    """Keep a checklist as a school filled it in, beside those it filled in before.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED, PARTY_CLOSED, QUALIFICATION_STATE,
            DOCUMENT_SUPERSEDED; REQUEST_INVALID with what is wrong in the answers.

    """
    what = model.step_name(model.CHECKLIST)
    school, record = to_change(tx, qualification_of(parent), "", what)
    count = len(tx.list(SUBMISSIONS, SUBMISSIONS.table.c.school == school.name))
    name = f"{school.name}/checklistSubmissions/{count + 1:04d}"
    made = new(tx, SUBMISSIONS, given, name, "checklist_submission")
    _settle_answers(made, material.current_checklist(made.checklist, tx.now.date()))
    made.system = f"systems/{tx.caller.system_id}"
    made = tx.put(SUBMISSIONS, made)
    unmark(record, model.CHECKLIST)
    evidence = f"{made.checklist} {made.name}"
    mark(record, model.CHECKLIST, tx.now, system=tx.caller.system_id, evidence=evidence)
    tx.put(QUALIFICATIONS, record)
    return made


def _settle_answers(made: ChecklistSubmission, checklist: Checklist) -> None:
    """Refuse answers that do not fit the questions; put them in their order, and count the NOs."""
    at = "checklist_submission.answers"
    asked = [question.id for question in checklist.questions]
    answers = {answer.question_id: answer for answer in made.answers}
    wrong = [
        (at, f"{one} is no question of {checklist.name}") for one in answers if one not in asked
    ]
    wrong += [(at, f"{one} is not answered") for one in asked if one not in answers]
    if len(answers) < len(made.answers):
        wrong.append((at, "a question is answered more than once"))
    wrong += [
        (at, f"{answer.question_id} needs an explanation")
        for answer in answers.values()
        if answer.reply != contract.CHECKLIST_REPLY_YES and not answer.explanation.strip()
    ]
    if wrong:
        detail = "; ".join(text for _, text in wrong)[:500]
        raise OsoError(codes.RESULT_CODE_REQUEST_INVALID, violations=wrong[:20], detail=detail)
    ordered = [answers[one] for one in asked]
    del made.answers[:]
    made.answers.extend(ordered)
    made.no_count = sum(answer.reply == contract.CHECKLIST_REPLY_NO for answer in ordered)


def get_submission(tx: Transaction, name: str) -> ChecklistSubmission:
    """Give a checklist as a school the caller sees filled it in.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

    """
    SCHOOL.get(tx, party_of(name))
    return tx.require(SUBMISSIONS, name)


def list_submissions(
    tx: Transaction, request: ListChecklistSubmissionsRequest
) -> tuple[list[ChecklistSubmission], str]:
    """Give a page of the checklists a school filled in, and the token of the next.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

    """
    school = SCHOOL.get(tx, request.parent)
    return page(tx, SUBMISSIONS, request, SUBMISSIONS.table.c.school == school.name)
