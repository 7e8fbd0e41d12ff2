"""The edge of who takes part: from messages to the registers, and back."""

# ruff: noqa: N802  the names are the contract's

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from oso.registry.v1 import board_service_pb2 as boards
from oso.registry.v1 import board_service_pb2_grpc as boards_grpc
from oso.registry.v1 import regional_initiative_service_pb2 as initiatives
from oso.registry.v1 import regional_initiative_service_pb2_grpc as initiatives_grpc
from oso.registry.v1 import school_service_pb2 as schools
from oso.registry.v1 import school_service_pb2_grpc as schools_grpc
from oso.registry.v1 import supplier_service_pb2 as suppliers
from oso.registry.v1 import supplier_service_pb2_grpc as suppliers_grpc
from oso.registry.v1 import swv_service_pb2 as swvs
from oso.registry.v1 import swv_service_pb2_grpc as swvs_grpc
from oso_registry.calls import current_caller
from oso_registry.parties.registers import (
    BOARD,
    PRODUCT,
    REGIONAL_INITIATIVE,
    SCHOOL,
    SUPPLIER,
    SWV,
)
from oso_registry.parties.resources import PRODUCTS, SCHOOLS, SUPPLIERS
from oso_registry.personal_numbers import require_nobody_named
from oso_rpc.server import Registration

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.message import Message
    from sqlalchemy import ColumnElement

    from oso_registry.calls import Office
    from oso_registry.store import Transaction

Result = TypeVar("Result")
_ALL_SUPPLIERS = "suppliers/-"


class Calls:
    """What every servicer does: a transaction for whoever calls."""

    def __init__(self, office: Office) -> None:
        """Take where the work is done."""
        self._office = office

    async def look(self, work: Callable[[Transaction], Result]) -> Result:
        """Do work that changes nothing."""
        return await self._office.look(current_caller(), work)

    async def change(self, request: Message, work: Callable[[Transaction], Result]) -> Result:
        """Do the work of a request that changes something.

        Raises:
            OsoError: PERSONAL_NUMBER_IN_TEXT; what the work raises.

        """
        require_nobody_named(request)
        return await self._office.change(request, current_caller(), work)


class BoardServicer(Calls, boards_grpc.BoardServiceServicer):
    """Serves `oso.registry.v1.BoardService`; the contract has the promises."""

    async def GetBoard(self, request: boards.GetBoardRequest, _: Any) -> boards.GetBoardResponse:
        """Give a board."""
        return await self.look(
            lambda tx: boards.GetBoardResponse(board=BOARD.get(tx, request.name))
        )

    async def ListBoards(
        self, request: boards.ListBoardsRequest, _: Any
    ) -> boards.ListBoardsResponse:
        """Give a page of boards."""
        found, token = await self.look(lambda tx: BOARD.page(tx, request))
        return boards.ListBoardsResponse(boards=found, next_page_token=token)

    async def CreateBoard(
        self, request: boards.CreateBoardRequest, _: Any
    ) -> boards.CreateBoardResponse:
        """Register a board."""
        name = f"boards/{request.board_id}"
        return await self.change(
            request,
            lambda tx: boards.CreateBoardResponse(board=BOARD.create(tx, request.board, name)),
        )

    async def UpdateBoard(
        self, request: boards.UpdateBoardRequest, _: Any
    ) -> boards.UpdateBoardResponse:
        """Change a board."""
        return await self.change(
            request,
            lambda tx: boards.UpdateBoardResponse(
                board=BOARD.update(tx, request.board, request.update_mask)
            ),
        )

    async def CloseBoard(
        self, request: boards.CloseBoardRequest, _: Any
    ) -> boards.CloseBoardResponse:
        """Close a board."""
        return await self.change(
            request,
            lambda tx: boards.CloseBoardResponse(
                board=BOARD.close(tx, request.name, request.etag, force=request.force)
            ),
        )

    async def ReopenBoard(
        self, request: boards.ReopenBoardRequest, _: Any
    ) -> boards.ReopenBoardResponse:
        """Let a board take part again."""
        return await self.change(
            request,
            lambda tx: boards.ReopenBoardResponse(
                board=BOARD.reopen(tx, request.name, request.etag)
            ),
        )


