"""The edge of the standard: from messages to calls of the services, and back."""

# ruff: noqa: N802  the names are the contract's

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.registry.v1 import dossier_year_service_pb2 as years
from oso.registry.v1 import dossier_year_service_pb2_grpc as years_grpc
from oso_registry.parties.rpc import Calls
from oso_registry.standard.dossier_years import (
    add_dossier_year,
    change_dossier_year,
    get_dossier_year,
    list_dossier_years,
    remove_dossier_year,
)
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from oso_registry.calls import Office
    from oso_registry.store import Transaction


class DossierYearServicer(Calls, years_grpc.DossierYearServiceServicer):
    """Serves `oso.registry.v1.DossierYearService`; the contract has the promises."""

    async def GetDossierYear(
        self, request: years.GetDossierYearRequest, _: Any
    ) -> years.GetDossierYearResponse:
        """Give a year."""
        return await self.look(
            lambda tx: years.GetDossierYearResponse(dossier_year=get_dossier_year(tx, request.name))
        )

    async def ListDossierYears(
        self, request: years.ListDossierYearsRequest, _: Any
    ) -> years.ListDossierYearsResponse:
        """Give a page of years."""
        found, token = await self.look(lambda tx: list_dossier_years(tx, request))
        return years.ListDossierYearsResponse(dossier_years=found, next_page_token=token)

    async def CreateDossierYear(
        self, request: years.CreateDossierYearRequest, _: Any
    ) -> years.CreateDossierYearResponse:
        """Register a year."""
        return await self.change(
            request,
            lambda tx: years.CreateDossierYearResponse(
                dossier_year=add_dossier_year(tx, request.dossier_year, request.dossier_year_id)
            ),
        )

    async def UpdateDossierYear(
        self, request: years.UpdateDossierYearRequest, _: Any
    ) -> years.UpdateDossierYearResponse:
        """Change a year."""
        return await self.change(
            request,
            lambda tx: years.UpdateDossierYearResponse(
                dossier_year=change_dossier_year(tx, request.dossier_year, request.update_mask)
            ),
        )

    async def DeleteDossierYear(
        self, request: years.DeleteDossierYearRequest, _: Any
    ) -> years.DeleteDossierYearResponse:
        """Take a year away."""

        def work(tx: Transaction) -> years.DeleteDossierYearResponse:
            remove_dossier_year(tx, request.name, request.etag)
            return years.DeleteDossierYearResponse()

        return await self.change(request, work)


def registrations(office: Office) -> list[Registration]:
    """Give what a server needs to serve all of the standard."""
    return [
        Registration(
            years.DESCRIPTOR.services_by_name["DossierYearService"].full_name,
            lambda server: years_grpc.add_DossierYearServiceServicer_to_server(
                DossierYearServicer(office), server
            ),
        ),
    ]
