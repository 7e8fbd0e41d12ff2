"""What of the registry stands in the directory: an entry for each school, system, delivery point.

An entry follows from resources at one moment. Dates are told, not judged: a mandate that ends, or a
certificate that expires, does so at every reader by itself, without a word of OfficeHeart.
"""

from __future__ import annotations

import re
from enum import IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import or_, select

from oso.directory.v1 import directory_pb2 as contract
from oso.options.v1.access_pb2 import ROLE_TRAFFIC_CENTER
from oso.registry.v1.party_pb2 import ADMISSION_STATE_ADMITTED, PARTY_STATUS_ACTIVE
from oso.registry.v1.system_pb2 import CERTIFICATE_STATE_ISSUED, CERTIFICATE_STATE_REVOKED
from oso_registry.grant_keys.resources import GRANT_KEYS, holder_of
from oso_registry.mandates.model import end_of
from oso_registry.mandates.resources import DELIVERY_POINTS, MANDATES
from oso_registry.parties.resources import PRODUCTS, SCHOOLS, SUPPLIERS, SWVS, supplier_of
from oso_registry.standard.dossier_years import accepted_at
from oso_registry.standard.in_force import table_in_force
from oso_registry.store import microseconds_of
from oso_registry.systems.resources import CERTIFICATES, SYSTEMS
from oso_rpc.signing import key_id_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from oso.registry.v1 import mandate_pb2, party_pb2
    from oso_registry.store import Batch

_AT_ONCE = 1000
_SCHOOL, _SWV, _SYSTEM, _POINT = "schools/", "swvs/", "systems/", "deliveryPoints/"
# What the directory takes as the code of an SWV: never a BRIN, which begins with a digit.
_SWV_CODE = re.compile(r"[A-Z][A-Z0-9]{3,7}", re.ASCII)
_STATUS = {
    CERTIFICATE_STATE_ISSUED: contract.CERTIFICATE_STATUS_ACTIVE,
    CERTIFICATE_STATE_REVOKED: contract.CERTIFICATE_STATUS_REVOKED,
}


class Kind(IntEnum):
    """Kinds of entries; numbers are kept in the database."""

    GENERAL = 0
    """Everything but the lists, with SWVs and their delivery points; its key is empty."""
    SCHOOL = 1
    SYSTEM = 2
    DELIVERY_POINT = 3


class Place(NamedTuple):
    """Where an entry stands.

    Attributes:
        kind: Its kind.
        key: BRIN, id of the system, or routing key.

    """

    kind: Kind
    key: str


GENERAL = Place(Kind.GENERAL, "")


def affected(batch: Batch, touched: Iterable[str]) -> set[Place]:
    """Give the entries that may be other than before, after resources of these names changed.

    The general part is always one: what of SWVs, years and keys is in it is not asked here.
    """
    places = {GENERAL}
    by: dict[str, list[str]] = {"mandate": [], "system": [], "product": [], "supplier": []}
    for name in touched:
        collection, _, rest = name.partition("/")
        match collection:
            case "schools":
                places.add(Place(Kind.SCHOOL, rest))
            case "systems":
                system_id, _, inside = rest.partition("/")
                places.add(Place(Kind.SYSTEM, system_id))
                if not inside:
                    by["system"].append(name)
            case "deliveryPoints":
                places.add(Place(Kind.DELIVERY_POINT, rest))
            case "mandates":
                by["mandate"].append(name)
            case "suppliers":
                by["product" if "/products/" in name else "supplier"].append(name)
    places.update(Place(Kind.DELIVERY_POINT, key) for key in _points_with(batch, by))
    return places


def everything(batch: Batch) -> set[Place]:
    """Give all entries there may be."""
    return {
        GENERAL,
        *(Place(Kind.SCHOOL, key) for key in _keys(batch, SCHOOLS, _SCHOOL)),
        *(Place(Kind.SYSTEM, key) for key in _keys(batch, SYSTEMS, _SYSTEM)),
        *(Place(Kind.DELIVERY_POINT, key) for key in _keys(batch, DELIVERY_POINTS, _POINT)),
    }


def expired_since(batch: Batch, since: datetime, now: datetime) -> set[Place]:
    """Give the systems with certificates that expired between two moments: they drop out."""
    row = CERTIFICATES.table.c
    found = batch.connection.execute(
        select(row.system).where(
            row.expire_time > microseconds_of(since), row.expire_time <= microseconds_of(now)
        )
    )
    return {Place(Kind.SYSTEM, name.removeprefix(_SYSTEM)) for name in found.scalars()}


