"""The edge of the standard: from messages to calls of the services, and back."""

# ruff: noqa: N802  the names are the contract's

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from oso.registry.v1 import dossier_year_service_pb2 as years
from oso.registry.v1 import dossier_year_service_pb2_grpc as years_grpc
from oso.registry.v1 import test_code_service_pb2 as table
from oso.registry.v1 import test_code_service_pb2_grpc as table_grpc
from oso_registry.parties.rpc import Calls
from oso_registry.standard.codes import add_code, change_code, get_code, list_codes, remove_code
from oso_registry.standard.dossier_years import (
    add_dossier_year,
    change_dossier_year,
    get_dossier_year,
    list_dossier_years,
    remove_dossier_year,
)
from oso_registry.standard.exchange import export_codes, import_codes, read_file
from oso_registry.standard.releases import (
    begin_release,
    change_release,
    compare_releases,
    discard_release,
    get_release,
    list_releases,
    publish_release,
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


class TestCodeServicer(Calls, table_grpc.TestCodeServiceServicer):
    """Serves `oso.registry.v1.TestCodeService`; the contract has the promises."""

    async def GetTestCodeRelease(
        self, request: table.GetTestCodeReleaseRequest, _: Any
    ) -> table.GetTestCodeReleaseResponse:
        """Give a release."""
        return await self.look(
            lambda tx: table.GetTestCodeReleaseResponse(
                test_code_release=get_release(tx, request.name)
            )
        )

    async def ListTestCodeReleases(
        self, request: table.ListTestCodeReleasesRequest, _: Any
    ) -> table.ListTestCodeReleasesResponse:
        """Give a page of releases."""
        found, token = await self.look(lambda tx: list_releases(tx, request))
        return table.ListTestCodeReleasesResponse(test_code_releases=found, next_page_token=token)

    async def CreateTestCodeRelease(
        self, request: table.CreateTestCodeReleaseRequest, _: Any
    ) -> table.CreateTestCodeReleaseResponse:
        """Begin a draft."""
        return await self.change(
            request,
            lambda tx: table.CreateTestCodeReleaseResponse(
                test_code_release=begin_release(tx, request.test_code_release)
            ),
        )

    async def UpdateTestCodeRelease(
        self, request: table.UpdateTestCodeReleaseRequest, _: Any
    ) -> table.UpdateTestCodeReleaseResponse:
        """Change the note of a draft."""
        return await self.change(
            request,
            lambda tx: table.UpdateTestCodeReleaseResponse(
                test_code_release=change_release(tx, request.test_code_release, request.update_mask)
            ),
        )

    async def DeleteTestCodeRelease(
        self, request: table.DeleteTestCodeReleaseRequest, _: Any
    ) -> table.DeleteTestCodeReleaseResponse:
        """Throw a draft away."""

        def work(tx: Transaction) -> table.DeleteTestCodeReleaseResponse:
            discard_release(tx, request.name, request.etag)
            return table.DeleteTestCodeReleaseResponse()

        return await self.change(request, work)

    async def PublishTestCodeRelease(
        self, request: table.PublishTestCodeReleaseRequest, _: Any
    ) -> table.PublishTestCodeReleaseResponse:
        """Publish a draft."""
        return await self.change(
            request,
            lambda tx: table.PublishTestCodeReleaseResponse(
                test_code_release=publish_release(tx, request.name, request.etag)
            ),
        )

    async def GetTestCode(
        self, request: table.GetTestCodeRequest, _: Any
    ) -> table.GetTestCodeResponse:
        """Give a code."""
        return await self.look(
            lambda tx: table.GetTestCodeResponse(test_code=get_code(tx, request.name))
        )

    async def ListTestCodes(
        self, request: table.ListTestCodesRequest, _: Any
    ) -> table.ListTestCodesResponse:
        """Give a page of codes."""
        found, token = await self.look(lambda tx: list_codes(tx, request))
        return table.ListTestCodesResponse(test_codes=found, next_page_token=token)

    async def CreateTestCode(
        self, request: table.CreateTestCodeRequest, _: Any
    ) -> table.CreateTestCodeResponse:
        """Add a code to a draft."""
        return await self.change(
            request,
            lambda tx: table.CreateTestCodeResponse(
                test_code=add_code(tx, request.parent, request.test_code, request.test_code_id)
            ),
        )

    async def UpdateTestCode(
        self, request: table.UpdateTestCodeRequest, _: Any
    ) -> table.UpdateTestCodeResponse:
        """Change a code in a draft."""
        return await self.change(
            request,
            lambda tx: table.UpdateTestCodeResponse(
                test_code=change_code(tx, request.test_code, request.update_mask)
            ),
        )

    async def DeleteTestCode(
        self, request: table.DeleteTestCodeRequest, _: Any
    ) -> table.DeleteTestCodeResponse:
        """Take a code out of a draft."""

        def work(tx: Transaction) -> table.DeleteTestCodeResponse:
            remove_code(tx, request.name, request.etag)
            return table.DeleteTestCodeResponse()

        return await self.change(request, work)

    async def CompareTestCodeReleases(
        self, request: table.CompareTestCodeReleasesRequest, _: Any
    ) -> table.CompareTestCodeReleasesResponse:
        """Tell what differs between two releases."""
        return await self.look(
            lambda tx: table.CompareTestCodeReleasesResponse(
                differences=compare_releases(tx, request.earlier, request.later)
            )
        )

    async def ImportTestCodes(
        self, request: table.ImportTestCodesRequest, _: Any
    ) -> table.ImportTestCodesResponse:
        """Replace the codes of a draft by those of a file."""
        read = await asyncio.to_thread(read_file, request.content)
        if request.validate_only:
            return await self.look(lambda tx: import_codes(tx, request, read))
        return await self.change(request, lambda tx: import_codes(tx, request, read))

    async def ExportTestCodes(
        self, request: table.ExportTestCodesRequest, _: Any
    ) -> table.ExportTestCodesResponse:
        """Give a release as a file."""
        return await self.look(lambda tx: export_codes(tx, request.name))


def registrations(office: Office) -> list[Registration]:
    """Give what a server needs to serve all of the standard."""
    return [
        Registration(
            years.DESCRIPTOR.services_by_name["DossierYearService"].full_name,
            lambda server: years_grpc.add_DossierYearServiceServicer_to_server(
                DossierYearServicer(office), server
            ),
        ),
        Registration(
            table.DESCRIPTOR.services_by_name["TestCodeService"].full_name,
            lambda server: table_grpc.add_TestCodeServiceServicer_to_server(
                TestCodeServicer(office), server
            ),
        ),
    ]
