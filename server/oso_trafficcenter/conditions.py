"""The conditions a session is granted and used under.

Pure: a directory, a request, a moment; no store.

Every function returns when its conditions hold and raises OsoError with the first that does not, in
the order they are written here.
"""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_ACTIVE,
    QUALIFICATION_STATE_EXTENDED,
    QUALIFICATION_STATE_QUALIFIED,
    QUALIFICATION_STATE_TRIAL,
    SECTOR_UNSPECIFIED,
    DeliveryPoint,
    QualificationState,
    School,
    Sector,
    Swv,
)
from oso.result.v1 import result_code_pb2 as codes
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_SWV_DOSSIER,
    TransferKind,
)
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError, facts_of, name_of
from oso_trafficcenter.model import KEY_OF, key_digest, whole_microseconds

if TYPE_CHECKING:
    from datetime import datetime

    from google.protobuf.timestamp_pb2 import Timestamp

    from oso.trafficcenter.v1.traffic_center_service_pb2 import (
        CheckSessionRequest,
        CloseSessionRequest,
        OpenSessionRequest,
    )
    from oso_rpc.directory import DirectoryView
    from oso_rpc.identity import PeerIdentity
    from oso_trafficcenter.model import NotificationRecord, SessionRecord

CLOCK_SKEW = timedelta(minutes=10)
_TRYING = (QUALIFICATION_STATE_TRIAL, QUALIFICATION_STATE_EXTENDED)


def clock_agrees(sent: Timestamp, now: datetime) -> None:
    """The caller's clock is no more than ten minutes off (the bound Let's Encrypt uses)."""
    try:
        offset = moment(sent) - now
    except ValueError:  # what no Timestamp can be, such as a minute in the year 100,000
        raise invalid("send_time", "is not a moment between the years 1 and 9999") from None
    if abs(offset) > CLOCK_SKEW:
        raise OsoError(
            codes.RESULT_CODE_CLOCK_SKEW,
            offset_seconds=str(round(offset.total_seconds())),
            allowed_seconds=str(round(CLOCK_SKEW.total_seconds())),
        )


def own_delivery_point(view: DirectoryView, peer: PeerIdentity, routing_key: str) -> DeliveryPoint:
    """The delivery point exists and the caller speaks for it."""
    point = view.delivery_point(routing_key)
    if point is None:
        raise OsoError(codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, routing_key=routing_key)
    if point.system_id != peer.system_id:
        raise OsoError(codes.RESULT_CODE_CERTIFICATE_NOT_ALLOWED, subject=routing_key)
    return point


def may_open(
    view: DirectoryView,
    request: OpenSessionRequest,
    peer: PeerIdentity,
    now: datetime,
    handed_out: NotificationRecord | None = None,
) -> tuple[DeliveryPoint, list[DeliveryPoint]]:
    """A session may be granted; gives the target's delivery point and those of the source.

    `handed_out` is the notification the coupling key came with; None when nobody knows the key, or
    it is none.
    """
    clock_agrees(request.send_time, now)
    target = own_delivery_point(view, peer, request.target_routing_key)
    _kind_fits(request, target.brin)
    target_party = target_may_act(view, target, request.kind, now)
    source_school = view.school(request.source_brin)
    if source_school is None:
        raise OsoError(codes.RESULT_CODE_SOURCE_UNKNOWN, source_brin=request.source_brin)
    begin_at = ""
    if request.kind == TRANSFER_KIND_SWV_DOSSIER:
        begin_at = _key_is_good(handed_out, request.source_brin, target.routing_key, now)
    sources = _active_sources(view, request, begin_at, now)
    may_exchange(source_school, target_party, now)
    return target, _with_common_year(view, request, sources)


