"""What the contract itself refuses of requests, before any service is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import protovalidate
import pytest
from google.protobuf.json_format import ParseDict

from oso.registry.v1 import qualification_service_pb2 as messages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from google.protobuf.message import Message

_SCHOOL, _SUPPLIER = "schools/00SS", "suppliers/00000099000000901000"
_Q, _A, _P = f"{_SCHOOL}/qualification", f"{_SUPPLIER}/admission", f"{_SUPPLIER}/products/las-1"
_ID = {"request_id": "0a4f3a3e-35c5-4b5c-9f0f-3f6bb2f5f2a1"}
_DAY = {"year": 2026, "month": 3, "day": 1}
_PRODUCT = {"profile": "POVO", "role": 1, "dossier_year": "2019.1"}
_POINT = {"point": 4, "decision": 1, "date": _DAY}
_TALK = {"outcome": 1, "date": _DAY}


@pytest.mark.parametrize(
    ("request_", "good", "bad"),
    [
        (messages.GetQualificationRequest, {"name": _Q}, {"name": _SCHOOL}),
        (messages.GetQualificationRequest, {"name": _Q}, {"name": f"{_Q}/x"}),
        (messages.ListQualificationsRequest, {}, {"board": "x"}),
        (messages.ListQualificationsRequest, {"state": 2}, {"state": 99}),
        (messages.ListQualificationsRequest, {"page_size": 5}, {"page_size": -1}),
        (messages.StateStepRequest, _ID | {"name": _Q, "step": 1}, {"step": 0}),
        (messages.StateStepRequest, _ID | {"name": _Q, "step": 2}, {"step": 3}),
        (messages.StateStepRequest, _ID | {"name": _Q, "step": 2}, {"step": 4}),
        (messages.StateStepRequest, _ID | {"name": _Q, "step": 2}, {"step": 5}),
        (messages.StateStepRequest, _ID | {"name": _Q, "step": 2}, {"step": 6}),
        (messages.StateStepRequest, _ID | {"name": _Q, "step": 2}, {"step": 7}),
        (messages.StateStepRequest, _ID | {"name": _Q, "step": 2}, {"request_id": "x"}),
        (messages.GetChecklistRequest, {"name": "checklists/current"}, {"name": "checklists/../x"}),
        (messages.GetDeclarationRequest, {"name": "declarations/2026.1"}, {"name": "x"}),
        (
            messages.SignDeclarationRequest,
            _ID | {"name": _Q, "declaration": "declarations/2026.1"},
            {"declaration": "declarations/current"},
        ),
        (messages.SubmitChecklistRequest, _ID | {"parent": _SCHOOL}, {"request_id": ""}),
        (messages.ListChecklistSubmissionsRequest, {"parent": _SCHOOL}, {"parent": "schools/-"}),
        (
            messages.GetChecklistSubmissionRequest,
            {"name": f"{_SCHOOL}/checklistSubmissions/0001"},
            {"name": f"{_SCHOOL}/checklistSubmissions/1"},
        ),
        (messages.RecordEvaluationRequest, _ID | {"name": _Q, "evaluation": _TALK}, {"name": ""}),
        (
            messages.RecordEvaluationRequest,
            _ID | {"name": _Q, "evaluation": _TALK},
            {"evaluation": {"outcome": 1}},
        ),
        (
            messages.RecordEvaluationRequest,
            _ID | {"name": _Q, "evaluation": _TALK},
            {"evaluation": {"date": _DAY}},
        ),
        (messages.ActOnQualificationRequest, _ID | {"name": _Q, "act": 1}, {"act": 0}),
        (messages.ActOnQualificationRequest, _ID | {"name": _Q, "act": 3}, {"act": 2}),
        (messages.ActOnQualificationRequest, _ID | {"name": _Q, "act": 3}, {"act": 99}),
        (
            messages.ActOnQualificationRequest,
            _ID | {"name": _Q, "act": 3},
            {"reason": "x" * 1001},
        ),
        (messages.GetAdmissionRequest, {"name": _A}, {"name": _SUPPLIER}),
        (messages.ListAdmissionsRequest, {"state": 2}, {"state": 99}),
        (
            messages.DecideAdmissionPointRequest,
            _ID | {"name": _A, "point": _POINT},
            {"point": {"decision": 1}},
        ),
        (
            messages.WithdrawAdmissionRequest,
            _ID | {"name": _A, "reason": "x", "force": True},
            {"reason": ""},
        ),
        (messages.ReinstateAdmissionRequest, _ID | {"name": _A, "reason": "x"}, {"reason": ""}),
        (
            messages.QualifyProductRequest,
            _ID | {"name": _P, "qualification": _PRODUCT},
            {"name": f"{_SUPPLIER}/products/"},
        ),
        (
            messages.QualifyProductRequest,
            _ID | {"name": _P, "qualification": _PRODUCT},
            {"qualification": {"profile": "POVO"}},
        ),
        (
            messages.RevokeProductQualificationRequest,
            _ID | {"name": _P} | _PRODUCT,
            {"role": 0},
        ),
        (
            messages.RevokeProductQualificationRequest,
            _ID | {"name": _P} | _PRODUCT,
            {"dossier_year": "x"},
        ),
    ],
)
def test_a_request_with_one_thing_wrong_is_refused(
    request_: type[Message], good: Mapping[str, object], bad: Mapping[str, object]
) -> None:
    """Names, ids, enums, texts; and nobody states a step that is seen, signed or decided."""

    def wrong(values: Mapping[str, object]) -> bool:
        return bool(protovalidate.collect_violations(ParseDict(dict(values), request_())))

    assert (False, True) == (wrong(good), wrong({**good, **bad}))
