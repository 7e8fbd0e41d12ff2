"""When a mandate and a delivery point may be used, and which two mandates cannot be together.

All follows from what was registered and from the moment: nothing needs to run when a date passes.
Moments are microseconds since 1970.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.registry.v1 import mandate_pb2 as contract
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER, TransferKind
from oso_registry.columns import microseconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf.timestamp_pb2 import Timestamp

    from oso.registry.v1.mandate_pb2 import (
        DeliveryPoint,
        DeliveryPointState,
        Mandate,
        MandateState,
    )

# A routing key: the prefix of OINs with a BRIN, three zeros, the BRIN, two zeros, and the number of
# the administration (OSO 2021; Logius, OIN-Stelsel). No source gives a form for SWVs: theirs have
# the prefix of OINs nobody gives out, and the code with zeros before it (ADR 0022).
_KEY_BEGIN, _KEY_MIDDLE, _ADMINISTRATION = "00000007000", "00", 3
_SWV_BEGIN, _SWV_WIDTH, _SWV = "00000099", 9, "swvs/"


def party_of(given: Mandate | DeliveryPoint) -> str:
    """Give the name of the school or SWV a mandate or delivery point is of."""
    return given.school or given.swv


def routing_key_begin(party: str) -> str:
    """Give how the routing keys of a school or SWV begin: all but the last three digits."""
    id_ = party.rpartition("/")[2]
    if party.startswith(_SWV):
        return f"{_SWV_BEGIN}{id_:0>{_SWV_WIDTH}}"
    return f"{_KEY_BEGIN}{id_}{_KEY_MIDDLE}"


def is_routing_key(text: str, party: str) -> bool:
    """Tell whether a text is a routing key of the school or SWV with this name."""
    begin, number = text[:-_ADMINISTRATION], text[-_ADMINISTRATION:]
    return begin == routing_key_begin(party) and number.isascii() and number.isdigit()


def end_of(mandate: Mandate) -> int | None:
    """Give when a mandate ends, by its date or because it was revoked; None while no end is known.

    What is revoked before it begins ends before it begins.
    """
    ends = []
    if mandate.HasField("end_time"):
        ends.append(microseconds(mandate.end_time))
    if mandate.HasField("revoke_time"):
        ends.append(microseconds(mandate.revoke_time))
    return min(ends, default=None)


def mandate_state(mandate: Mandate, now: int) -> MandateState.ValueType:
    """Tell whether a mandate is in force at a moment, and if not, why."""
    if mandate.HasField("revoke_time") and microseconds(mandate.revoke_time) <= now:
        return contract.MANDATE_STATE_REVOKED
    if _has_ended(mandate, now):
        return contract.MANDATE_STATE_ENDED
    if microseconds(mandate.start_time) > now:
        return contract.MANDATE_STATE_NOT_YET
    return contract.MANDATE_STATE_ACTIVE


def delivery_point_state(
    point: DeliveryPoint, mandate: Mandate, now: int
) -> DeliveryPointState.ValueType:
    """Tell whether a delivery point may be used at a moment, and if not, the foremost reason."""
    end = end_of(mandate)
    if point.disabled:
        return contract.DELIVERY_POINT_STATE_DISABLED
    if end is not None and end <= now:
        return contract.DELIVERY_POINT_STATE_MANDATE_ENDED
    if _has_ended(point, now):
        return contract.DELIVERY_POINT_STATE_ENDED
    if max(microseconds(point.start_time), microseconds(mandate.start_time)) > now:
        return contract.DELIVERY_POINT_STATE_NOT_YET
    return contract.DELIVERY_POINT_STATE_ACTIVE


def common_kinds(one: Mandate, other: Mandate) -> list[TransferKind.ValueType]:
    """Give the kinds in which both mandates would be in force at some moment.

    A mandate that was revoked stands in nobody's way.
    """
    if one.HasField("revoke_time") or other.HasField("revoke_time"):
        return []
    if not (_begins_before_end(one, other) and _begins_before_end(other, one)):
        return []
    return sorted(set(one.kinds) & set(other.kinds))


def beyond_mandate(point: DeliveryPoint, mandate: Mandate) -> list[str]:
    """Name what of a delivery point its mandate does not allow: kinds, or a date."""
    beyond = [kind_name(kind) for kind in point.kinds if kind not in mandate.kinds]
    if point.HasField("start_time") and point.start_time.ToNanoseconds() < _start(mandate):
        beyond.append(f"start_time {shown(point.start_time)}")
    both_end = point.HasField("end_time") and mandate.HasField("end_time")
    if both_end and point.end_time.ToNanoseconds() > mandate.end_time.ToNanoseconds():
        beyond.append(f"end_time {shown(point.end_time)}")
    return beyond


def mixes_swv(kinds: Sequence[TransferKind.ValueType]) -> bool:
    """Tell whether kinds for an SWV and for schools are together (OSO: they need their own)."""
    return TRANSFER_KIND_SWV_DOSSIER in kinds and set(kinds) != {TRANSFER_KIND_SWV_DOSSIER}


def kind_name(kind: TransferKind.ValueType) -> str:
    """Give a kind as people write it, such as `swv-dossier`."""
    return TransferKind.Name(kind).removeprefix("TRANSFER_KIND_").lower().replace("_", "-")


def kind_names(kinds: Iterable[TransferKind.ValueType]) -> str:
    """Give kinds as people write them."""
    return ", ".join(kind_name(kind) for kind in kinds)


def shown(moment: Timestamp) -> str:
    """Give a moment as people write it, in UTC; `-` for none."""
    if moment.ByteSize() == 0:
        return "-"
    return f"{moment.ToDatetime():%Y-%m-%d %H:%M} UTC"


def _has_ended(dated: Mandate | DeliveryPoint, now: int) -> bool:
    return dated.HasField("end_time") and microseconds(dated.end_time) <= now


def _begins_before_end(one: Mandate, other: Mandate) -> bool:
    return not other.HasField("end_time") or _start(one) < other.end_time.ToNanoseconds()


def _start(mandate: Mandate) -> int:
    return mandate.start_time.ToNanoseconds()