def entries_at(batch: Batch, places: Iterable[Place], now: datetime) -> dict[Place, bytes | None]:
    """Make the entries of these places as they are now; None for what does not stand there."""
    keys: dict[Kind, list[str]] = {kind: [] for kind in Kind}
    for place in places:
        keys[place.kind].append(place.key)
    made: dict[Place, Any] = dict.fromkeys(places)
    if keys[Kind.GENERAL]:
        made[GENERAL] = _general(batch, now)
    for school in _schools(batch, keys[Kind.SCHOOL]):
        made[Place(Kind.SCHOOL, school.brin)] = school
    for system in _systems(batch, keys[Kind.SYSTEM], microseconds_of(now)):
        made[Place(Kind.SYSTEM, system.system_id)] = system
    for point in _delivery_points(batch, _points(batch, keys[Kind.DELIVERY_POINT])):
        made[Place(Kind.DELIVERY_POINT, point.routing_key)] = point
    return {
        place: None if entry is None else entry.SerializeToString(deterministic=True)
        for place, entry in made.items()
    }


def _general(batch: Batch, now: datetime) -> contract.Directory:
    general = contract.Directory(
        accepted_dossier_years=accepted_at(batch, now).years, test_codes=table_in_force(batch)
    )
    grant_keys = batch.list(GRANT_KEYS)
    batch.load(SYSTEMS, [holder_of(key.name) for key in grant_keys])
    for key in grant_keys:
        holder = batch.get(SYSTEMS, holder_of(key.name))
        if holder is not None and holder.role == ROLE_TRAFFIC_CENTER and not holder.disabled:
            general.traffic_center_keys.add(
                key_id=key_id_of(key.public_key), public_key=key.public_key
            )
    _put_swvs(batch, general)
    return general


def _put_swvs(batch: Batch, general: contract.Directory) -> None:
    """Tell of SWVs and their delivery points; one that is closed takes no part."""
    codes = []
    for swv in batch.list(SWVS, SWVS.table.c.status == PARTY_STATUS_ACTIVE):
        code = swv.name.removeprefix(_SWV)
        if _SWV_CODE.fullmatch(code):
            codes.append(code)
            general.swvs.add(
                code=code,
                name=swv.display_name,
                qualification=swv.qualification or contract.QUALIFICATION_STATE_REGISTERED,
                test_swv=swv.test_swv,
            )
    names = [_SWV + code for code in codes]
    row = DELIVERY_POINTS.table.c
    points = [
        point for some in _some(names) for point in batch.list(DELIVERY_POINTS, row.swv.in_(some))
    ]
    points.sort(key=lambda point: point.name)
    general.swv_delivery_points.extend(_delivery_points(batch, points))


def _schools(batch: Batch, keys: Sequence[str]) -> Iterator[contract.School]:
    """Give schools; one that is closed takes no part."""
    names = [_SCHOOL + key for key in keys]
    batch.load(SCHOOLS, names)
    for name in names:
        school = batch.get(SCHOOLS, name)
        if school is not None and school.status == PARTY_STATUS_ACTIVE:
            made = contract.School(
                brin=name.removeprefix(_SCHOOL),
                name=school.display_name,
                sector=school.sector,
                qualification=school.qualification or contract.QUALIFICATION_STATE_REGISTERED,
                test_school=school.test_school,
            )
            if school.HasField("trial_end_time"):
                made.trial_end_time.CopyFrom(school.trial_end_time)
            yield made


def _systems(batch: Batch, keys: Sequence[str], now: int) -> Iterator[contract.System]:
    """Give systems with their certificates that were given out and have not expired."""
    names = [_SYSTEM + key for key in keys]
    batch.load(SYSTEMS, names)
    certificates = _certificates(batch, names, now)
    for name in names:
        system = batch.get(SYSTEMS, name)
        if system is not None:
            yield contract.System(
                system_id=name.removeprefix(_SYSTEM),
                supplier_oin=system.owner.removeprefix("suppliers/")
                if system.owner.startswith("suppliers/")
                else "",
                certificates=certificates.get(name, ()),
                auditor=system.auditor,
            )


