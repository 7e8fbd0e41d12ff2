"""When mandates and delivery points may be used, and which mandates stand in each other's way."""

from __future__ import annotations

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from oso.registry.v1 import mandate_pb2 as contract
from oso.registry.v1.mandate_pb2 import DeliveryPoint, Mandate
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN as BINNENBRIN,
)
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERSTAPDOSSIER as OVERSTAP,
)
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_SWV_DOSSIER as SWV,
)
from oso_registry.mandates import model


def _at(second: int | None) -> Timestamp | None:
    return None if second is None else Timestamp(seconds=second)


def _mandate(
    start: int, end: int | None = None, revoked: int | None = None, kinds: tuple[int, ...] = (1,)
) -> Mandate:
    return Mandate(
        start_time=_at(start),
        end_time=_at(end),
        revoke_time=_at(revoked),
        kinds=[
            contract_kind for contract_kind in (OVERSTAP, BINNENBRIN, SWV) if contract_kind in kinds
        ],
    )


@pytest.mark.parametrize(
    ("mandate", "now", "expected"),
    [
        (_mandate(10), 9, contract.MANDATE_STATE_NOT_YET),
        (_mandate(10), 10, contract.MANDATE_STATE_ACTIVE),
        (_mandate(10, 20), 19, contract.MANDATE_STATE_ACTIVE),
        (_mandate(10, 20), 20, contract.MANDATE_STATE_ENDED),
        (_mandate(10, 20, 15), 15, contract.MANDATE_STATE_REVOKED),
        (_mandate(10, 20, 15), 25, contract.MANDATE_STATE_REVOKED),
        (_mandate(10, None, 5), 7, contract.MANDATE_STATE_REVOKED),
    ],
)
def test_a_mandate_is_in_force_between_its_dates(
    mandate: Mandate, now: int, expected: contract.MandateState.ValueType
) -> None:
    """From its start on, until and not including its end or the moment it was revoked."""
    assert expected == model.mandate_state(mandate, now * 1_000_000)


@pytest.mark.parametrize(
    ("mandate", "start", "end", "disabled", "expected"),
    [
        (_mandate(10), None, None, False, contract.DELIVERY_POINT_STATE_ACTIVE),
        (_mandate(10, 60), 50, 51, False, contract.DELIVERY_POINT_STATE_ACTIVE),
        (_mandate(51), None, None, False, contract.DELIVERY_POINT_STATE_NOT_YET),
        (_mandate(10), 51, None, False, contract.DELIVERY_POINT_STATE_NOT_YET),
        (_mandate(10), 20, 50, False, contract.DELIVERY_POINT_STATE_ENDED),
        (_mandate(10, 50), None, None, False, contract.DELIVERY_POINT_STATE_MANDATE_ENDED),
        (_mandate(10, None, 50), None, None, False, contract.DELIVERY_POINT_STATE_MANDATE_ENDED),
        (_mandate(60, None, 50), None, None, False, contract.DELIVERY_POINT_STATE_MANDATE_ENDED),
        (_mandate(10, 50), 20, 40, False, contract.DELIVERY_POINT_STATE_MANDATE_ENDED),
        (_mandate(10, 50), 20, 40, True, contract.DELIVERY_POINT_STATE_DISABLED),
    ],
)
def test_a_delivery_point_may_be_used_when_it_and_its_mandate_may(
    mandate: Mandate,
    start: int | None,
    end: int | None,
    disabled: bool,  # noqa: FBT001  a column of the table above
    expected: contract.DeliveryPointState.ValueType,
) -> None:
    """At moment 50; of several reasons why not the foremost is told."""
    point = DeliveryPoint(start_time=_at(start), end_time=_at(end), disabled=disabled)

    assert expected == model.delivery_point_state(point, mandate, 50_000_000)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (_mandate(10, 20), _mandate(20, 30), []),
        (_mandate(10, 21), _mandate(20, 30), [OVERSTAP]),
        (_mandate(10), _mandate(20, 30), [OVERSTAP]),
        (_mandate(10), _mandate(5, 10), []),
        (_mandate(10), _mandate(5), [OVERSTAP]),
        (_mandate(10, 40), _mandate(20, 30), [OVERSTAP]),
        (_mandate(10, kinds=(OVERSTAP, SWV)), _mandate(10, kinds=(SWV, BINNENBRIN)), [SWV]),
        (_mandate(10, kinds=(OVERSTAP,)), _mandate(10, kinds=(SWV,)), []),
        (_mandate(10, revoked=15), _mandate(12), []),
    ],
)
def test_two_mandates_for_one_kind_cannot_be_in_force_together(
    one: Mandate, other: Mandate, expected: list[int]
) -> None:
    """The kinds they would share at some moment, whichever comes first."""
    assert [expected, expected] == [model.common_kinds(one, other), model.common_kinds(other, one)]


@pytest.mark.parametrize(
    ("start", "end", "kinds", "expected"),
    [
        (None, None, (OVERSTAP,), []),
        (10, 20, (OVERSTAP,), []),
        (9, None, (OVERSTAP,), ["start_time 1970-01-01 00:00 UTC"]),
        (None, 80, (OVERSTAP,), ["end_time 1970-01-01 00:01 UTC"]),
        (None, None, (OVERSTAP, SWV), ["swv-dossier"]),
    ],
)
def test_a_delivery_point_stays_within_its_mandate(
    start: int | None, end: int | None, kinds: tuple[int, ...], expected: list[str]
) -> None:
    """What goes beyond is named; a date that is not given goes as far as the mandate."""
    point = DeliveryPoint(start_time=_at(start), end_time=_at(end))
    point.kinds.extend(kind for kind in (OVERSTAP, SWV) if kind in kinds)

    assert expected == model.beyond_mandate(point, _mandate(10, 70))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("0000000700000SS00931", True),
        ("0000000700000SS00000", True),
        ("0000000700000YY00931", False),  # another school's
        ("0000000700000SS01931", False),
        ("0000000700000SS0093A", False),
        ("0000000700000SS00" + "\u0669" * 3, False),
        ("0000000300000SS00931", False),
        ("0000000710000SS00931", False),
        ("0000000700000SS0093", False),
    ],
)
def test_a_routing_key_is_its_schools(key: str, expected: bool) -> None:  # noqa: FBT001  a column
    """Prefix, zeros, the BRIN of the school, zeros, and the number of the administration."""
    assert expected == model.is_routing_key(key, "schools/00SS")


@pytest.mark.parametrize(
    ("code", "key", "expected"),
    [
        ("PO3001", "00000099000PO3001001", True),
        ("PO30", "0000009900000PO30931", True),
        ("VO123456", "000000990VO123456001", True),
        ("PO3001", "00000099000PO3002001", False),  # another SWV's
        ("PO3001", "0000009900000PO30001", False),
        ("PO3001", "00000007000PO3001001", False),
        ("PO3001", "00000099000PO300100A", False),
        ("PO3001", "00000099000PO3001", False),
        ("PO3001", "0000000700000SS00001", False),  # a school's
    ],
)
def test_a_routing_key_is_its_swvs(code: str, key: str, expected: bool) -> None:  # noqa: FBT001
    """Prefix of test OINs, zeros and the code in nine characters, and a number of three digits."""
    assert expected == model.is_routing_key(key, f"swvs/{code}")


def test_swv_dossiers_stand_alone() -> None:
    """A delivery point is for schools or for an SWV (OSO)."""
    assert [False, False, True] == [
        model.mixes_swv(kinds) for kinds in ([SWV], [OVERSTAP, BINNENBRIN], [OVERSTAP, SWV])
    ]
