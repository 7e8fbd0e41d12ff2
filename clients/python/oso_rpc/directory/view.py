"""The directory of one version, with its indexes."""

from __future__ import annotations

import copy
from bisect import bisect_left, insort
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_ACTIVE,
    Certificate,
    DeliveryPoint,
    Directory,
    School,
    Swv,
    System,
)
from oso_rpc.clock import moment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from oso.directory.v1.directory_service_pb2 import DirectoryDelta

Entry = TypeVar("Entry")
# Of more changes than this at once all is indexed anew, which then costs less.
_FEW = 500


class Version(NamedTuple):
    """Says which of two directories is the newer: the greater one.

    Attributes:
        epoch: Which count of versions.
        number: The version.

    """

    epoch: int
    number: int


class DirectoryView:
    """A directory with its indexes. Never changes: a change makes another, which shares the rest.

    Attributes:
        version: Its version.
        epoch: The count of versions it belongs to.
        delta_sha256: Digest of the delta that led to it; empty when there was none.
        issue_time: When OfficeHeart signed it, UTC.
        accepted_dossier_years: Years that may travel now.
        delivery_points: All delivery points, by routing key.
        traffic_center_keys: Public keys of Traffic Centers, by key id.

    """

    def __init__(self, directory: Directory) -> None:
        """Index a directory."""
        self.version = directory.version
        self.epoch = directory.epoch
        self.delta_sha256 = directory.delta_sha256
        self.issue_time = moment(directory.issue_time)
        self._take_general(directory)
        self._schools = {school.brin: school for school in directory.schools}
        self._systems = {system.system_id: system for system in directory.systems}
        self._certificates = {
            certificate.sha256: (system, certificate)
            for system in directory.systems
            for certificate in system.certificates
        }
        self._points = {
            **{point.routing_key: point for point in directory.delivery_points},
            **self._swv_points,
        }
        self.delivery_points: tuple[DeliveryPoint, ...]
        self._points_of: Mapping[str, tuple[DeliveryPoint, ...]]
        self._points_by: Mapping[str, tuple[DeliveryPoint, ...]]
        self._index_points()

    @property
    def order(self) -> Version:
        """What says which of two is the newer."""
        return Version(self.epoch, self.version)

    def changed(self, delta: DirectoryDelta, delta_sha256: bytes) -> DirectoryView:
        """Give the directory as it is after a change; that it follows upon this one is checked.

        Costs little next to the whole: indexes are copied, entries are shared.
        """
        made = copy.copy(self)
        made.version = delta.version
        made.delta_sha256 = delta_sha256
        made.issue_time = moment(delta.issue_time)
        if delta.HasField("general"):
            made._take_general(delta.general)  # noqa: SLF001  of our own class
            made._replace_swv_points(self._swv_points)  # noqa: SLF001  likewise
        if delta.schools or delta.removed_schools:
            made._schools = _replaced(  # noqa: SLF001  likewise
                self._schools, delta.schools, lambda school: school.brin, delta.removed_schools
            )
        if delta.systems or delta.removed_systems:
            made._take_systems(delta)  # noqa: SLF001  likewise
        if delta.delivery_points or delta.removed_delivery_points:
            made._take_points(delta)  # noqa: SLF001  likewise
        return made

    def _take_general(self, directory: Directory) -> None:
        self.accepted_dossier_years = tuple(directory.accepted_dossier_years)
        self.traffic_center_keys: Mapping[str, bytes] = {
            key.key_id: key.public_key for key in directory.traffic_center_keys
        }
        self._swvs = {swv.code: swv for swv in directory.swvs}
        self._swv_points = {point.routing_key: point for point in directory.swv_delivery_points}

    def _replace_swv_points(self, before: Mapping[str, DeliveryPoint]) -> None:
        """Put the delivery points of SWVs, which are few, in place of those before."""
        if self._swv_points != before:
            others = {key: one for key, one in self._points.items() if key not in before}
            self._points = others | self._swv_points
            self._index_points()

    def _take_systems(self, delta: DirectoryDelta) -> None:
        certificates = dict(self._certificates)
        for system_id in (*(one.system_id for one in delta.systems), *delta.removed_systems):
            if known := self._systems.get(system_id):
                for certificate in known.certificates:
                    certificates.pop(certificate.sha256, None)
        for system in delta.systems:
            for certificate in system.certificates:
                certificates[certificate.sha256] = (system, certificate)
        self._certificates = certificates
        self._systems = _replaced(
            self._systems, delta.systems, lambda system: system.system_id, delta.removed_systems
        )

    def _take_points(self, delta: DirectoryDelta) -> None:
        keys = {*map(_routing_key, delta.delivery_points), *delta.removed_delivery_points}
        before = [self._points[key] for key in keys if key in self._points]
        self._points = _replaced(
            self._points, delta.delivery_points, _routing_key, delta.removed_delivery_points
        )
        if len(keys) > _FEW:
            self._index_points()
            return
        after = [self._points[key] for key in keys if key in self._points]
        points = list(self.delivery_points)
        for point in before:
            del points[bisect_left(points, point.routing_key, key=_routing_key)]
        for point in after:
            insort(points, point, key=_routing_key)
        self.delivery_points = tuple(points)
        self._points_of = _regrouped(self._points_of, keys, before, after, _party)
        self._points_by = _regrouped(
            self._points_by, keys, before, after, lambda one: one.system_id
        )

    def _index_points(self) -> None:
        self.delivery_points = tuple(self._points[key] for key in sorted(self._points))
        of, by = defaultdict(list), defaultdict(list)
        for point in self.delivery_points:
            of[_party(point)].append(point)
            by[point.system_id].append(point)
        self._points_of = {party: tuple(points) for party, points in of.items()}
        self._points_by = {system: tuple(points) for system, points in by.items()}

    def school(self, brin: str) -> School | None:
        """Find a school by its BRIN."""
        return self._schools.get(brin)

    def swv(self, code: str) -> Swv | None:
        """Find an SWV by its code."""
        return self._swvs.get(code)

    def delivery_point(self, routing_key: str) -> DeliveryPoint | None:
        """Find a delivery point by its routing key."""
        return self._points.get(routing_key)

    def delivery_points_of(self, party: str) -> tuple[DeliveryPoint, ...]:
        """Find the delivery points of a school (BRIN) or SWV (code), by routing key."""
        return self._points_of.get(party, ())

    def delivery_points_by(self, system_id: str) -> tuple[DeliveryPoint, ...]:
        """Find the delivery points a system speaks for, by routing key."""
        return self._points_by.get(system_id, ())

    def certificate(self, sha256: bytes) -> tuple[System, Certificate] | None:
        """Find a certificate, with the system it belongs to, by thumbprint."""
        return self._certificates.get(sha256)

    def active_thumbprints(self, system_id: str) -> tuple[bytes, ...]:
        """Give the thumbprints of a system's certificates that are not taken back."""
        system = self._systems.get(system_id)
        return tuple(
            certificate.sha256
            for certificate in (system.certificates if system else ())
            if certificate.status == CERTIFICATE_STATUS_ACTIVE
        )

    def is_auditor(self, system_id: str) -> bool:
        """Tell whether a system may read the evidence of all sessions."""
        system = self._systems.get(system_id)
        return system is not None and system.auditor

    def may_act_for(self, system_id: str, routing_key: str) -> bool:
        """Tell whether a system speaks for a delivery point."""
        point = self._points.get(routing_key)
        return point is not None and point.system_id == system_id


