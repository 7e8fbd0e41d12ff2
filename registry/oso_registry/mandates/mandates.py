"""Giving, changing and revoking mandates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from oso.options.v1 import access_pb2 as roles
from oso.registry.v1 import mandate_pb2 as contract
from oso.registry.v1.party_pb2 import ADMISSION_STATE_ADMITTED, AdmissionState
from oso.result.v1 import result_code_pb2 as codes
from oso_registry.calls import invalid, not_allowed
from oso_registry.mandates import model
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES, mandate_state_at
from oso_registry.parties.register import require_active, require_etag, require_unused
from oso_registry.parties.resources import BOARDS, SCHOOLS, SUPPLIERS, SWVS
from oso_registry.parties.sight import LONGEST_NAME, Sight, require_seen, seen_by
from oso_registry.resources import changed, new, page
from oso_registry.store import microseconds_of
from oso_rpc.errors import OsoError

if TYPE_CHECKING:
    from google.protobuf.field_mask_pb2 import FieldMask
    from google.protobuf.timestamp_pb2 import Timestamp
    from sqlalchemy import ColumnElement

    from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
    from oso.registry.v1.mandate_service_pb2 import ListMandatesRequest
    from oso_registry.store import Transaction

_SCHOOL, _MANDATE = SCHOOLS.table.c, MANDATES.table.c
# A school's board is the one it has now: whoever took the school over decides on its mandates.
SIGHT: Sight = {
    roles.ROLE_BOARD_MANAGER: lambda board: _MANDATE.school.in_(
        select(_SCHOOL.name).where(_SCHOOL.board == board)
    ),
    roles.ROLE_SCHOOL_MANAGER: lambda school: _MANDATE.school == school,
    roles.ROLE_SUPPLIER: lambda supplier: _MANDATE.supplier == supplier,
}
_FIXED = ("board", "school", "swv", "supplier")


def get_mandate(tx: Transaction, name: str) -> Mandate:
    """Give a mandate the caller sees.

    Raises:
        OsoError: RESOURCE_UNKNOWN, NOT_ALLOWED.

    """
    return told(tx, require_seen(tx, MANDATES, name, SIGHT))


def list_mandates(tx: Transaction, request: ListMandatesRequest) -> tuple[list[Mandate], str]:
    """Give a page of the mandates the caller sees, and the token of the next."""
    where = seen_by(tx.caller, SIGHT)
    for column in _FIXED:
        if value := getattr(request, column):
            where.append(_MANDATE[column] == value)
    if request.state:
        where.append(mandate_state_at(microseconds_of(tx.now)) == request.state)
    found, token = page(tx, MANDATES, request, *where)
    return [told(tx, mandate) for mandate in found], token


def give_mandate(tx: Transaction, given: Mandate, name: str) -> Mandate:
    """Give a mandate under a new name.

    Raises:
        OsoError: NOT_ALLOWED, REQUEST_INVALID, RESOURCE_UNKNOWN, PARTY_CLOSED, BELONGS_ELSEWHERE,
            SUPPLIER_NOT_ADMITTED, MANDATE_OVERLAPS.

    """
    _require_may_give(tx, given)
    made = new(tx, MANDATES, given, name, "mandate")
    if made.swv:
        require_active(tx.require(SWVS, made.swv))
    else:
        _require_school_of_board(tx, made)
    require_admitted(tx, made.supplier)
    _require_dates(tx, made)
    _require_no_overlap(tx, made)
    return told(tx, tx.put(MANDATES, made))


def change_mandate(tx: Transaction, given: Mandate, mask: FieldMask) -> Mandate:
    """Change dates or kinds of a mandate that has not ended.

    Raises:
        OsoError: NOT_ALLOWED, RESOURCE_UNKNOWN, ETAG_STALE, REQUEST_INVALID, MANDATE_ENDED,
            MANDATE_OVERLAPS; IN_USE when delivery points need what it would no longer allow.

    """
    require_seen(tx, MANDATES, given.name, SIGHT)
    known, made = changed(tx, MANDATES, given, mask, "mandate")
    for field in _FIXED:
        if getattr(known, field) != getattr(made, field):
            raise invalid(f"mandate.{field}", "stays as it is; revoke it and give another mandate")
    require_not_ended(tx, known)
    _require_dates(tx, made, known)
    _require_no_overlap(tx, made)
    points = points_in_use(tx, DELIVERY_POINTS.table.c.mandate == made.name)
    beyond = [point.name for point in points if model.beyond_mandate(point, made)]
    require_unused(made.name, beyond)
    return told(tx, tx.put(MANDATES, made))


def revoke_mandate(tx: Transaction, name: str, reason: str, etag: str = "") -> Mandate:
    """Take a mandate back from now on; one that has ended stays as it is.

    Raises:
        OsoError: NOT_ALLOWED, RESOURCE_UNKNOWN, ETAG_STALE.

    """
    known = require_seen(tx, MANDATES, name, SIGHT)
    require_etag(known, etag)
    return told(tx, revoked(tx, known, reason))


def revoked(tx: Transaction, mandate: Mandate, reason: str) -> Mandate:
    """Take a mandate back from now on, whoever asks; one that has ended stays as it is."""
    if has_ended(tx, mandate):
        return mandate
    mandate.revoke_time.FromDatetime(tx.now)
    mandate.revoke_reason = reason
    return tx.put(MANDATES, mandate)


def revoke_all(tx: Transaction, reason: str, *where: ColumnElement[bool]) -> None:
    """Take back all mandates that have not ended; their delivery points end with them."""
    for mandate in mandates_in_use(tx, *where):
        revoked(tx, mandate, reason)


def mandates_in_use(tx: Transaction, *where: ColumnElement[bool]) -> list[Mandate]:
    """Give the mandates that have not ended, begun or not."""
    now = microseconds_of(tx.now)
    open_end = or_(_MANDATE.end_time.is_(None), _MANDATE.end_time > now)
    return tx.list(MANDATES, _MANDATE.revoke_time.is_(None), open_end, *where)


def points_in_use(tx: Transaction, *where: ColumnElement[bool]) -> list[DeliveryPoint]:
    """Give the delivery points that are, or will be, in use."""
    found = tx.list(DELIVERY_POINTS, *where)
    tx.load(MANDATES, [point.mandate for point in found])
    now = microseconds_of(tx.now)
    in_use = (contract.DELIVERY_POINT_STATE_ACTIVE, contract.DELIVERY_POINT_STATE_NOT_YET)
    return [
        point
        for point in found
        if model.delivery_point_state(point, tx.require(MANDATES, point.mandate), now) in in_use
    ]


def told(tx: Transaction, mandate: Mandate) -> Mandate:
    """Give a mandate with its state."""
    mandate.state = model.mandate_state(mandate, microseconds_of(tx.now))
    return mandate


def has_ended(tx: Transaction, mandate: Mandate) -> bool:
    """Tell whether a mandate ended or was revoked."""
    end = model.end_of(mandate)
    return end is not None and end <= microseconds_of(tx.now)


def require_not_ended(tx: Transaction, mandate: Mandate) -> None:
    """Refuse a mandate that ended or was revoked.

    Raises:
        OsoError: MANDATE_ENDED.

    """
    if has_ended(tx, mandate):
        which = "revoke_time" if mandate.HasField("revoke_time") else "end_time"
        end_time = model.shown(getattr(mandate, which))
        raise OsoError(codes.RESULT_CODE_MANDATE_ENDED, mandate=mandate.name, end_time=end_time)


def require_admitted(tx: Transaction, supplier: str) -> None:
    """Refuse a supplier that may not work with OSO now.

    Raises:
        OsoError: RESOURCE_UNKNOWN, PARTY_CLOSED, SUPPLIER_NOT_ADMITTED.

    """
    known = tx.require(SUPPLIERS, supplier)
    require_active(known)
    if known.admission != ADMISSION_STATE_ADMITTED:
        state = AdmissionState.Name(known.admission).removeprefix("ADMISSION_STATE_")
        raise OsoError(codes.RESULT_CODE_SUPPLIER_NOT_ADMITTED, supplier=supplier, admission=state)


def elsewhere(resource: str, owner: str) -> OsoError:
    """Make the refusal of something that does not belong to another."""
    return OsoError(codes.RESULT_CODE_BELONGS_ELSEWHERE, resource=resource, owner=owner)


def require_moment(field: str, moment: Timestamp) -> None:
    """Refuse a moment no calendar has; cut off what is finer than it is kept.

    Raises:
        OsoError: REQUEST_INVALID.

    """
    try:
        moment.FromMicroseconds(moment.ToMicroseconds())
    except ValueError:
        raise invalid(field, "is no moment between the years 1 and 9999") from None


def require_order(tx: Transaction, at: str, dated: Mandate | DeliveryPoint) -> None:
    """Refuse an end that is not after the start, or that has passed.

    Raises:
        OsoError: REQUEST_INVALID.

    """
    for field, moment in dated.ListFields():
        if field.name in ("start_time", "end_time"):
            require_moment(f"{at}.{field.name}", moment)
    if not dated.HasField("end_time"):
        return
    if dated.HasField("start_time") and (
        dated.end_time.ToNanoseconds() <= dated.start_time.ToNanoseconds()
    ):
        raise invalid(f"{at}.end_time", "must be later than start_time")
    if dated.end_time.ToMicroseconds() <= microseconds_of(tx.now):
        raise invalid(f"{at}.end_time", "has passed already")


def _require_may_give(tx: Transaction, given: Mandate) -> None:
    """Let boards decide about their schools; about SWVs registrars do, on the SWV's behalf."""
    if tx.caller.is_registrar:
        return
    known = tx.get(SCHOOLS, given.school)
    if given.swv or known is None or not tx.caller.owner or known.board != tx.caller.owner:
        raise not_allowed((given.swv or given.school)[:LONGEST_NAME] or "school")


def _require_school_of_board(tx: Transaction, made: Mandate) -> None:
    school = tx.require(SCHOOLS, made.school)
    require_active(school)
    if school.board != made.board:
        raise elsewhere(made.school, made.board)
    require_active(tx.require(BOARDS, made.board))


def _require_dates(tx: Transaction, made: Mandate, known: Mandate | None = None) -> None:
    require_order(tx, "mandate", made)
    if known is None or known.start_time == made.start_time:
        return
    if model.mandate_state(known, microseconds_of(tx.now)) != contract.MANDATE_STATE_NOT_YET:
        raise invalid("mandate.start_time", "stays as it is once it has passed")


def _require_no_overlap(tx: Transaction, made: Mandate) -> None:
    others = tx.list(
        MANDATES,
        _MANDATE.school == made.school,
        _MANDATE.swv == made.swv,
        _MANDATE.supplier == made.supplier,
        _MANDATE.name != made.name,
    )
    for other in others:
        if kinds := model.common_kinds(made, other):
            raise OsoError(
                codes.RESULT_CODE_MANDATE_OVERLAPS,
                mandate=other.name,
                kinds=model.kind_names(kinds),
                start_time=model.shown(other.start_time),
                end_time=model.shown(other.end_time),
            )
