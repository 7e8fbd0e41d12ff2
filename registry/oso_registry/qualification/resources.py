"""Qualification and admission as resources: one for each school, SWV and supplier (AIP-156)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.registry.v1.admission_pb2 import Admission
from oso.registry.v1.qualification_pb2 import ChecklistSubmission, Qualification
from oso_registry.qualification import model
from oso_registry.qualification.tables import (
    AdmissionRow,
    ChecklistSubmissionRow,
    QualificationRow,
)
from oso_registry.store import Collection

if TYPE_CHECKING:
    from oso.registry.v1.qualification_pb2 import QualificationStep

_QUALIFICATION, _ADMISSION = "/qualification", "/admission"


def qualification_of(party: str) -> str:
    """Give the name of the qualification of a school or SWV."""
    return party + _QUALIFICATION


def party_of(name: str) -> str:
    """Give the name of the school or SWV a qualification or a submission belongs to."""
    return "/".join(name.split("/", 2)[:2])


def is_of_swv(name: str) -> bool:
    """Tell whether a qualification is an SWV's; else it is a school's."""
    return name.startswith("swvs/")


def admission_of(supplier: str) -> str:
    """Give the name of the admission of a supplier."""
    return supplier + _ADMISSION


def supplier_of(admission: str) -> str:
    """Give the name of the supplier an admission is of."""
    return admission.removesuffix(_ADMISSION)


def done_steps(qualification: Qualification) -> set[QualificationStep.ValueType]:
    """Give the steps that are done."""
    return {one.step for one in qualification.steps if one.HasField("done_time")}


def _searched(qualification: Qualification) -> dict[str, Any]:
    done = done_steps(qualification)
    return {
        "school": party_of(qualification.name),
        "certificate_seen": model.CERTIFICATE in done,
        "exchange_seen": model.EXCHANGE in done,
    }


# Where a school stands lies with the school, where its readers look.
QUALIFICATIONS = Collection(
    Qualification,
    QualificationRow,
    derived=["state", "trial_end_time", "partners"],
    extra=_searched,
)
SUBMISSIONS = Collection(
    ChecklistSubmission,
    ChecklistSubmissionRow,
    output_only=["system", "no_count"],
    extra=lambda submission: {"school": party_of(submission.name)},
)
ADMISSIONS = Collection(Admission, AdmissionRow, derived=["state"])