class SchoolServicer(Calls, schools_grpc.SchoolServiceServicer):
    """Serves `oso.registry.v1.SchoolService`; the contract has the promises."""

    async def GetSchool(
        self, request: schools.GetSchoolRequest, _: Any
    ) -> schools.GetSchoolResponse:
        """Give a school."""
        return await self.look(
            lambda tx: schools.GetSchoolResponse(school=SCHOOL.get(tx, request.name))
        )

    async def ListSchools(
        self, request: schools.ListSchoolsRequest, _: Any
    ) -> schools.ListSchoolsResponse:
        """Give a page of schools."""
        found, token = await self.look(lambda tx: SCHOOL.page(tx, request, *_of_schools(request)))
        return schools.ListSchoolsResponse(schools=found, next_page_token=token)

    async def CreateSchool(
        self, request: schools.CreateSchoolRequest, _: Any
    ) -> schools.CreateSchoolResponse:
        """Register a school."""
        name = f"schools/{request.school_id}"
        return await self.change(
            request,
            lambda tx: schools.CreateSchoolResponse(school=SCHOOL.create(tx, request.school, name)),
        )

    async def UpdateSchool(
        self, request: schools.UpdateSchoolRequest, _: Any
    ) -> schools.UpdateSchoolResponse:
        """Change a school."""
        return await self.change(
            request,
            lambda tx: schools.UpdateSchoolResponse(
                school=SCHOOL.update(tx, request.school, request.update_mask)
            ),
        )

    async def CloseSchool(
        self, request: schools.CloseSchoolRequest, _: Any
    ) -> schools.CloseSchoolResponse:
        """Close a school."""
        return await self.change(
            request,
            lambda tx: schools.CloseSchoolResponse(
                school=SCHOOL.close(tx, request.name, request.etag, force=request.force)
            ),
        )

    async def ReopenSchool(
        self, request: schools.ReopenSchoolRequest, _: Any
    ) -> schools.ReopenSchoolResponse:
        """Let a school take part again."""
        return await self.change(
            request,
            lambda tx: schools.ReopenSchoolResponse(
                school=SCHOOL.reopen(tx, request.name, request.etag)
            ),
        )


class SwvServicer(Calls, swvs_grpc.SwvServiceServicer):
    """Serves `oso.registry.v1.SwvService`; the contract has the promises."""

    async def GetSwv(self, request: swvs.GetSwvRequest, _: Any) -> swvs.GetSwvResponse:
        """Give an SWV."""
        return await self.look(lambda tx: swvs.GetSwvResponse(swv=SWV.get(tx, request.name)))

    async def ListSwvs(self, request: swvs.ListSwvsRequest, _: Any) -> swvs.ListSwvsResponse:
        """Give a page of SWVs."""
        found, token = await self.look(lambda tx: SWV.page(tx, request))
        return swvs.ListSwvsResponse(swvs=found, next_page_token=token)

    async def CreateSwv(self, request: swvs.CreateSwvRequest, _: Any) -> swvs.CreateSwvResponse:
        """Register an SWV."""
        name = f"swvs/{request.swv_id}"
        return await self.change(
            request,
            lambda tx: swvs.CreateSwvResponse(swv=SWV.create(tx, request.swv, name)),
        )

    async def UpdateSwv(self, request: swvs.UpdateSwvRequest, _: Any) -> swvs.UpdateSwvResponse:
        """Change an SWV."""
        return await self.change(
            request,
            lambda tx: swvs.UpdateSwvResponse(swv=SWV.update(tx, request.swv, request.update_mask)),
        )

    async def CloseSwv(self, request: swvs.CloseSwvRequest, _: Any) -> swvs.CloseSwvResponse:
        """Close an SWV."""
        return await self.change(
            request,
            lambda tx: swvs.CloseSwvResponse(
                swv=SWV.close(tx, request.name, request.etag, force=request.force)
            ),
        )

    async def ReopenSwv(self, request: swvs.ReopenSwvRequest, _: Any) -> swvs.ReopenSwvResponse:
        """Let an SWV take part again."""
        return await self.change(
            request,
            lambda tx: swvs.ReopenSwvResponse(swv=SWV.reopen(tx, request.name, request.etag)),
        )