def _kind_fits(request: OpenSessionRequest, target_brin: str) -> None:
    """The kind has the key it needs, and fits both schools."""
    wanted = KEY_OF[request.kind]
    if request.key.WhichOneof("key") != wanted:
        raise invalid("key", f"{wanted} is needed for this kind")
    same = request.source_brin == target_brin
    if request.kind == TRANSFER_KIND_OVERDRACHTBINNENBRIN and not same:
        raise OsoError(
            codes.RESULT_CODE_SCHOOLS_NOT_RELATED,
            source_brin=request.source_brin,
            target_brin=target_brin,
        )


def _key_is_good(
    handed_out: NotificationRecord | None, source_brin: str, target_routing_key: str, now: datetime
) -> str:
    """The coupling key is of this source, for this SWV, in date and not used; gives where it is.

    A key that nobody handed out and one that was for another get the same answer.
    """
    if handed_out is None or (handed_out.source_brin, handed_out.target_routing_key) != (
        source_brin,
        target_routing_key,
    ):
        raise OsoError(codes.RESULT_CODE_COUPLING_KEY_UNKNOWN)
    key_is_unused(handed_out)
    expire_time = handed_out.key_expire_time
    if expire_time is None or expire_time <= now:
        end = expire_time or handed_out.issue_time
        raise OsoError(
            codes.RESULT_CODE_COUPLING_KEY_EXPIRED, expire_time=end.isoformat(timespec="seconds")
        )
    return handed_out.source_routing_key


def key_is_unused(handed_out: NotificationRecord) -> None:
    """The dossier of a coupling key was not delivered yet."""
    if handed_out.use_time is not None:
        raise OsoError(
            codes.RESULT_CODE_COUPLING_KEY_USED,
            use_time=handed_out.use_time.isoformat(timespec="seconds"),
        )


def target_may_act(
    view: DirectoryView, point: DeliveryPoint, kind: TransferKind.ValueType, now: datetime
) -> School | Swv:
    """The target's delivery point is active for the kind, and mandated; gives whose it is.

    A dossier for an SWV is for an SWV, and all others are for schools.
    """
    for_swv = kind == TRANSFER_KIND_SWV_DOSSIER
    party = view.swv(point.swv) if for_swv else view.school(point.brin)
    if party is None or not point.active or kind not in point.kinds:
        raise OsoError(codes.RESULT_CODE_TARGET_INACTIVE, routing_key=point.routing_key)
    if not is_mandated(point, now):
        raise OsoError(codes.RESULT_CODE_MANDATE_MISSING, routing_key=point.routing_key)
    return party


def source_may_act(
    view: DirectoryView, point: DeliveryPoint, kind: TransferKind.ValueType, now: datetime
) -> School:
    """The source's delivery point is active for the kind, and mandated; gives its school."""
    school = view.school(point.brin)
    if school is None:
        raise OsoError(codes.RESULT_CODE_SOURCE_UNKNOWN, source_brin=point.brin)
    if not point.active or kind not in point.kinds:
        raise OsoError(codes.RESULT_CODE_SOURCE_INACTIVE, source_brin=point.brin)
    if not is_mandated(point, now):
        raise OsoError(codes.RESULT_CODE_MANDATE_MISSING, routing_key=point.routing_key)
    return school


def sector_of(party: School | Swv) -> Sector.ValueType:
    """Give the kind of education of a school; an SWV gives none."""
    return party.sector if isinstance(party, School) else SECTOR_UNSPECIFIED


def _active_sources(
    view: DirectoryView, request: OpenSessionRequest, begin_at: str, now: datetime
) -> list[DeliveryPoint]:
    """The source has delivery points that are active for the kind, and mandated.

    Only the one that has the dossier, where that is known. Within one BRIN the one that asks is no
    source: it would ask itself.
    """
    active = [
        point
        for point in view.delivery_points_of(request.source_brin)
        if point.active
        and request.kind in point.kinds
        and begin_at in ("", point.routing_key)
        and point.routing_key != request.target_routing_key
    ]
    if not active:
        raise OsoError(codes.RESULT_CODE_SOURCE_INACTIVE, source_brin=request.source_brin)
    mandated = [point for point in active if is_mandated(point, now)]
    if not mandated:
        raise OsoError(codes.RESULT_CODE_MANDATE_MISSING, routing_key=active[0].routing_key)
    return mandated


