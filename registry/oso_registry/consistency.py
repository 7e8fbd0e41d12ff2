"""Does a directory hold together? Forms, doubles, and what points at what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import protovalidate

from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_registry.mandates.addresses import wrong_with
from oso_rpc.violations import steps_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oso.directory.v1.directory_pb2 import DeliveryPoint, Directory

# What the contract's rules mean to who writes the registration file; other fields get the rule.
_FORMS = {
    "accepted_dossier_years": "must be years of the standard, such as 2019.1",
    "address": "must be host:port, such as las.example.nl:7444",
    "brin": "must be two digits and two capitals, such as 00SS",
    "code": "must be four to eight capitals and digits, a capital first, such as PO3001",
    "routing_key": "must be 20 digits and capitals",
    "system_id": "must be lower case letters, digits and hyphens, 63 at most",
    "vestiging": "must be two digits, such as 00",
}
_ENTRIES = {
    "schools": "school",
    "swvs": "swv",
    "systems": "system",
    "delivery_points": "delivery_point",
    "swv_delivery_points": "delivery_point of an SWV",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        entry: Which entry, such as `delivery_point 2`.
        reason: What is wrong with it.

    """

    entry: str
    reason: str

    def __str__(self) -> str:
        """Give one line for people."""
        return f"{self.entry}: {self.reason}"


def inconsistencies(directory: Directory) -> list[Finding]:
    """Find what is wrong in a directory; nothing is good."""
    # An entry whose form is wrong would be missed by all that point at it: one mistake, one
    # finding.
    return list(_wrong_forms(directory)) or [
        *_doubles("school", (school.brin for school in directory.schools)),
        *_doubles("swv", (swv.code for swv in directory.swvs)),
        *_doubles("system", (system.system_id for system in directory.systems)),
        *_doubles("delivery_point", (point.routing_key for _, point in _points(directory))),
        *_doubles(
            "certificate",
            (
                certificate.sha256.hex()
                for system in directory.systems
                for certificate in system.certificates
            ),
        ),
        *_dangling(directory),
    ]


def _wrong_forms(directory: Directory) -> Iterable[Finding]:
    for violation in protovalidate.collect_violations(directory):
        steps = steps_of(violation)
        entry = " ".join(
            _ENTRIES.get(name, name) + ("" if index is None else f" {index + 1}")
            for name, index in steps
        )
        yield Finding(entry, _FORMS.get(steps[-1][0], violation.proto.message))


def _doubles(name: str, values: Iterable[str]) -> Iterable[Finding]:
    for value, times in Counter(values).items():
        if times > 1:
            yield Finding(f"{name} {value}", "is there more than once")


def _points(directory: Directory) -> Iterable[tuple[str, DeliveryPoint]]:
    """Give every delivery point, with the name of its entry."""
    for name in ("delivery_points", "swv_delivery_points"):
        for number, point in enumerate(getattr(directory, name), 1):
            yield f"{_ENTRIES[name]} {number}", point


def _dangling(directory: Directory) -> Iterable[Finding]:
    schools = {school.brin for school in directory.schools}
    swvs = {swv.code for swv in directory.swvs}
    systems = {system.system_id for system in directory.systems}
    for entry, point in _points(directory):
        if point.brin and point.brin not in schools:
            yield Finding(entry, f"school {point.brin} is not registered")
        if point.swv and point.swv not in swvs:
            yield Finding(entry, f"swv {point.swv} is not registered")
        if point.swv and list(point.kinds) != [TRANSFER_KIND_SWV_DOSSIER]:
            yield Finding(entry, "an SWV receives swv-dossiers, and nothing else")
        if point.system_id not in systems:
            yield Finding(entry, f"system {point.system_id} is not registered")
        if wrong_with(point.address):
            yield Finding(entry, f"address {_FORMS['address']}")
        if _ends_before_it_begins(point):
            yield Finding(entry, "mandate_end is not after mandate_start")


def _ends_before_it_begins(point: DeliveryPoint) -> bool:
    mandate = point.mandate
    return mandate.HasField("end_time") and (
        mandate.end_time.ToNanoseconds() <= mandate.start_time.ToNanoseconds()
    )