class RegionalInitiativeServicer(Calls, initiatives_grpc.RegionalInitiativeServiceServicer):
    """Serves `oso.registry.v1.RegionalInitiativeService`; the contract has the promises."""

    async def GetRegionalInitiative(
        self, request: initiatives.GetRegionalInitiativeRequest, _: Any
    ) -> initiatives.GetRegionalInitiativeResponse:
        """Give a regional initiative."""
        return await self.look(
            lambda tx: initiatives.GetRegionalInitiativeResponse(
                regional_initiative=REGIONAL_INITIATIVE.get(tx, request.name)
            )
        )

    async def ListRegionalInitiatives(
        self, request: initiatives.ListRegionalInitiativesRequest, _: Any
    ) -> initiatives.ListRegionalInitiativesResponse:
        """Give a page of regional initiatives."""
        found, token = await self.look(lambda tx: REGIONAL_INITIATIVE.page(tx, request))
        return initiatives.ListRegionalInitiativesResponse(
            regional_initiatives=found, next_page_token=token
        )

    async def CreateRegionalInitiative(
        self, request: initiatives.CreateRegionalInitiativeRequest, _: Any
    ) -> initiatives.CreateRegionalInitiativeResponse:
        """Register a regional initiative."""
        name = f"regionalInitiatives/{request.regional_initiative_id}"
        return await self.change(
            request,
            lambda tx: initiatives.CreateRegionalInitiativeResponse(
                regional_initiative=REGIONAL_INITIATIVE.create(
                    tx, request.regional_initiative, name
                )
            ),
        )

    async def UpdateRegionalInitiative(
        self, request: initiatives.UpdateRegionalInitiativeRequest, _: Any
    ) -> initiatives.UpdateRegionalInitiativeResponse:
        """Change a regional initiative."""
        return await self.change(
            request,
            lambda tx: initiatives.UpdateRegionalInitiativeResponse(
                regional_initiative=REGIONAL_INITIATIVE.update(
                    tx, request.regional_initiative, request.update_mask
                )
            ),
        )

    async def CloseRegionalInitiative(
        self, request: initiatives.CloseRegionalInitiativeRequest, _: Any
    ) -> initiatives.CloseRegionalInitiativeResponse:
        """Close a regional initiative."""
        return await self.change(
            request,
            lambda tx: initiatives.CloseRegionalInitiativeResponse(
                regional_initiative=REGIONAL_INITIATIVE.close(tx, request.name, request.etag)
            ),
        )

    async def ReopenRegionalInitiative(
        self, request: initiatives.ReopenRegionalInitiativeRequest, _: Any
    ) -> initiatives.ReopenRegionalInitiativeResponse:
        """Let a regional initiative take part again."""
        return await self.change(
            request,
            lambda tx: initiatives.ReopenRegionalInitiativeResponse(
                regional_initiative=REGIONAL_INITIATIVE.reopen(tx, request.name, request.etag)
            ),
        )