def is_mandated(point: DeliveryPoint, now: datetime) -> bool:
    """Tell whether the board's mandate to the supplier is in force; without one it is not."""
    mandate = point.mandate
    return (
        point.HasField("mandate")
        and _has_come(mandate.start_time, now)
        and not (mandate.HasField("end_time") and _has_come(mandate.end_time, now))
    )


def _has_come(time: Timestamp, now: datetime) -> bool:
    """Tell whether it is that moment or later; asked on every call, so without a datetime."""
    return time.seconds * 1_000_000_000 + time.nanos <= whole_microseconds(now) * 1000


def may_exchange(source: School, target: School | Swv, now: datetime) -> None:
    """Each is qualified, or in a trial that has not ended and the other one is to test with."""
    _is_qualified(source, target, now)
    _is_qualified(target, source, now)


def _is_qualified(party: School | Swv, other: School | Swv, now: datetime) -> None:
    if party.qualification == QUALIFICATION_STATE_QUALIFIED:
        return
    state = QualificationState.Name(party.qualification).removeprefix("QUALIFICATION_STATE_")
    if party.qualification in _TRYING:
        ended = _trial_has_ended(party, now)
        tests = other.test_school if isinstance(other, School) else other.test_swv
        if tests and not ended:
            return
        state += "_ENDED" if ended else ""
    name = party.brin if isinstance(party, School) else party.code
    raise OsoError(codes.RESULT_CODE_NOT_QUALIFIED, brin=name, qualification=state.lower())


def _trial_has_ended(party: School | Swv, now: datetime) -> bool:
    return (
        isinstance(party, School)
        and party.HasField("trial_end_time")
        and _has_come(party.trial_end_time, now)
    )


def _with_common_year(
    view: DirectoryView, request: OpenSessionRequest, sources: list[DeliveryPoint]
) -> list[DeliveryPoint]:
    """There is a year that target, source and directory accept; gives the sources that have one."""
    accepted = set(request.accepted_dossier_years) & set(view.accepted_dossier_years)
    fitting = [point for point in sources if accepted & set(point.dossier_years)]
    if not fitting:
        offered = {year for point in sources for year in point.dossier_years}
        raise OsoError(
            codes.RESULT_CODE_DOSSIER_YEAR_NOT_SUPPORTED,
            accepted=", ".join(sorted(request.accepted_dossier_years)),
            offered=", ".join(sorted(offered & set(view.accepted_dossier_years))),
        )
    return fitting


def matches(
    view: DirectoryView,
    request: CheckSessionRequest,
    session: SessionRecord,
    now: datetime,
) -> School | Swv:
    """A request the source received is the one the session was granted for; gives the target.

    That the source's delivery point is the caller's is checked before (`own_delivery_point`).
    """
    session.refuse_when_over()
    point = view.delivery_point(request.source_routing_key)
    same_key = hmac.compare_digest(key_digest(session.kind, request.key), session.search_key)
    wrong = [
        name
        for name, right in (
            ("source_brin", request.source_brin == session.source_brin),
            ("source_routing_key", _may_be_source(point, session)),
            ("target_brin", request.target_brin == session.target_brin),
            ("target_swv", request.target_swv == session.target_swv),
            ("kind", request.kind == session.kind),
            ("key", same_key),
        )
        if not right
    ]
    if wrong or point is None:
        raise OsoError(codes.RESULT_CODE_SESSION_MISMATCH, fields=", ".join(wrong))
    if request.target_routing_key != session.target_routing_key:
        raise OsoError(
            codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, routing_key=request.target_routing_key
        )
    if not hmac.compare_digest(
        request.target_certificate_sha256, session.target_certificate_sha256
    ):
        raise OsoError(codes.RESULT_CODE_CERTIFICATE_NOT_ALLOWED, subject=session.session_id)
    return _both_still_may(view, session, point, now)


