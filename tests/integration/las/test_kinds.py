"""Within one BRIN and to an SWV: from desk to desk."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from oso.exchange.v1.dossier_exchange_service_pb2 import FetchDossierRequest
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_dossier import DossierDocument, canonical, read_xml, write_xml
from oso_dossier.synthetic import generate
from oso_las.kinds import BINNEN_BRIN
from oso_las.model import Identity, State
from oso_las.notifier import DeliveryPointChoiceError
from oso_las.receivers import WrongReceiverError
from oso_las.wishes import NOBODY, PersonNumberError
from oso_registry.testing import swv_routing_key_of
from oso_rpc.channel import secure_channel
from oso_rpc.errors import OsoError, from_rpc_error, name_of

from .conftest import SOURCE, SWV, TARGET

if TYPE_CHECKING:
    from .conftest import Neighbours

OFFICIAL = Path(__file__).parents[4] / "shared" / "dossiers" / "2019.1"


def _document(profile: str, official: str) -> DossierDocument:
    """Give an invented dossier, or an official example where those are."""
    if not official:
        return generate(profile, 7)
    path = OFFICIAL / f"{official}.xml"
    if not path.exists():
        pytest.skip("the official examples are not here")
    return read_xml(path)


def _bytes(document: DossierDocument) -> bytes:
    return canonical(write_xml(document))


# --- within one BRIN


@pytest.mark.parametrize("official", ["", "OV_BB_full"])
async def test_a_dossier_goes_from_one_location_to_another(
    neighbours: Neighbours, official: str
) -> None:
    """Both have the same BRIN; it arrives unchanged, without an inspection."""
    document = _document("BB", official)
    number = await neighbours.ready(document, SOURCE)

    identity = Identity.of_dossier(document.dossier)
    collected = await neighbours.second.collector.collect(
        identity, SOURCE, "worker", kind=BINNEN_BRIN
    )

    assert name_of(collected.result) == "DELIVERED"
    received = await neighbours.second.desk.document(collected.dossier_number or 0)
    assert _bytes(received) == _bytes(document)
    (given,) = await neighbours.source.desk.entries()
    assert (given.number, given.state, given.profile) == (number, State.DELIVERED, "BB")


async def test_a_dossier_for_one_kind_is_not_given_for_another(neighbours: Neighbours) -> None:
    """A move is not served with what is ready within the BRIN, nor the other way round."""
    document = generate("BB", 7)
    await neighbours.ready(document, SOURCE)
    identity = Identity.of_dossier(document.dossier)
    moved = generate("POVO", 7)
    await neighbours.ready(moved, TARGET)

    asked = await neighbours.target.collector.collect(identity, SOURCE, "worker")
    within = await neighbours.second.collector.collect(
        Identity.of_dossier(moved.dossier), SOURCE, "worker", kind=BINNEN_BRIN
    )

    assert name_of(asked.result) == "DOSSIER_NOT_READY"
    assert name_of(within.result) == "DOSSIER_NOT_READY"
    states = [entry.state for entry in await neighbours.source.desk.entries()]
    assert states == [State.READY, State.READY]


async def test_another_school_cannot_ask_within_our_brin(neighbours: Neighbours) -> None:
    """The Traffic Center refuses; and we cannot set such a dossier ready for another school."""
    document = generate("BB", 7)
    number = await neighbours.source.desk.import_document(document, "test")
    identity = Identity.of_dossier(document.dossier)

    with pytest.raises(WrongReceiverError):
        await neighbours.source.desk.set_ready(number, TARGET, "test")
    with pytest.raises(OsoError) as refused:
        await neighbours.target.collector.collect(identity, SOURCE, "worker", kind=BINNEN_BRIN)
    assert refused.value.name == "SCHOOLS_NOT_RELATED"


async def test_both_dossiers_of_a_pupil_can_be_ready(neighbours: Neighbours) -> None:
    """One within the BRIN does not withdraw the one for another school; one of its kind does."""
    within = generate("BB", 7)
    move = generate("POPO", 7)
    move.dossier.huidigeschool.leerling.bsn = within.dossier.huidigeschool.leerling.bsn
    born = within.dossier.huidigeschool.leerling.geboortedatum
    move.dossier.huidigeschool.leerling.geboortedatum.CopyFrom(born)
    await neighbours.ready(move, TARGET)
    await neighbours.ready(within, SOURCE)
    await neighbours.ready(within, SOURCE)

    states = [entry.state for entry in await neighbours.source.desk.entries()]
    assert states == [State.READY, State.WITHDRAWN, State.READY]


# --- SWVs


@pytest.mark.parametrize(
    ("profile", "official"),
    [("POSWV", ""), ("VOSWV", ""), ("POSWV", "PaO_POSWV_full"), ("VOSWV", "PaO_VOSWV_full")],
)
async def test_a_dossier_for_an_swv_travels(
    neighbours: Neighbours, profile: str, official: str
) -> None:
    """Told with a coupling key, the SWV fetches it whole; nobody's number is anywhere."""
    document = _document(profile, official)
    number = await neighbours.ready(document, SWV)
    assert await neighbours.told(number) == [(swv_routing_key_of(SWV), "ARRIVED")]

    (notice,) = await neighbours.swv.inbox.notices()
    collected = await neighbours.swv.collector.fulfil(
        await neighbours.swv.inbox.wish(notice.number), "worker"
    )

    assert name_of(collected.result) == "DELIVERED"
    received = await neighbours.swv.desk.document(collected.dossier_number or 0)
    assert _bytes(received) == _bytes(document)
    (entry,) = await neighbours.swv.desk.entries()
    assert (entry.state, entry.profile, entry.source_brin) == (State.RECEIVED, profile, SOURCE)
    (after,) = await neighbours.swv.inbox.notices()
    assert (after.identity, after.dossier_number) == (NOBODY, collected.dossier_number)


