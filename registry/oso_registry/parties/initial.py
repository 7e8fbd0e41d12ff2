"""Who takes part from the first day: the suppliers and products of the founding document."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, AdmissionState, Product, Supplier
from oso_registry.parties.resources import PRODUCTS, SUPPLIERS

if TYPE_CHECKING:
    from oso_registry.store import Transaction

_FILE = "initial_suppliers.toml"


def initial_suppliers(tx: Transaction) -> None:
    """Register the suppliers and products of the founding document.

    What is there already stays as it is: OfficeHeart has gone on since.
    """
    for entry in read_initial_suppliers():
        name = f"suppliers/{entry['oin']}"
        if tx.get(SUPPLIERS, name) is not None:
            continue
        tx.put(
            SUPPLIERS,
            Supplier(
                name=name,
                display_name=entry["name"],
                status=PARTY_STATUS_ACTIVE,
                admission=AdmissionState.Value(f"ADMISSION_STATE_{entry['admission'].upper()}"),
            ),
        )
        for product in entry["products"]:
            tx.put(
                PRODUCTS,
                Product(
                    name=f"{name}/products/{product['id']}",
                    display_name=product["name"],
                    version=product.get("version", ""),
                    status=PARTY_STATUS_ACTIVE,
                ),
            )


def read_initial_suppliers() -> list[dict[str, Any]]:
    """Give the suppliers as the file has them."""
    text = files("oso_registry.parties").joinpath(_FILE).read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = tomllib.loads(text)["supplier"]
    return entries