class SupplierServicer(Calls, suppliers_grpc.SupplierServiceServicer):
    """Serves `oso.registry.v1.SupplierService`; the contract has the promises."""

    async def GetSupplier(
        self, request: suppliers.GetSupplierRequest, _: Any
    ) -> suppliers.GetSupplierResponse:
        """Give a supplier."""
        return await self.look(
            lambda tx: suppliers.GetSupplierResponse(supplier=SUPPLIER.get(tx, request.name))
        )

    async def ListSuppliers(
        self, request: suppliers.ListSuppliersRequest, _: Any
    ) -> suppliers.ListSuppliersResponse:
        """Give a page of suppliers."""
        found, token = await self.look(
            lambda tx: SUPPLIER.page(tx, request, *_of_suppliers(request))
        )
        return suppliers.ListSuppliersResponse(suppliers=found, next_page_token=token)

    async def CreateSupplier(
        self, request: suppliers.CreateSupplierRequest, _: Any
    ) -> suppliers.CreateSupplierResponse:
        """Register a supplier."""
        name = f"suppliers/{request.supplier_id}"
        return await self.change(
            request,
            lambda tx: suppliers.CreateSupplierResponse(
                supplier=SUPPLIER.create(tx, request.supplier, name)
            ),
        )

    async def UpdateSupplier(
        self, request: suppliers.UpdateSupplierRequest, _: Any
    ) -> suppliers.UpdateSupplierResponse:
        """Change a supplier."""
        return await self.change(
            request,
            lambda tx: suppliers.UpdateSupplierResponse(
                supplier=SUPPLIER.update(tx, request.supplier, request.update_mask)
            ),
        )

    async def CloseSupplier(
        self, request: suppliers.CloseSupplierRequest, _: Any
    ) -> suppliers.CloseSupplierResponse:
        """Close a supplier."""
        return await self.change(
            request,
            lambda tx: suppliers.CloseSupplierResponse(
                supplier=SUPPLIER.close(tx, request.name, request.etag, force=request.force)
            ),
        )

    async def ReopenSupplier(
        self, request: suppliers.ReopenSupplierRequest, _: Any
    ) -> suppliers.ReopenSupplierResponse:
        """Let a supplier take part again."""
        return await self.change(
            request,
            lambda tx: suppliers.ReopenSupplierResponse(
                supplier=SUPPLIER.reopen(tx, request.name, request.etag)
            ),
        )

    async def GetProduct(
        self, request: suppliers.GetProductRequest, _: Any
    ) -> suppliers.GetProductResponse:
        """Give a product."""
        return await self.look(
            lambda tx: suppliers.GetProductResponse(product=PRODUCT.get(tx, request.name))
        )

    async def ListProducts(
        self, request: suppliers.ListProductsRequest, _: Any
    ) -> suppliers.ListProductsResponse:
        """Give a page of products."""
        found, token = await self.look(lambda tx: PRODUCT.page(tx, request, *_of_products(request)))
        return suppliers.ListProductsResponse(products=found, next_page_token=token)

    async def CreateProduct(
        self, request: suppliers.CreateProductRequest, _: Any
    ) -> suppliers.CreateProductResponse:
        """Register a product."""
        name = f"{request.parent}/products/{request.product_id}"
        return await self.change(
            request,
            lambda tx: suppliers.CreateProductResponse(
                product=PRODUCT.create(tx, request.product, name)
            ),
        )

    async def UpdateProduct(
        self, request: suppliers.UpdateProductRequest, _: Any
    ) -> suppliers.UpdateProductResponse:
        """Change a product."""
        return await self.change(
            request,
            lambda tx: suppliers.UpdateProductResponse(
                product=PRODUCT.update(tx, request.product, request.update_mask)
            ),
        )

    async def CloseProduct(
        self, request: suppliers.CloseProductRequest, _: Any
    ) -> suppliers.CloseProductResponse:
        """Close a product."""
        return await self.change(
            request,
            lambda tx: suppliers.CloseProductResponse(
                product=PRODUCT.close(tx, request.name, request.etag, force=request.force)
            ),
        )

    async def ReopenProduct(
        self, request: suppliers.ReopenProductRequest, _: Any
    ) -> suppliers.ReopenProductResponse:
        """Let a product take part again."""
        return await self.change(
            request,
            lambda tx: suppliers.ReopenProductResponse(
                product=PRODUCT.reopen(tx, request.name, request.etag)
            ),
        )


def registrations(office: Office) -> list[Registration]:
    """Give what a server needs to serve all of it."""
    return [
        Registration(
            boards.DESCRIPTOR.services_by_name["BoardService"].full_name,
            lambda server: boards_grpc.add_BoardServiceServicer_to_server(
                BoardServicer(office), server
            ),
        ),
        Registration(
            schools.DESCRIPTOR.services_by_name["SchoolService"].full_name,
            lambda server: schools_grpc.add_SchoolServiceServicer_to_server(
                SchoolServicer(office), server
            ),
        ),
        Registration(
            swvs.DESCRIPTOR.services_by_name["SwvService"].full_name,
            lambda server: swvs_grpc.add_SwvServiceServicer_to_server(SwvServicer(office), server),
        ),
        Registration(
            initiatives.DESCRIPTOR.services_by_name["RegionalInitiativeService"].full_name,
            lambda server: initiatives_grpc.add_RegionalInitiativeServiceServicer_to_server(
                RegionalInitiativeServicer(office), server
            ),
        ),
        Registration(
            suppliers.DESCRIPTOR.services_by_name["SupplierService"].full_name,
            lambda server: suppliers_grpc.add_SupplierServiceServicer_to_server(
                SupplierServicer(office), server
            ),
        ),
    ]


def _of_schools(request: schools.ListSchoolsRequest) -> list[ColumnElement[bool]]:
    row = SCHOOLS.table.c
    where = [row.board == request.board] if request.board else []
    return [*where, row.sector == request.sector] if request.sector else where


def _of_suppliers(request: suppliers.ListSuppliersRequest) -> list[ColumnElement[bool]]:
    return [SUPPLIERS.table.c.admission == request.admission] if request.admission else []


def _of_products(request: suppliers.ListProductsRequest) -> list[ColumnElement[bool]]:
    every = request.parent == _ALL_SUPPLIERS
    return [] if every else [PRODUCTS.table.c.supplier == request.parent]