def _routing_key(point: DeliveryPoint) -> str:
    return point.routing_key


def _party(point: DeliveryPoint) -> str:
    """Give whom a delivery point belongs to: a school (BRIN) or an SWV (code)."""
    return point.brin or point.swv


def _regrouped(
    groups: Mapping[str, tuple[DeliveryPoint, ...]],
    keys: set[str],
    before: Iterable[DeliveryPoint],
    after: Iterable[DeliveryPoint],
    group_of: Callable[[DeliveryPoint], str],
) -> dict[str, tuple[DeliveryPoint, ...]]:
    """Give a copy of an index by group, with the delivery points of some keys as they are after."""
    new = defaultdict(list)
    for point in after:
        new[group_of(point)].append(point)
    made = dict(groups)
    for group in {*map(group_of, before), *new}:
        others = (one for one in groups.get(group, ()) if one.routing_key not in keys)
        made[group] = tuple(sorted((*others, *new[group]), key=_routing_key))
        if not made[group]:
            del made[group]
    return made


def _replaced(
    known: dict[str, Entry],
    new: Iterable[Entry],
    name_of: Callable[[Entry], str],
    removed: Iterable[str],
) -> dict[str, Entry]:
    """Give a copy of an index with entries replaced and taken away."""
    made = dict(known)
    for name in removed:
        made.pop(name, None)
    for entry in new:
        made[name_of(entry)] = entry
    return made
