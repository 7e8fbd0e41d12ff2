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
    DeliveryPoint,
    QualificationState,
    School,
)
from oso.result.v1 import result_code_pb2 as codes
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
    TransferKey,
    TransferKind,
)
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError, facts_of, name_of
from oso_trafficcenter.model import whole_microseconds

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
    from oso_trafficcenter.model import SessionRecord

CLOCK_SKEW = timedelta(minutes=10)
_TRYING = (QUALIFICATION_STATE_TRIAL, QUALIFICATION_STATE_EXTENDED)


def clock_agrees(sent: Timestamp, now: datetime) -> None:
    """The caller's clock is no more than ten minutes off (the bound Let's Encrypt uses)."""
    try:
        offset = moment(sent) - now
    except ValueError:  # what no Timestamp can be, such as a minute in the year 100,000
        raise _invalid("send_time", "is not a moment between the years 1 and 9999") from None
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
    view: DirectoryView, request: OpenSessionRequest, peer: PeerIdentity, now: datetime
) -> tuple[DeliveryPoint, list[DeliveryPoint]]:
    """A session may be granted; gives the target's delivery point and those of the source."""
    clock_agrees(request.send_time, now)
    target = own_delivery_point(view, peer, request.target_routing_key)
    _kind_is_served(request.kind, request.key, request.source_brin, target.brin)
    target_school = target_may_act(view, target, request.kind, now)
    source_school = view.school(request.source_brin)
    if source_school is None:
        raise OsoError(codes.RESULT_CODE_SOURCE_UNKNOWN, source_brin=request.source_brin)
    sources = _active_sources(view, request, now)
    _may_exchange(source_school, target_school, now)
    _may_exchange(target_school, source_school, now)
    return target, _with_common_year(view, request, sources)


def _kind_is_served(
    kind: TransferKind.ValueType, key: TransferKey, source_brin: str, target_brin: str
) -> None:
    """The kind has the key it needs, fits both schools, and is one this version does."""
    wanted = "coupling_key" if kind == TRANSFER_KIND_SWV_DOSSIER else "search_key"
    if key.WhichOneof("key") != wanted:
        raise _invalid("key", f"{wanted} is needed for this kind")
    if kind == TRANSFER_KIND_OVERDRACHTBINNENBRIN and source_brin != target_brin:
        raise OsoError(
            codes.RESULT_CODE_SCHOOLS_NOT_RELATED,
            source_brin=source_brin,
            target_brin=target_brin,
        )
    if kind != TRANSFER_KIND_OVERSTAPDOSSIER:
        name = TransferKind.Name(kind).removeprefix("TRANSFER_KIND_").lower()
        raise OsoError(codes.RESULT_CODE_KIND_NOT_SUPPORTED, kind=name)


def target_may_act(
    view: DirectoryView, point: DeliveryPoint, kind: TransferKind.ValueType, now: datetime
) -> School:
    """The target's delivery point is active for the kind, and mandated; gives its school."""
    school = view.school(point.brin)
    if school is None or not point.active or kind not in point.kinds:
        raise OsoError(codes.RESULT_CODE_TARGET_INACTIVE, routing_key=point.routing_key)
    if not is_mandated(point, now):
        raise OsoError(codes.RESULT_CODE_MANDATE_MISSING, routing_key=point.routing_key)
    return school


def _active_sources(
    view: DirectoryView, request: OpenSessionRequest, now: datetime
) -> list[DeliveryPoint]:
    """The source has delivery points that are active for the kind, and mandated."""
    active = [
        point
        for point in view.delivery_points_of(request.source_brin)
        if point.active and request.kind in point.kinds
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


def _may_exchange(school: School, other: School, now: datetime) -> None:
    """The school is qualified, or in a trial that has not ended and the other is a test school."""
    if school.qualification == QUALIFICATION_STATE_QUALIFIED:
        return
    state = QualificationState.Name(school.qualification).removeprefix("QUALIFICATION_STATE_")
    if school.qualification in _TRYING:
        ended = school.HasField("trial_end_time") and _has_come(school.trial_end_time, now)
        if other.test_school and not ended:
            return
        state += "_ENDED" if ended else ""
    raise OsoError(codes.RESULT_CODE_NOT_QUALIFIED, brin=school.brin, qualification=state.lower())


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
) -> School:
    """A request the source received is the one the session was granted for; gives the target.

    That the source's delivery point is the caller's is checked before (`own_delivery_point`).
    """
    session.refuse_when_over()
    point = view.delivery_point(request.source_routing_key)
    same_key = hmac.compare_digest(request.key.search_key, session.search_key)
    wrong = [
        name
        for name, right in (
            ("source_brin", request.source_brin == session.source_brin),
            ("source_routing_key", point is not None and point.brin == session.source_brin),
            ("target_brin", request.target_brin == session.target_brin),
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


def _both_still_may(
    view: DirectoryView, session: SessionRecord, source: DeliveryPoint, now: datetime
) -> School:
    """What held for both schools when the session was granted still holds; gives the target."""
    _certificate_still_holds(view, session, now)
    target = view.delivery_point(session.target_routing_key)
    if target is None:
        raise OsoError(codes.RESULT_CODE_TARGET_INACTIVE, routing_key=session.target_routing_key)
    target_school = target_may_act(view, target, session.kind, now)
    source_school = view.school(source.brin)
    if source_school is None:
        raise OsoError(codes.RESULT_CODE_SOURCE_UNKNOWN, source_brin=source.brin)
    if not source.active or session.kind not in source.kinds:
        raise OsoError(codes.RESULT_CODE_SOURCE_INACTIVE, source_brin=source.brin)
    if not is_mandated(source, now):
        raise OsoError(codes.RESULT_CODE_MANDATE_MISSING, routing_key=source.routing_key)
    _may_exchange(source_school, target_school, now)
    _may_exchange(target_school, source_school, now)
    return target_school


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
        raise _invalid("result", f"{name_of(request.result)} is not a result a target reports")
    delivered = request.result == codes.RESULT_CODE_DELIVERED
    if delivered != bool(request.manifest_sha256):
        raise _invalid("manifest_sha256", "is given exactly when the result is DELIVERED")
    if delivered and not request.source_routing_key:
        raise _invalid("source_routing_key", "is needed when the result is DELIVERED")
    if request.source_routing_key:
        point = view.delivery_point(request.source_routing_key)
        if point is None or point.brin != session.source_brin:
            raise OsoError(
                codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, routing_key=request.source_routing_key
            )


def may_see(view: DirectoryView, session: SessionRecord, peer: PeerIdentity, now: datetime) -> None:
    """The caller acts for source or target, or audits; to anybody else the session is unknown."""
    if view.is_auditor(peer.system_id):
        return
    schools = {session.source_brin, session.target_brin}
    if not any(
        point.brin in schools and is_mandated(point, now)
        for point in view.delivery_points_by(peer.system_id)
    ):
        raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN, session_id=session.session_id)


def require_auditor(view: DirectoryView, peer: PeerIdentity) -> None:
    """The caller's system may read the evidence of all sessions: the directory says so."""
    found = view.certificate(peer.certificate_sha256)
    if found is None or found[0].system_id != peer.system_id or not found[0].auditor:
        raise OsoError(codes.RESULT_CODE_NOT_ALLOWED, detail="auditor")


def _invalid(field: str, description: str) -> OsoError:
    return OsoError(
        codes.RESULT_CODE_REQUEST_INVALID,
        violations=[(field, description)],
        detail=f"{field}: {description}",
    )
