"""What of the registry stands in the directory, and what takes it out of use."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1.directory_pb2 import (
    CERTIFICATE_STATUS_ACTIVE,
    CERTIFICATE_STATUS_REVOKED,
    QUALIFICATION_STATE_REGISTERED,
    QUALIFICATION_STATE_TRIAL,
)
from oso.options.v1.access_pb2 import ROLE_TRAFFIC_CENTER
from oso.registry.v1.grant_key_pb2 import GrantKey
from oso.registry.v1.party_pb2 import ADMISSION_STATE_WITHDRAWN, PARTY_STATUS_CLOSED
from oso.registry.v1.system_pb2 import (
    CERTIFICATE_STATE_FAILED,
    CERTIFICATE_STATE_INTENDED,
    CERTIFICATE_STATE_REVOKED,
)
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_registry.grant_keys.resources import GRANT_KEYS
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.resources import PRODUCTS, SCHOOLS, SUPPLIERS
from oso_registry.systems.resources import CERTIFICATES, SYSTEMS
from oso_rpc.clock import moment
from oso_rpc.signing import key_id_of

from .registry import (
    NOW,
    ROUTING_KEY,
    certificate,
    mandate,
    point,
    product,
    school,
    supplier,
    system,
    thumbprint,
)

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from oso_registry.store import Collection

    from .registry import Registry

_KEY = b"k" * 32


def test_who_takes_part_stands_in_it(registry: Registry) -> None:
    """A school, a system with its certificate and a delivery point are found by what names them."""
    registry.settle()

    view = registry.reader().known.view
    found, there = view.delivery_point(ROUTING_KEY), view.school("00SS")

    assert there is not None
    assert found is not None
    assert ("School 00SS", False) == (there.name, there.test_school)
    assert ("00SS", "las", "LAS 4.2", True) == (
        found.brin,
        found.system_id,
        found.product,
        found.active,
    )
    assert (thumbprint("las"),) == view.active_thumbprints("las")
    assert ("2019.1",) == view.accepted_dossier_years


def test_qualification_and_test_school_are_told(registry: Registry) -> None:
    """How far a school is, and whether it is there to test with, stands with it."""
    registry.put(
        (SCHOOLS, school("00AA", qualification=QUALIFICATION_STATE_TRIAL)),
        (SCHOOLS, school("00BB", qualification=0, test_school=True)),
    )

    view = registry.reader().known.view
    trial, test = view.school("00AA"), view.school("00BB")

    assert trial is not None
    assert test is not None
    assert QUALIFICATION_STATE_TRIAL == trial.qualification
    assert (QUALIFICATION_STATE_REGISTERED, True) == (test.qualification, test.test_school)


def test_a_closed_school_is_gone(registry: Registry) -> None:
    """A school that is closed stands there no longer; reopened it does again."""
    registry.settle()
    reader = registry.reader()

    registry.put((SCHOOLS, school("00SS", status=PARTY_STATUS_CLOSED)))
    assert reader.follow().school("00SS") is None

    registry.put((SCHOOLS, school("00SS")))
    assert reader.follow().school("00SS") is not None


@pytest.mark.parametrize(
    ("collection", "out", "back"),
    [
        (DELIVERY_POINTS, point(disabled=True), point()),
        (PRODUCTS, product(status=PARTY_STATUS_CLOSED), product()),
        (SUPPLIERS, supplier(status=PARTY_STATUS_CLOSED), supplier()),
        (SUPPLIERS, supplier(admission=ADMISSION_STATE_WITHDRAWN), supplier()),
        (SYSTEMS, system("las", disabled=True), system("las")),
    ],
    ids=["switched off", "product", "supplier closed", "supplier not admitted", "system"],
)
def test_what_a_delivery_point_rests_on_takes_it_out_of_use(
    registry: Registry, collection: Collection[Any], out: Message, back: Message
) -> None:
    """A delivery point is active as long as all it rests on takes part, and again when it does."""
    registry.settle()
    reader = registry.reader()

    seen = []
    for message in (out, back):
        registry.put((collection, message))
        found = reader.follow().delivery_point(ROUTING_KEY)
        seen.append(found is not None and found.active)

    assert [False, True] == seen


@pytest.mark.parametrize(
    ("mandated", "own", "expected"),
    [
        (mandate(), point(), (-1, 100)),
        (mandate(end_time=None), point(), (-1, None)),
        (mandate(), point(start_time=10, end_time=20), (10, 20)),
        (mandate(start_time=5, end_time=6), point(start_time=1, end_time=20), (5, 6)),
        (mandate(revoke_time=3), point(), (-1, 3)),
        (mandate(start_time=5, revoke_time=3), point(), (5, 3)),
    ],
)
def test_the_dates_are_those_of_both(
    registry: Registry, mandated: Any, own: Any, expected: tuple[float, float | None]
) -> None:
    """A delivery point is told to be usable in its own dates and its mandate's, the narrower."""
    registry.settle()

    registry.put((MANDATES, mandated), (DELIVERY_POINTS, own))
    found = registry.reader().known.view.delivery_point(ROUTING_KEY)
    assert found is not None
    dates = found.mandate
    end = moment(dates.end_time) - NOW if dates.HasField("end_time") else None

    assert expected == (
        (moment(dates.start_time) - NOW) / timedelta(days=1),
        None if end is None else end / timedelta(days=1),
    )