def _may_be_source(point: DeliveryPoint | None, session: SessionRecord) -> bool:
    """Tell whether a delivery point is one of the source, and not the one that asks."""
    return (
        point is not None
        and point.brin == session.source_brin
        and point.routing_key != session.target_routing_key
    )


def _both_still_may(
    view: DirectoryView, session: SessionRecord, source: DeliveryPoint, now: datetime
) -> School | Swv:
    """What held for both schools when the session was granted still holds; gives the target."""
    _certificate_still_holds(view, session, now)
    target = view.delivery_point(session.target_routing_key)
    if target is None:
        raise OsoError(codes.RESULT_CODE_TARGET_INACTIVE, routing_key=session.target_routing_key)
    target_party = target_may_act(view, target, session.kind, now)
    source_school = source_may_act(view, source, session.kind, now)
    may_exchange(source_school, target_party, now)
    return target_party


def _certificate_still_holds(view: DirectoryView, session: SessionRecord, now: datetime) -> None:
    """The certificate the session is bound to is still the target's, active and in date."""
    subject = session.target_system
    found = view.certificate(session.target_certificate_sha256)
    if found is None or found[0].system_id != subject:
        raise OsoError(codes.RESULT_CODE_CERTIFICATE_UNKNOWN, subject=subject)
    certificate = found[1]
    if certificate.status != CERTIFICATE_STATUS_ACTIVE:
        raise OsoError(codes.RESULT_CODE_CERTIFICATE_REVOKED, subject=subject)
    if certificate.HasField("expire_time") and _has_come(certificate.expire_time, now):
        raise OsoError(
            codes.RESULT_CODE_CERTIFICATE_EXPIRED,
            subject=subject,
            not_after=moment(certificate.expire_time).isoformat(timespec="seconds"),
        )


def may_close(
    view: DirectoryView,
    request: CloseSessionRequest,
    session: SessionRecord,
    peer: PeerIdentity,
) -> None:
    """The holder of the session reports a result that can be one."""
    if not hmac.compare_digest(peer.certificate_sha256, session.target_certificate_sha256):
        raise OsoError(codes.RESULT_CODE_CERTIFICATE_NOT_ALLOWED, subject=session.session_id)
    session.refuse_when_over()
    if facts_of(request.result).rank == 0:
        raise invalid("result", f"{name_of(request.result)} is not a result a target reports")
    delivered = request.result == codes.RESULT_CODE_DELIVERED
    if delivered != bool(request.manifest_sha256):
        raise invalid("manifest_sha256", "is given exactly when the result is DELIVERED")
    if delivered and not request.source_routing_key:
        raise invalid("source_routing_key", "is needed when the result is DELIVERED")
    if request.source_routing_key:
        point = view.delivery_point(request.source_routing_key)
        if not _may_be_source(point, session):
            raise OsoError(
                codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, routing_key=request.source_routing_key
            )


def may_see(view: DirectoryView, session: SessionRecord, peer: PeerIdentity, now: datetime) -> None:
    """The caller acts for source or target, or audits; to anybody else the session is unknown."""
    if view.is_auditor(peer.system_id):
        return
    parties = session.parties
    if not any(
        (point.brin or point.swv) in parties and is_mandated(point, now)
        for point in view.delivery_points_by(peer.system_id)
    ):
        raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN, session_id=session.session_id)


def require_auditor(view: DirectoryView, peer: PeerIdentity) -> None:
    """The caller's system may read the evidence of all sessions: the directory says so."""
    found = view.certificate(peer.certificate_sha256)
    if found is None or found[0].system_id != peer.system_id or not found[0].auditor:
        raise OsoError(codes.RESULT_CODE_NOT_ALLOWED, detail="auditor")


def invalid(field: str, description: str) -> OsoError:
    """Give the refusal of a field that cannot be as it is."""
    return OsoError(
        codes.RESULT_CODE_REQUEST_INVALID,
        violations=[(field, description)],
        detail=f"{field}: {description}",
    )