def _certificates(
    batch: Batch, systems: Sequence[str], now: int
) -> dict[str, list[contract.Certificate]]:
    """Give the certificates of systems, by the system's name: few columns, for PEM is long."""
    row = CERTIFICATES.table.c
    found: dict[str, list[contract.Certificate]] = {}
    for some in _some(systems):
        query = (
            select(row.system, row.sha256, row.state, row.expire_time)
            .where(row.system.in_(some), row.state.in_(_STATUS), row.expire_time > now)
            .order_by(row.name)
        )
        for system, sha256, state, expire_time in batch.connection.execute(query):
            made = contract.Certificate(sha256=sha256, status=_STATUS[state])
            made.expire_time.FromMicroseconds(expire_time)
            found.setdefault(system, []).append(made)
    return found


def _points(batch: Batch, keys: Sequence[str]) -> list[mandate_pb2.DeliveryPoint]:
    """Read the delivery points of schools with these routing keys."""
    names = [_POINT + key for key in keys]
    batch.load(DELIVERY_POINTS, names)
    found = (batch.get(DELIVERY_POINTS, name) for name in names)
    return [point for point in found if point is not None and not point.swv]


def _delivery_points(
    batch: Batch, points: Sequence[mandate_pb2.DeliveryPoint]
) -> Iterator[contract.DeliveryPoint]:
    batch.load(MANDATES, [point.mandate for point in points])
    batch.load(PRODUCTS, [point.product for point in points])
    batch.load(SUPPLIERS, [supplier_of(point.product) for point in points])
    batch.load(SYSTEMS, [point.system for point in points])
    for point in points:
        mandate = batch.get(MANDATES, point.mandate)
        if mandate is not None:
            yield _delivery_point(batch, point, mandate)


def _delivery_point(
    batch: Batch, point: mandate_pb2.DeliveryPoint, mandate: mandate_pb2.Mandate
) -> contract.DeliveryPoint:
    product = batch.get(PRODUCTS, point.product)
    supplier = batch.get(SUPPLIERS, supplier_of(point.product))
    system = batch.get(SYSTEMS, point.system)
    made = contract.DeliveryPoint(
        routing_key=point.name.removeprefix(_POINT),
        brin=point.school.removeprefix(_SCHOOL),
        swv=point.swv.removeprefix(_SWV),
        vestiging=point.vestiging,
        system_id=point.system.removeprefix(_SYSTEM),
        address=point.address,
        product=f"{product.display_name} {product.version}".strip() if product else "",
        kinds=[kind for kind in point.kinds if kind in mandate.kinds],
        dossier_years=point.dossier_years,
        active=not point.disabled
        and product is not None
        and product.status == PARTY_STATUS_ACTIVE
        and _may_work(supplier)
        and system is not None
        and not system.disabled,
    )
    _put_dates(made, point, mandate)
    return made


def _may_work(supplier: party_pb2.Supplier | None) -> bool:
    return (
        supplier is not None
        and supplier.status == PARTY_STATUS_ACTIVE
        and supplier.admission == ADMISSION_STATE_ADMITTED
    )


def _put_dates(
    made: contract.DeliveryPoint, point: mandate_pb2.DeliveryPoint, mandate: mandate_pb2.Mandate
) -> None:
    """Tell when it may be used: in its own dates and its mandate's, which readers judge as one."""
    starts = [mandate.start_time.ToMicroseconds()]
    if point.HasField("start_time"):
        starts.append(point.start_time.ToMicroseconds())
    ends = [] if (end := end_of(mandate)) is None else [end]
    if point.HasField("end_time"):
        ends.append(point.end_time.ToMicroseconds())
    made.mandate.start_time.FromMicroseconds(max(starts))
    if ends:
        made.mandate.end_time.FromMicroseconds(min(ends))


def _points_with(batch: Batch, by: dict[str, list[str]]) -> Iterator[str]:
    """Give the routing keys of delivery points that rest on a resource, by its kind and name."""
    row = DELIVERY_POINTS.table.c
    for column in ("mandate", "system", "product"):
        for some in _some(by[column]):
            yield from _routing_keys(batch, row[column].in_(some))
    for some in _some(by["supplier"]):
        begins = [row.product.startswith(f"{name}/products/", autoescape=True) for name in some]
        yield from _routing_keys(batch, or_(*begins))


def _routing_keys(batch: Batch, where: ColumnElement[bool]) -> Iterator[str]:
    found = batch.connection.execute(select(DELIVERY_POINTS.table.c.name).where(where))
    return (name.removeprefix(_POINT) for name in found.scalars().all())


def _keys(batch: Batch, collection: Any, prefix: str) -> Iterator[str]:
    found = batch.connection.execute(select(collection.table.c.name)).scalars().all()
    return (name.removeprefix(prefix) for name in found)


def _some(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """Give names in lists that a statement can take."""
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
