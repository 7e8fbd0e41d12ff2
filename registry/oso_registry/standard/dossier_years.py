"""Years of the standard: which are accepted, from when, until when.

What was accepted stays what it was, for evidence rests on it. At every moment to come some year is
accepted, for else no dossier could travel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oso.registry.v1.dossier_year_pb2 import DossierYear
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import invalid
from oso_registry.columns import timestamp
from oso_registry.mandates.mandates import require_moment
from oso_registry.mandates.model import shown
from oso_registry.parties.register import require_etag
from oso_registry.resources import changed, new
from oso_registry.standard import years as model
from oso_registry.standard.pages import page_by
from oso_registry.standard.resources import DOSSIER_YEARS
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from google.protobuf.field_mask_pb2 import FieldMask

    from oso.registry.v1.dossier_year_service_pb2 import ListDossierYearsRequest
    from oso_registry.standard.reading import Reader
    from oso_registry.store import Transaction

_AT = "dossier_year"


@dataclass(frozen=True)
class Accepted:
    """The years accepted at a moment.

    Attributes:
        years: Such as `2019.1`, the oldest first; what the directory tells.
        until: When that changes by what is registered now; None for never.

    """

    years: tuple[str, ...]
    until: datetime | None


def accepted_at(reader: Reader, moment: datetime) -> Accepted:
    """Give the years accepted at a moment (aware), and until when that stands."""
    known = reader.list(DOSSIER_YEARS)
    until = model.next_change(known, moment)
    return Accepted(
        tuple(model.accepted_years(known, moment)),
        None if until is None else until.ToDatetime(tzinfo=UTC),
    )


def get_dossier_year(tx: Transaction, name: str) -> DossierYear:
    """Give a year.

    Raises:
        OsoError: RESOURCE_UNKNOWN.

    """
    return tx.require(DOSSIER_YEARS, name)


def list_dossier_years(
    tx: Transaction, request: ListDossierYearsRequest
) -> tuple[list[DossierYear], str]:
    """Give a page of the years, the oldest first, and the token of the next."""
    return page_by(tx.list(DOSSIER_YEARS), request, model.age_of)


def add_dossier_year(tx: Transaction, given: DossierYear, year: str) -> DossierYear:
    """Register a year such as `2019.1`, from now on or from a moment to come.

    Raises:
        OsoError: REQUEST_INVALID, RESOURCE_EXISTS, DOSSIER_YEAR_PAST, NO_YEAR_ACCEPTED.

    """
    name = model.name_of_year(year)
    if year != "{}.{}".format(*model.age_of(name)):
        raise invalid("dossier_year_id", "is written without zeros before it, such as 2019.1")
    sent = DossierYear()
    sent.CopyFrom(given)
    if not sent.HasField("start_time"):
        sent.start_time.FromDatetime(tx.now)
    made = new(tx, DOSSIER_YEARS, sent, name, _AT)
    return _written(tx, None, made)


def change_dossier_year(tx: Transaction, given: DossierYear, mask: FieldMask) -> DossierYear:
    """Change from when to when a year is accepted, as far as that is to come.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, REQUEST_INVALID, DOSSIER_YEAR_PAST,
            NO_YEAR_ACCEPTED.

    """
    known, made = changed(tx, DOSSIER_YEARS, given, mask, _AT)
    return _written(tx, known, made)


def remove_dossier_year(tx: Transaction, name: str, etag: str = "") -> None:
    """Take a year away that was never accepted.

    Raises:
        OsoError: RESOURCE_UNKNOWN, ETAG_STALE, DOSSIER_YEAR_PAST, NO_YEAR_ACCEPTED.

    """
    known = tx.require(DOSSIER_YEARS, name)
    require_etag(known, etag)
    _require_same_past(tx, known, None)
    _require_some_year(tx, [year for year in tx.list(DOSSIER_YEARS) if year.name != name])
    tx.remove(DOSSIER_YEARS, name)


def _written(tx: Transaction, known: DossierYear | None, made: DossierYear) -> DossierYear:
    """Write a year as it would become, if that may be."""
    require_moment(f"{_AT}.start_time", made.start_time)
    if made.HasField("end_time"):
        require_moment(f"{_AT}.end_time", made.end_time)
        if made.end_time.ToMicroseconds() <= made.start_time.ToMicroseconds():
            raise invalid(f"{_AT}.end_time", "must be later than start_time")
    _require_same_past(tx, known, made)
    others = [year for year in tx.list(DOSSIER_YEARS) if year.name != made.name]
    _require_some_year(tx, [*others, made])
    return tx.put(DOSSIER_YEARS, made)


def _require_same_past(
    tx: Transaction, known: DossierYear | None, made: DossierYear | None
) -> None:
    change = model.change_of_past(known, made, tx.now)
    if change is not None:
        raise OsoError(
            codes.RESULT_CODE_DOSSIER_YEAR_PAST, field=change.field, moment=shown(change.moment)
        )


def _require_some_year(tx: Transaction, years: Iterable[DossierYear]) -> None:
    """Refuse years that leave a moment to come without any."""
    moment = model.first_without(years, tx.now)
    if moment is not None:
        raise OsoError(codes.RESULT_CODE_NO_YEAR_ACCEPTED, moment=shown(timestamp(moment)))