def test_kinds_are_those_of_both(registry: Registry) -> None:
    """A kind the mandate no longer has is not told."""
    registry.settle()
    narrowed = mandate()
    del narrowed.kinds[:]
    narrowed.kinds.append(TRANSFER_KIND_SWV_DOSSIER)

    registry.put((MANDATES, narrowed))
    found = registry.reader().known.view.delivery_point(ROUTING_KEY)

    assert found is not None
    assert [] == list(found.kinds)


def test_certificates_are_told_until_they_expire(registry: Registry) -> None:
    """What was given out is active, what was taken back revoked; what is neither is not told."""
    registry.settle()
    registry.put(
        (CERTIFICATES, certificate("las", 2, state=CERTIFICATE_STATE_REVOKED)),
        (CERTIFICATES, certificate("las", 3, state=CERTIFICATE_STATE_INTENDED, sha256=b"")),
        (CERTIFICATES, certificate("las", 4, state=CERTIFICATE_STATE_FAILED, sha256=b"")),
        (CERTIFICATES, certificate("las", 5, days=-0.5)),
    )

    view = registry.reader().known.view
    found = {number: view.certificate(thumbprint("las", number)) for number in range(1, 6)}

    assert [CERTIFICATE_STATUS_ACTIVE, CERTIFICATE_STATUS_REVOKED, None, None, None] == [
        None if one is None else one[1].status for one in found.values()
    ]


def test_an_expired_certificate_drops_out(registry: Registry) -> None:
    """Once it has expired a certificate is not told any more, so that the directory stays small."""
    registry.settle()
    reader = registry.reader()
    since = registry.clock.time
    registry.clock.time += timedelta(days=90)

    registry.do(lambda tx: registry.publisher.elapse(tx.batch, since))

    assert reader.follow().certificate(thumbprint("las")) is None


def test_keys_of_traffic_centers_are_told(registry: Registry) -> None:
    """Keys of a Traffic Center count; those of a disabled one, or of another system, do not."""
    center = system("trafficcenter", role=ROLE_TRAFFIC_CENTER, owner="")
    name = f"systems/trafficcenter/grantKeys/{key_id_of(_KEY)}"
    registry.put(
        (SYSTEMS, center),
        (SYSTEMS, system("las")),
        (GRANT_KEYS, GrantKey(name=name, public_key=_KEY)),
        (GRANT_KEYS, GrantKey(name="systems/las/grantKeys/" + "0" * 16, public_key=b"x" * 32)),
    )
    reader = registry.reader()
    assert {key_id_of(_KEY): _KEY} == reader.known.view.traffic_center_keys

    center.disabled = True
    registry.put((SYSTEMS, center))
    assert {} == reader.follow().traffic_center_keys

    center.disabled = False
    registry.put((SYSTEMS, center))
    registry.do(lambda tx: tx.remove(GRANT_KEYS, name))
    assert {} == reader.follow().traffic_center_keys
