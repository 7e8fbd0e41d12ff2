"""The edge of qualification and admission: from messages to calls of the services, and back."""

# ruff: noqa: N802  the names are the contract's

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.registry.v1 import qualification_service_pb2 as messages
from oso.registry.v1 import qualification_service_pb2_grpc as stubs
from oso.registry.v1.party_pb2 import ProductQualification
from oso_registry.parties.rpc import Calls
from oso_registry.qualification import (
    admission,
    deciding,
    material,
    products,
    records,
    steps,
    swvs,
)
from oso_registry.qualification.resources import is_of_swv
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from oso_registry.calls import Office


class QualificationServicer(Calls, stubs.QualificationServiceServicer):
    """Serves `oso.registry.v1.QualificationService`; the contract has the promises."""

    async def GetQualification(
        self, request: messages.GetQualificationRequest, _: Any
    ) -> messages.GetQualificationResponse:
        """Tell how far a school or SWV has come."""
        swv = is_of_swv(request.name)
        get = swvs.get_swv_qualification if swv else records.get_qualification
        return await self.look(
            lambda tx: messages.GetQualificationResponse(qualification=get(tx, request.name))
        )

    async def ListQualifications(
        self, request: messages.ListQualificationsRequest, _: Any
    ) -> messages.ListQualificationsResponse:
        """Give a page of how far schools have come."""
        found, token = await self.look(lambda tx: records.list_qualifications(tx, request))
        return messages.ListQualificationsResponse(qualifications=found, next_page_token=token)

    async def StateStep(
        self, request: messages.StateStepRequest, _: Any
    ) -> messages.StateStepResponse:
        """Take a school's word for a step."""
        return await self.change(
            request,
            lambda tx: messages.StateStepResponse(
                qualification=steps.state_step(tx, request.name, request.step, request.etag)
            ),
        )

    async def GetChecklist(
        self, request: messages.GetChecklistRequest, _: Any
    ) -> messages.GetChecklistResponse:
        """Give a checklist."""
        return await self.look(
            lambda tx: messages.GetChecklistResponse(
                checklist=material.checklist(request.name, tx.now.date())
            )
        )

    async def SubmitChecklist(
        self, request: messages.SubmitChecklistRequest, _: Any
    ) -> messages.SubmitChecklistResponse:
        """Keep a checklist as a school filled it in."""
        return await self.change(
            request,
            lambda tx: messages.SubmitChecklistResponse(
                checklist_submission=steps.submit_checklist(
                    tx, request.parent, request.checklist_submission
                )
            ),
        )

    async def GetChecklistSubmission(
        self, request: messages.GetChecklistSubmissionRequest, _: Any
    ) -> messages.GetChecklistSubmissionResponse:
        """Give a checklist as a school filled it in."""
        return await self.look(
            lambda tx: messages.GetChecklistSubmissionResponse(
                checklist_submission=steps.get_submission(tx, request.name)
            )
        )

    async def ListChecklistSubmissions(
        self, request: messages.ListChecklistSubmissionsRequest, _: Any
    ) -> messages.ListChecklistSubmissionsResponse:
        """Give a page of the checklists a school filled in."""
        found, token = await self.look(lambda tx: steps.list_submissions(tx, request))
        return messages.ListChecklistSubmissionsResponse(
            checklist_submissions=found, next_page_token=token
        )

    async def GetDeclaration(
        self, request: messages.GetDeclarationRequest, _: Any
    ) -> messages.GetDeclarationResponse:
        """Give a declaration."""
        return await self.look(
            lambda tx: messages.GetDeclarationResponse(
                declaration=material.declaration(request.name, tx.now.date())
            )
        )

    async def SignDeclaration(
        self, request: messages.SignDeclarationRequest, _: Any
    ) -> messages.SignDeclarationResponse:
        """Keep that a school signed its declaration."""
        return await self.change(
            request,
            lambda tx: messages.SignDeclarationResponse(
                qualification=steps.sign_declaration(
                    tx, request.name, request.declaration, request.etag
                )
            ),
        )

    async def RecordEvaluation(
        self, request: messages.RecordEvaluationRequest, _: Any
    ) -> messages.RecordEvaluationResponse:
        """Record an evaluation talk."""
        return await self.change(
            request,
            lambda tx: messages.RecordEvaluationResponse(
                qualification=deciding.record_evaluation(
                    tx, request.name, request.evaluation, request.etag
                )
            ),
        )

    async def ActOnQualification(
        self, request: messages.ActOnQualificationRequest, _: Any
    ) -> messages.ActOnQualificationResponse:
        """Decide about a school or SWV."""
        act = swvs.act_on_swv if is_of_swv(request.name) else deciding.act
        return await self.change(
            request,
            lambda tx: messages.ActOnQualificationResponse(qualification=act(tx, request)),
        )

    async def GetAdmission(
        self, request: messages.GetAdmissionRequest, _: Any
    ) -> messages.GetAdmissionResponse:
        """Tell how far the admission of a supplier has come."""
        return await self.look(
            lambda tx: messages.GetAdmissionResponse(
                admission=admission.get_admission(tx, request.name)
            )
        )

    async def ListAdmissions(
        self, request: messages.ListAdmissionsRequest, _: Any
    ) -> messages.ListAdmissionsResponse:
        """Give a page of admissions."""
        found, token = await self.look(lambda tx: admission.list_admissions(tx, request))
        return messages.ListAdmissionsResponse(admissions=found, next_page_token=token)

    async def DecideAdmissionPoint(
        self, request: messages.DecideAdmissionPointRequest, _: Any
    ) -> messages.DecideAdmissionPointResponse:
        """Record the decision on a point."""
        return await self.change(
            request,
            lambda tx: messages.DecideAdmissionPointResponse(
                admission=admission.decide_point(tx, request.name, request.point, request.etag)
            ),
        )

    async def WithdrawAdmission(
        self, request: messages.WithdrawAdmissionRequest, _: Any
    ) -> messages.WithdrawAdmissionResponse:
        """Take an admission back."""
        return await self.change(
            request,
            lambda tx: messages.WithdrawAdmissionResponse(
                admission=admission.withdraw_admission(
                    tx, request.name, request.reason, request.etag, force=request.force
                )
            ),
        )

    async def ReinstateAdmission(
        self, request: messages.ReinstateAdmissionRequest, _: Any
    ) -> messages.ReinstateAdmissionResponse:
        """Let a supplier begin its admission again."""
        return await self.change(
            request,
            lambda tx: messages.ReinstateAdmissionResponse(
                admission=admission.reinstate_admission(
                    tx, request.name, request.reason, request.etag
                )
            ),
        )

    async def QualifyProduct(
        self, request: messages.QualifyProductRequest, _: Any
    ) -> messages.QualifyProductResponse:
        """Record what a product was qualified for."""
        return await self.change(
            request,
            lambda tx: messages.QualifyProductResponse(
                product=products.qualify_product(
                    tx, request.name, request.qualification, request.etag
                )
            ),
        )

    async def RevokeProductQualification(
        self, request: messages.RevokeProductQualificationRequest, _: Any
    ) -> messages.RevokeProductQualificationResponse:
        """End what a product was qualified for."""
        which = ProductQualification(
            profile=request.profile, role=request.role, dossier_year=request.dossier_year
        )
        return await self.change(
            request,
            lambda tx: messages.RevokeProductQualificationResponse(
                product=products.revoke_product_qualification(tx, request.name, which, request.etag)
            ),
        )


def registration(office: Office) -> Registration:
    """Give what a server needs to serve it."""
    return Registration(
        messages.DESCRIPTOR.services_by_name["QualificationService"].full_name,
        lambda server: stubs.add_QualificationServiceServicer_to_server(
            QualificationServicer(office), server
        ),
    )
