"""SWVs in the directory: in the general part, with their delivery points."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_QUALIFIED as QUALIFIED
from oso.directory.v1.directory_pb2 import QUALIFICATION_STATE_REGISTERED as REGISTERED
from oso.directory.v1.directory_pb2 import Directory
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.registry.v1.party_pb2 import PARTY_STATUS_ACTIVE, PARTY_STATUS_CLOSED, Swv
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_registry.directory.entries import GENERAL, Kind, Place, affected
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.resources import PRODUCTS, SUPPLIERS, SWVS
from oso_registry.systems.resources import SYSTEMS
from oso_rpc.clock import moment

from . import registry as of
from .registry import NOW, PRODUCT, SUPPLIER, product, seen_of, supplier, system

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from oso_registry.store import Collection

    from .registry import Registry

_SWV = "swvs/PO3001"
_MANDATE = "mandates/00000000-0000-4000-8000-000000003001"
_KEY = "00000099000PO3001001"


def _swv(name: str = _SWV, **changes: Any) -> Swv:
    values: dict[str, Any] = {
        "display_name": "Passend",
        "status": PARTY_STATUS_ACTIVE,
        "qualification": QUALIFIED,
    }
    return Swv(name=name, **{**values, **changes})


def _mandate(end: float = 100, revoked: float | None = None) -> Mandate:
    made = Mandate(name=_MANDATE, swv=_SWV, supplier=SUPPLIER, kinds=[TRANSFER_KIND_SWV_DOSSIER])
    made.start_time.FromDatetime(NOW - timedelta(days=1))
    made.end_time.FromDatetime(NOW + timedelta(days=end))
    if revoked is not None:
        made.revoke_time.FromDatetime(NOW + timedelta(days=revoked))
    return made


def _point(key: str = _KEY, **changes: Any) -> DeliveryPoint:
    values: dict[str, Any] = {
        "swv": _SWV,
        "vestiging": "00",
        "mandate": _MANDATE,
        "system": "systems/las",
        "address": "swv.example.nl:7444",
        "product": PRODUCT,
        "kinds": [TRANSFER_KIND_SWV_DOSSIER],
        "dossier_years": ["2019.1"],
    }
    return DeliveryPoint(name=f"deliveryPoints/{key}", **{**values, **changes})


@pytest.fixture
def settled(registry: Registry) -> Registry:
    """A school and an SWV, each with a delivery point."""
    registry.settle()
    registry.put((SWVS, _swv()), (MANDATES, _mandate()), (DELIVERY_POINTS, _point()))
    return registry


def test_an_swv_stands_there_with_its_delivery_point(settled: Registry) -> None:
    """Readers find both, beside the school and its own."""
    view = settled.reader().known.view
    swv, found = view.swv("PO3001"), view.delivery_point(_KEY)

    assert swv is not None
    assert found is not None
    assert ("Passend", QUALIFIED, False) == (swv.name, swv.qualification, swv.test_swv)
    assert ("PO3001", "", "00", "las", "LAS 4.2", True) == (
        found.swv,
        found.brin,
        found.vestiging,
        found.system_id,
        found.product,
        found.active,
    )
    assert [TRANSFER_KIND_SWV_DOSSIER] == list(found.kinds)
    assert [_KEY, of.ROUTING_KEY] == sorted(
        (point.routing_key for point in view.delivery_points), reverse=True
    )


def test_a_reader_that_does_not_know_swvs_does_not_find_their_delivery_points(
    settled: Registry,
) -> None:
    """They are in a list of their own, in the general part."""
    assert [_KEY] == [point.routing_key for point in _general(settled).swv_delivery_points]
    places = {place for place in settled.read().entries if place.kind is Kind.DELIVERY_POINT}
    assert {Place(Kind.DELIVERY_POINT, of.ROUTING_KEY)} == places


def test_qualification_and_test_swv_are_told(settled: Registry) -> None:
    """As of a school; nothing said is as registered."""
    reader = settled.reader()
    settled.put((SWVS, _swv(qualification=0, test_swv=True)))

    swv = reader.follow().swv("PO3001")

    assert swv is not None
    assert (REGISTERED, True) == (swv.qualification, swv.test_swv)


def test_a_closed_swv_is_gone_with_its_delivery_points(settled: Registry) -> None:
    """Reopened, both stand there again."""
    reader, seen = settled.reader(), []
    for status in (PARTY_STATUS_CLOSED, PARTY_STATUS_ACTIVE):
        settled.put((SWVS, _swv(status=status)))
        view = reader.follow()
        seen.append((view.swv("PO3001") is not None, view.delivery_point(_KEY) is not None))
        assert view.delivery_point(of.ROUTING_KEY) is not None

    assert [(False, False), (True, True)] == seen


@pytest.mark.parametrize(
    ("collection", "out", "back"),
    [
        (DELIVERY_POINTS, _point(disabled=True), _point()),
        (PRODUCTS, product(status=PARTY_STATUS_CLOSED), product()),
        (SUPPLIERS, supplier(status=PARTY_STATUS_CLOSED), supplier()),
        (SYSTEMS, system("las", disabled=True), system("las")),
    ],
    ids=["switched off", "product", "supplier", "system"],
)
def test_what_its_delivery_point_rests_on_takes_it_out_of_use(
    settled: Registry, collection: Collection[Any], out: Message, back: Message
) -> None:
    """Told in a delta; and whoever begins anew has the same as who followed."""
    reader, seen = settled.reader(), []
    for message in (out, back):
        settled.put((collection, message))
        view = reader.follow()
        found = view.delivery_point(_KEY)
        seen.append(found is not None and found.active)
        assert seen_of(view) == seen_of(settled.reader().known.view)

    assert [False, True] == seen


@pytest.mark.parametrize(
    ("mandate", "expected"), [(_mandate(), 100), (_mandate(7), 7), (_mandate(7, revoked=3), 3)]
)
def test_its_dates_are_those_of_the_mandate(
    settled: Registry, mandate: Mandate, expected: float
) -> None:
    """The end is told when the mandate changes, not when it has come."""
    reader = settled.reader()
    settled.put((MANDATES, mandate), (SWVS, _swv(display_name="Anders")))

    found = reader.follow().delivery_point(_KEY)

    assert found is not None
    assert timedelta(days=expected) == moment(found.mandate.end_time) - NOW


def test_a_code_from_before_that_could_be_a_brin_is_left_out(settled: Registry) -> None:
    """Readers would refuse the whole directory: the rest goes on."""
    reader = settled.reader()
    settled.put((SWVS, _swv("swvs/2801VO")), (SWVS, _swv("swvs/VO2801", display_name="Nieuw")))

    view = reader.follow()

    assert view.swv("2801VO") is None
    assert view.swv("VO2801") is not None


def test_swvs_and_their_delivery_points_are_in_the_general_part(settled: Registry) -> None:
    """Whatever of theirs changes, that is what is made anew."""
    found: list[set[Place]] = []

    settled.do(lambda tx: found.append(affected(tx.batch, [_SWV])))

    assert [{GENERAL}] == found


def test_what_does_not_change_makes_no_version(settled: Registry) -> None:
    """An SWV that is written as it was, or whose address moves, is not told."""
    before = settled.state()

    moved = _swv()
    moved.address.town = "Edam"
    settled.put((SWVS, moved))

    assert before == settled.state()


def _general(registry: Registry) -> Any:
    return Directory.FromString(registry.read().entries[GENERAL])
