"""What differs between two states of a school, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso.directory.v1.directory_pb2 import Sector
from oso.registry.v1.party_pb2 import PartyStatus
from oso.registry.v1.school_list_pb2 import SchoolListChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oso.registry.v1.party_pb2 import Location, PostalAddress, School

_ADDRESS = ("street", "house_number", "postcode", "town")


def changes_between(before: School, after: School) -> Iterator[SchoolListChange]:
    """Give what a list may change of a school, where the two differ."""
    yield from _change("display_name", before.display_name, after.display_name)
    yield from _change("board", before.board, after.board)
    yield from _change("sector", sector_name(before.sector), sector_name(after.sector))
    yield from _change("status", _status(before.status), _status(after.status))
    yield from _of_address("address", before.address, after.address)
    old = {one.vestiging: one for one in before.locations}
    for one in after.locations:
        path = f"locations/{one.vestiging}"
        if one.vestiging in old:
            yield from _of_location(path, old[one.vestiging], one)
        else:
            yield SchoolListChange(field=path, to=one.display_name)


def sector_name(sector: Sector.ValueType) -> str:
    """Give the name of a kind of education as people know it, such as `VO`."""
    return Sector.Name(sector).removeprefix("SECTOR_")


def _of_location(path: str, before: Location, after: Location) -> Iterator[SchoolListChange]:
    if before == after:
        return
    yield from _change(f"{path}.display_name", before.display_name, after.display_name)
    yield from _change(f"{path}.status", _status(before.status), _status(after.status))
    yield from _of_address(f"{path}.address", before.address, after.address)


def _of_address(
    path: str, before: PostalAddress, after: PostalAddress
) -> Iterator[SchoolListChange]:
    for name in _ADDRESS:
        yield from _change(f"{path}.{name}", getattr(before, name), getattr(after, name))


def _status(status: PartyStatus.ValueType) -> str:
    return PartyStatus.Name(status).removeprefix("PARTY_STATUS_")


def _change(field: str, before: str, after: str) -> Iterator[SchoolListChange]:
    # `from` is a word of Python: it can be given by name only in this way.
    if before != after:
        yield SchoolListChange(**{"field": field, "from": before, "to": after})