@pytest.mark.parametrize("place", ["field", "text"])
async def test_a_dossier_for_an_swv_with_a_personal_number_is_not_taken_in(
    neighbours: Neighbours, place: str
) -> None:
    """In its own field or in a remark: refused at the desk, with where it is and without it."""
    document = generate("POSWV", 7)
    pupil = document.dossier.huidigeschool.leerling
    if place == "field":
        pupil.bsn = "999900006"
    else:
        pupil.leerlingid = "999900006"

    with pytest.raises(PersonNumberError) as refused:
        await neighbours.source.desk.import_document(document, "test")

    assert "999900006" not in str(refused.value)
    assert await neighbours.source.desk.entries() == []
    assert neighbours.country.files(SOURCE) == []


async def test_an_swv_keeps_no_dossier_with_a_personal_number(
    neighbours: Neighbours, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A source that sends one all the same gets MANIFEST_INVALID, and nothing of it is kept."""
    monkeypatch.setattr("oso_las.desk.identity_in", lambda _: NOBODY)
    document = generate("POSWV", 7)
    document.dossier.huidigeschool.leerling.bsn = "999900006"
    await neighbours.told(await neighbours.ready(document, SWV))
    (notice,) = await neighbours.swv.inbox.notices()
    wish = await neighbours.swv.inbox.wish(notice.number)

    collected = await neighbours.swv.collector.fulfil(wish, "worker")

    assert name_of(collected.result) == "MANIFEST_INVALID"
    assert await neighbours.swv.desk.entries() == []


async def test_a_coupling_key_serves_once(neighbours: Neighbours) -> None:
    """After the dossier came the key opens nothing; a new notification brings a new one."""
    wish = await neighbours.told_swv()
    await neighbours.swv.collector.fulfil(wish, "worker")

    with pytest.raises(OsoError) as refused:
        await neighbours.swv.collector.fulfil(wish, "worker")
    assert refused.value.name == "COUPLING_KEY_USED"
    assert await neighbours.told(1) == [(swv_routing_key_of(SWV), "ARRIVED")]
    (newest, *_) = await neighbours.swv.inbox.notices()
    again = await neighbours.swv.inbox.wish(newest.number)
    assert name_of((await neighbours.swv.collector.fulfil(again, "worker")).result) == "DELIVERED"


async def test_a_withdrawn_dossier_is_not_given_to_the_swv(neighbours: Neighbours) -> None:
    """The key alone is not enough: the source's desk decides at the moment it is asked."""
    wish = await neighbours.told_swv()
    await neighbours.source.desk.withdraw(1, "test")

    collected = await neighbours.swv.collector.fulfil(wish, "worker")

    assert name_of(collected.result) == "DOSSIER_WITHDRAWN"


async def test_two_dossiers_for_an_swv_are_kept_apart(neighbours: Neighbours) -> None:
    """Setting one ready withdraws no other: nothing tells that they are of one pupil."""
    numbers = [await neighbours.ready(generate("POSWV", seed), SWV) for seed in (7, 8)]
    for number in numbers:
        await neighbours.told(number)
    for notice in await neighbours.swv.inbox.notices():
        wish = await neighbours.swv.inbox.wish(notice.number)
        await neighbours.swv.collector.fulfil(wish, "worker")

    received = [await neighbours.swv.desk.document(number) for number in (1, 2)]
    assert received == [generate("POSWV", 8), generate("POSWV", 7)]


async def test_an_swv_asks_with_the_key_of_its_session_and_nothing_else(
    neighbours: Neighbours,
) -> None:
    """Another key, or an identity where a key belongs, is KEY_MISMATCH: no number is looked up."""
    wish = await neighbours.told_swv()
    swv_key = swv_routing_key_of(SWV)
    opened = await neighbours.swv.traffic_center.open(
        swv_key, SOURCE, coupling_key=wish.coupling_key, kind=TRANSFER_KIND_SWV_DOSSIER
    )
    (point,) = [one.delivery_point for one in opened.source_delivery_points]
    credentials = neighbours.country.landscape.credentials("swv-a")
    channel = secure_channel(point.address, point.system_id, credentials)

    async def told(**subject: Any) -> str:
        request = FetchDossierRequest(
            session_id=opened.session.session_id,
            grant=opened.grant,
            source_routing_key=point.routing_key,
            accepted_dossier_years=["2019.1"],
            **subject,
        )
        with contextlib.suppress(StopAsyncIteration):
            try:
                stub = DossierExchangeServiceStub(channel)
                _ = [one async for one in stub.FetchDossier(request, timeout=10)]
            except grpc.aio.AioRpcError as error:
                return from_rpc_error(error, party="source").name
        return "OK"

    identity = Identity.of_dossier(generate("POVO", 7).dossier)
    assert await told(coupling_key="x" * 43) == "KEY_MISMATCH"
    assert await told(identity=identity.message(), salt=bytes(32)) == "KEY_MISMATCH"
    assert await told() == "REQUEST_INVALID"
    assert await told(coupling_key=wish.coupling_key) == "OK"
    await channel.close()


async def test_an_swv_without_a_delivery_point_cannot_be_told(neighbours: Neighbours) -> None:
    """Nor one with several, until one is chosen; the dossier stays ready."""
    number = await neighbours.ready(generate("POSWV", 7), SWV)
    directory = neighbours.country.landscape.directory
    second = directory.swv_delivery_points.add()
    second.CopyFrom(directory.swv_delivery_points[0])
    second.routing_key = f"{swv_routing_key_of(SWV)[:-1]}2"
    await neighbours.country.publish()
    with pytest.raises(DeliveryPointChoiceError) as several:
        await neighbours.told(number)

    first = several.value.routing_keys[0]
    assert await neighbours.told(number, first) == [(first, "ARRIVED")]
    for point in directory.swv_delivery_points:
        point.active = False
    await neighbours.country.publish()
    with pytest.raises(DeliveryPointChoiceError) as none:
        await neighbours.told(number)
    assert none.value.routing_keys == ()
    (entry,) = await neighbours.source.desk.entries()
    assert entry.state is State.READY


async def test_a_school_cannot_ask_by_identity_for_a_dossier_for_an_swv(
    neighbours: Neighbours,
) -> None:
    """What is ready for an SWV is nobody's: no identity finds it."""
    await neighbours.told_swv()
    identity = Identity.of_dossier(generate("POPO", 7).dossier)

    asked = await neighbours.target.collector.collect(identity, SOURCE, "worker")

    assert name_of(asked.result) == "DOSSIER_NOT_READY"


async def test_an_swv_gives_out_nothing(neighbours: Neighbours) -> None:
    """It serves, to be told; whoever asks it for a dossier is refused at the centre's word."""
    wish = await neighbours.told_swv()
    opened = await neighbours.swv.traffic_center.open(
        swv_routing_key_of(SWV),
        SOURCE,
        coupling_key=wish.coupling_key,
        kind=TRANSFER_KIND_SWV_DOSSIER,
    )
    landscape = neighbours.country.landscape
    (point,) = landscape.directory.swv_delivery_points
    channel = secure_channel(point.address, "swv-a", landscape.credentials("swv-a"))
    request = FetchDossierRequest(
        session_id=opened.session.session_id,
        grant=opened.grant,
        source_routing_key=point.routing_key,
        coupling_key=wish.coupling_key,
        accepted_dossier_years=["2019.1"],
    )

    with pytest.raises(grpc.aio.AioRpcError) as refused:
        _ = [one async for one in DossierExchangeServiceStub(channel).FetchDossier(request)]

    assert from_rpc_error(refused.value, party="swv").name == "REQUEST_INVALID"
    await channel.close()
