"""What products were qualified for: profile, role and year, with the report that shows it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from google.type.date_pb2 import Date

from oso.registry.v1.party_pb2 import Product, ProductQualification
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import invalid
from oso_registry.mandates.mandates import require_admitted
from oso_registry.parties.register import require_active, require_etag
from oso_registry.parties.registers import PRODUCT
from oso_registry.parties.resources import PRODUCTS, supplier_of
from oso_registry.qualification.deciding import require_past_day
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from oso_registry.store import Transaction

# The profiles of the standard (protocol, "Transfer kinds and profiles").
PROFILES = frozenset({"POPO", "POVO", "VOVO", "VOMBO", "PORI", "BB", "POSWV", "VOSWV"})


def qualify_product(
    tx: Transaction, name: str, given: ProductQualification, etag: str = ""
) -> Product:
    """Record what a product was qualified for, in the place of what stood there before.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, PARTY_CLOSED, SUPPLIER_NOT_ADMITTED,
            REQUEST_INVALID.

    """
    product = _found(tx, name, etag)
    require_active(product)
    require_admitted(tx, supplier_of(name))
    if given.profile not in PROFILES:
        raise invalid("qualification.profile", f"is none of {', '.join(sorted(PROFILES))}")
    if not given.report.strip():
        raise invalid("qualification.report", "is needed: which report shows it?")
    require_past_day(tx, "qualification.start_date", given.start_date)
    if given.HasField("end_date") and _day(given.end_date) <= _day(given.start_date):
        raise invalid("qualification.end_date", "must be later than start_date")
    entries = [one for one in product.qualifications if _key(one) != _key(given)]
    entries.append(given)
    return _written(tx, product, entries)


def revoke_product_qualification(
    tx: Transaction,
    name: str,
    which: ProductQualification,
    etag: str = "",
) -> Product:
    """End what a product was qualified for, from today on. Ended already: nothing changes.

    Args:
        tx: The transaction.
        name: Of the product.
        which: The profile, role and year to end.
        etag: The one that was read, or empty.

    Raises:
        OsoError: RESOURCE_UNKNOWN, also when it was not qualified for this; ETAG_STALE.

    """
    product = _found(tx, name, etag)
    found = [one for one in product.qualifications if _key(one) == _key(which)]
    if not found:
        resource = f"{name} {which.profile} {which.dossier_year}"
        raise OsoError(codes.RESULT_CODE_RESOURCE_UNKNOWN, resource=resource)
    today = tx.now.date()
    if not found[0].HasField("end_date") or _day(found[0].end_date) > today:
        found[0].end_date.CopyFrom(Date(year=today.year, month=today.month, day=today.day))
    return _written(tx, product, list(product.qualifications))


def _found(tx: Transaction, name: str, etag: str) -> Product:
    product = PRODUCT.get(tx, name)
    require_etag(product, etag)
    return product


def _written(tx: Transaction, product: Product, entries: list[ProductQualification]) -> Product:
    made = Product()
    made.CopyFrom(product)
    del made.qualifications[:]
    made.qualifications.extend(sorted(entries, key=_key))
    return tx.put(PRODUCTS, made)


def _key(entry: ProductQualification) -> tuple[str, str, int]:
    return entry.dossier_year, entry.profile, entry.role


def _day(day: Date) -> date:
    """Give a day of the calendar.

    Raises:
        OsoError: REQUEST_INVALID.

    """
    try:
        return date(day.year, day.month, day.day)
    except ValueError:
        raise invalid("qualification.end_date", "is no day of the calendar") from None
