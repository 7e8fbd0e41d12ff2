"""Who takes part, as resources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso.registry.v1.party_pb2 import Board, Product, RegionalInitiative, School, Supplier, Swv
from oso_registry.parties.tables import (
    BoardRow,
    ProductRow,
    RegionalInitiativeRow,
    SchoolRow,
    SupplierRow,
    SwvRow,
)
from oso_registry.store import Collection

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

# Closing and reopening change the status (AIP-216).
_STATUS = "status"


def supplier_of(product: str) -> str:
    """Give the name of the supplier of a product, from the product's name."""
    return product.partition("/products/")[0]


def has_text(collection: Collection[Any], text: str) -> list[ColumnElement[bool]]:
    """Give the condition that a text is found in name, number or town; none for no text."""
    return [collection.table.c.searched.contains(_plain(text), autoescape=True)] if text else []


def _searched(party: Any) -> dict[str, Any]:
    words = [party.display_name, party.name.partition("/")[2]]
    return {"searched": _plain(" ".join([*words, party.address.town]))}


def _product(product: Product) -> dict[str, Any]:
    words = f"{product.display_name} {product.version} {product.name.rpartition('/')[2]}"
    return {"supplier": supplier_of(product.name), "searched": _plain(words)}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


BOARDS = Collection(Board, BoardRow, output_only=[_STATUS], extra=_searched)
SCHOOLS = Collection(
    School, SchoolRow, output_only=[_STATUS, "qualification", "trial_end_time"], extra=_searched
)
SWVS = Collection(Swv, SwvRow, output_only=[_STATUS, "qualification"], extra=_searched)
REGIONAL_INITIATIVES = Collection(
    RegionalInitiative, RegionalInitiativeRow, output_only=[_STATUS], extra=_searched
)
SUPPLIERS = Collection(Supplier, SupplierRow, output_only=[_STATUS, "admission"], extra=_searched)
PRODUCTS = Collection(Product, ProductRow, output_only=[_STATUS, "qualifications"], extra=_product)
