"""Within one BRIN, to an SWV, and being told that a dossier is ready: from desk to desk."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from oso.exchange.v1.dossier_exchange_service_pb2 import FetchDossierRequest, NotifyRequest
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.trafficcenter.v1.notification_pb2 import Notification, SignedNotification
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_dossier import DossierDocument, canonical, read_xml, write_xml
from oso_dossier.synthetic import generate
from oso_las.app import Node, Settings, running
from oso_las.inbox import PupilForgottenError, UnknownNotificationError
from oso_las.kinds import BINNEN_BRIN
from oso_las.model import Identity, NotPossibleError, State
from oso_las.notifier import DeliveryPointChoiceError, NobodyAskedError
from oso_las.receivers import WrongReceiverError
from oso_las.wishes import NOBODY, PersonNumberError, Wish
from oso_registry.testing import Landscape, routing_key_of, swv_routing_key_of
from oso_rpc.channel import secure_channel
from oso_rpc.errors import OsoError, from_rpc_error, name_of

from .conftest import OTHER, SOURCE, SYSTEMS, TARGET, Country

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oso.directory.v1.directory_pb2 import DeliveryPoint

OFFICIAL = Path(__file__).parents[4] / "shared" / "dossiers" / "2019.1"
SWV = "PO3001"
SECOND = routing_key_of(SOURCE, 2)
FOR_SWV = routing_key_of(SOURCE, 3)


@pytest.fixture
def landscape(landscape: Landscape) -> Landscape:
    """Beside the three schools: a second location of the first one, and an SWV."""
    for system in ("las-d", "swv-a"):
        landscape.add_system(system)
    for point in landscape.directory.delivery_points:
        if point.brin == SOURCE:
            point.kinds.append(TRANSFER_KIND_OVERDRACHTBINNENBRIN)
    landscape.add_delivery_point(SOURCE, "las-d", 2, TRANSFER_KIND_OVERDRACHTBINNENBRIN)
    landscape.add_delivery_point(SOURCE, SYSTEMS[SOURCE], 3, TRANSFER_KIND_SWV_DOSSIER)
    landscape.add_swv(SWV, "swv-a")
    landscape.publish()
    return landscape


def _points(country: Country) -> list[DeliveryPoint]:
    directory = country.landscape.directory
    return [*directory.delivery_points, *directory.swv_delivery_points]


async def _start(country: Country, stack: AsyncExitStack, system: str, **changes: Any) -> Node:
    """Start one more node; its delivery points learn where it listens."""
    folder = country.landscape.folder
    home = folder / (SOURCE if system == SYSTEMS[SOURCE] else system)
    home.mkdir(mode=0o700, exist_ok=True)
    files = {
        "certificate": folder / f"{system}.crt",
        "key": folder / f"{system}.key",
        "parts": home / "parts",
    }
    values = {**country.settings(SOURCE).model_dump(), **files, **changes}
    settings = Settings(**values)
    node, server = await stack.enter_async_context(running(home, settings, country.clock))
    for point in _points(country):
        if point.system_id == system:
            point.address = f"127.0.0.1:{server.port}"
    return node


@dataclasses.dataclass
class Neighbours:
    """The nodes beside the two schools.

    Attributes:
        country: The rest.
        second: The second location of the first school.
        swv: The SWV.

    """

    country: Country
    second: Node
    swv: Node

    @property
    def source(self) -> Node:
        """The first school."""
        return self.country.nodes[SOURCE]

    @property
    def target(self) -> Node:
        """The school that asks."""
        return self.country.nodes[TARGET]

    async def ready(self, document: DossierDocument, target: str) -> int:
        """Import a dossier at the first school and set it ready."""
        number = await self.source.desk.import_document(document, "test")
        if document.dossier.overdrachtsoort == "overstapdossier":
            await self.source.desk.inspect(number, "test")
        await self.source.desk.set_ready(number, target, "test")
        return number

    async def told(self, number: int, to: str = "") -> list[tuple[str, str]]:
        """Notify; give whom, with what result."""
        sent = await self.source.notifier.notify(number, "worker", to)
        return [(one.routing_key, one.result) for one in sent]

    async def told_swv(self) -> Wish:
        """Set a dossier ready for the SWV and notify it; give what it may fetch."""
        number = await self.ready(generate("POSWV", 7), SWV)
        assert await self.told(number) == [(swv_routing_key_of(SWV), "ARRIVED")]
        (notice, *_) = await self.swv.inbox.notices()
        return await self.swv.inbox.wish(notice.number)


@pytest.fixture
async def neighbours(landscape: Landscape) -> AsyncIterator[Neighbours]:
    """Source, target, second location and SWV, on SQLite; the directory is published once."""
    country = Country(landscape, lambda _brin: "")
    await country.start_center()
    async with AsyncExitStack() as stack:
        country.nodes[SOURCE] = await _start(
            country, stack, SYSTEMS[SOURCE], swv_routing_key=FOR_SWV
        )
        second = await _start(country, stack, "las-d", routing_key=SECOND)
        swv_key = swv_routing_key_of(SWV)
        swv = await _start(country, stack, "swv-a", brin="", swv=SWV, routing_key=swv_key)
        await country.start_school(TARGET)
        yield Neighbours(country, second, swv)
    await country.close()


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


# --- telling who asked


async def _ask_in_vain(neighbours: Neighbours) -> Identity:
    document = generate("POVO", 7)
    identity = Identity.of_dossier(document.dossier)
    asked = await neighbours.target.collector.collect(identity, SOURCE, "worker")
    assert name_of(asked.result) == "DOSSIER_NOT_READY"
    return identity


async def test_who_asked_in_vain_is_told_and_fetches(neighbours: Neighbours) -> None:
    """The target sees which pupil it is about; nothing is fetched before its worker does."""
    identity = await _ask_in_vain(neighbours)
    number = await neighbours.ready(generate("POVO", 7), TARGET)

    assert await neighbours.told(number) == [(routing_key_of(TARGET), "ARRIVED")]

    (notice,) = await neighbours.target.inbox.notices()
    assert (notice.source_brin, notice.identity, notice.dossier_number) == (SOURCE, identity, None)
    assert await neighbours.target.desk.entries() == []
    wish = await neighbours.target.inbox.wish(notice.number)
    collected = await neighbours.target.collector.fulfil(wish, "worker")
    assert name_of(collected.result) == "DELIVERED"
    (after,) = await neighbours.target.inbox.notices()
    assert after.dossier_number == collected.dossier_number
    (act,) = [one for one in await neighbours.source.desk.acts(number) if one.act == "notify"]
    assert act.account == "worker"
    outcomes = await neighbours.country.timeline(notice.session_id)
    assert outcomes == ["GRANTED", "MATCHED", "DOSSIER_NOT_READY", "REPORTED"]


async def test_the_other_location_is_told_too(neighbours: Neighbours) -> None:
    """Within one BRIN the delivery point that asked is told, and not the school as a whole."""
    document = generate("BB", 7)
    identity = Identity.of_dossier(document.dossier)
    await neighbours.second.collector.collect(identity, SOURCE, "worker", kind=BINNEN_BRIN)
    number = await neighbours.ready(document, SOURCE)

    assert await neighbours.told(number) == [(SECOND, "ARRIVED")]
    assert await neighbours.source.inbox.notices() == []


async def test_only_who_asked_for_this_dossier_is_told(neighbours: Neighbours) -> None:
    """Not who asked for another pupil, another kind, or was not marked as the receiver."""
    other = Identity.of_dossier(generate("POVO", 8).dossier)
    await neighbours.target.collector.collect(other, SOURCE, "worker")
    number = await neighbours.ready(generate("POVO", 7), TARGET)
    with pytest.raises(NobodyAskedError):
        await neighbours.told(number)

    await neighbours.source.desk.set_ready(number, OTHER, "test")
    identity = Identity.of_dossier(generate("POVO", 7).dossier)
    await neighbours.target.collector.collect(identity, SOURCE, "worker")
    with pytest.raises(NobodyAskedError):
        await neighbours.told(number)
    assert await neighbours.target.inbox.notices() == []


async def test_only_a_dossier_that_is_ready_is_told_of(neighbours: Neighbours) -> None:
    """A draft or a withdrawn one is not, though its target asked."""
    await _ask_in_vain(neighbours)
    desk = neighbours.source.desk
    draft = await desk.import_document(generate("POVO", 7), "test")
    withdrawn = await neighbours.ready(generate("POVO", 7), TARGET)
    await desk.withdraw(withdrawn, "test")

    for number in (draft, withdrawn):
        with pytest.raises(NotPossibleError):
            await neighbours.told(number)


async def test_ready_stands_when_the_target_does_not_answer(neighbours: Neighbours) -> None:
    """One attempt; the worker hears why, and the target can fetch all the same."""
    identity = await _ask_in_vain(neighbours)
    number = await neighbours.ready(generate("POVO", 7), TARGET)
    await neighbours.country.stop_school(TARGET)

    assert await neighbours.told(number) == [(routing_key_of(TARGET), "UNREACHABLE")]

    (entry,) = await neighbours.source.desk.entries()
    assert entry.state is State.READY
    await neighbours.country.start_school(TARGET)
    collected = await neighbours.target.collector.collect(identity, SOURCE, "worker")
    assert name_of(collected.result) == "DELIVERED"


async def test_a_worker_who_keeps_notifying_is_stopped(neighbours: Neighbours) -> None:
    """After three times the centre refuses; the target has three, and the dossier stays ready."""
    await _ask_in_vain(neighbours)
    number = await neighbours.ready(generate("POVO", 7), TARGET)

    results = [(await neighbours.told(number))[0][1] for _ in range(4)]

    assert results == ["ARRIVED"] * 3 + ["TOO_MANY_NOTIFICATIONS"]
    assert len(await neighbours.target.inbox.notices()) == 3


async def test_whom_we_asked_for_in_vain_is_forgotten_after_a_while(
    neighbours: Neighbours,
) -> None:
    """After the configured time source and target know nothing of it any more."""
    await _ask_in_vain(neighbours)
    number = await neighbours.ready(generate("POVO", 7), TARGET)
    await neighbours.told(number)
    (notice,) = await neighbours.target.inbox.notices()
    neighbours.country.clock.offset += timedelta(days=366)
    for node in (neighbours.source, neighbours.target):
        await node.desk.forget(timedelta(days=365))

    assert await neighbours.target.inbox.notices() == []
    with pytest.raises(UnknownNotificationError):
        await neighbours.target.inbox.wish(notice.number)
    with pytest.raises(NobodyAskedError):
        await neighbours.told(number)
    row = await neighbours.target.desk._database.read(
        lambda tx: found.model_dump() if (found := tx.retrieval(notice.session_id)) else {}
    )
    assert (row["pupil_number"], row["birth_date"]) == ("", "")


async def test_when_a_dossier_came_every_wish_for_it_is_forgotten(neighbours: Neighbours) -> None:
    """Also the sessions in which it was asked for in vain name nobody any more."""
    identity = await _ask_in_vain(neighbours)
    await _ask_in_vain(neighbours)
    number = await neighbours.ready(generate("POVO", 7), TARGET)
    await neighbours.told(number)
    await neighbours.target.collector.collect(identity, SOURCE, "worker")

    (notice,) = await neighbours.target.inbox.notices()
    assert notice.identity == NOBODY
    with pytest.raises(PupilForgottenError):
        await neighbours.target.inbox.wish(notice.number)


# --- notifications that must not be believed


class Messenger:
    """Brings notifications to the target as it likes, with the credentials of a system."""

    def __init__(self, neighbours: Neighbours, system: str) -> None:
        """Connect to the target."""
        landscape = neighbours.country.landscape
        (address,) = {
            point.address for point in landscape.directory.delivery_points if point.brin == TARGET
        }
        credentials = landscape.credentials(system)
        self.channel = secure_channel(address, SYSTEMS[TARGET], credentials)

    async def bring(self, signed: SignedNotification) -> str:
        """Give OK, or the reason it is refused for."""
        stub = DossierExchangeServiceStub(self.channel)
        try:
            await stub.Notify(NotifyRequest(notification=signed), timeout=10)
        except grpc.aio.AioRpcError as error:
            return from_rpc_error(error, party="target").name
        return "OK"


async def _registered(neighbours: Neighbours) -> SignedNotification:
    """Have a notification registered, and not brought."""
    identity = await _ask_in_vain(neighbours)

    def last(tx: Any) -> str:
        (*_, request) = tx.requests_for(identity, "overstapdossier", TARGET)
        return str(request.session_id)

    session_id = await neighbours.source.desk._database.read(last)
    reported = await neighbours.source.traffic_center.report_notification(
        routing_key_of(SOURCE), TRANSFER_KIND_OVERSTAPDOSSIER, session_id=session_id
    )
    return reported.notification


async def test_a_notification_brought_again_is_one(neighbours: Neighbours) -> None:
    """Replayed by the source it is the same; by another, or later, it is refused."""
    signed = await _registered(neighbours)
    source, thief = Messenger(neighbours, SYSTEMS[SOURCE]), Messenger(neighbours, SYSTEMS[OTHER])

    assert [await source.bring(signed) for _ in range(3)] == ["OK"] * 3
    assert await thief.bring(signed) == "NOTIFICATION_INVALID"
    neighbours.country.clock.offset += timedelta(minutes=31)
    assert await source.bring(signed) == "NOTIFICATION_INVALID"
    assert len(await neighbours.target.inbox.notices()) == 1
    for messenger in (source, thief):
        await messenger.channel.close()


async def test_a_notification_the_centre_did_not_sign_is_refused(neighbours: Neighbours) -> None:
    """Changed in any place, signed by the source itself, or empty: nothing is stored."""
    good = await _registered(neighbours)
    source = Messenger(neighbours, SYSTEMS[SOURCE])

    def changed(field: str, value: Any) -> SignedNotification:
        notification = Notification.FromString(good.notification)
        setattr(notification, field, value)
        return SignedNotification(
            notification=notification.SerializeToString(deterministic=True),
            signature=good.signature,
            key_id=good.key_id,
        )

    spoiled = [
        changed("session_id", "0198f1e0-0000-7000-8000-000000000001"),
        changed("source_brin", OTHER),
        changed("coupling_key", "k"),
        changed("kind", TRANSFER_KIND_SWV_DOSSIER),
        SignedNotification(
            notification=good.notification, signature=good.signature, key_id="another"
        ),
        SignedNotification(notification=good.notification, signature=bytes(64), key_id=good.key_id),
    ]
    for one in spoiled:
        assert await source.bring(one) == "NOTIFICATION_INVALID"
    assert await source.bring(SignedNotification()) == "REQUEST_INVALID"
    assert await neighbours.target.inbox.notices() == []
    await source.channel.close()


def _signed_by_centre(neighbours: Neighbours, good: SignedNotification, **changes: Any) -> Any:
    """Sign a notification as a Traffic Center would that does not check what it signs."""
    notification = Notification.FromString(good.notification)
    for name, value in changes.items():
        setattr(notification, name, value)
    content = notification.SerializeToString(deterministic=True)
    signer = neighbours.country.landscape.grant_signer
    signature = signer.sign("oso.trafficcenter.v1.Notification", content)
    return SignedNotification(notification=content, signature=signature, key_id=signer.key_id)


async def test_the_target_checks_that_it_did_ask(neighbours: Neighbours) -> None:
    """It believes its own sessions, whatever the centre signed."""
    good = await _registered(neighbours)
    source = Messenger(neighbours, SYSTEMS[SOURCE])
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"session_id": "0198f1e0-0000-7000-8000-000000000001"}, "SESSION_UNKNOWN"),
        ({"source_brin": OTHER}, "SESSION_UNKNOWN"),
        ({"kind": TRANSFER_KIND_OVERDRACHTBINNENBRIN}, "SESSION_UNKNOWN"),
        ({"target_routing_key": routing_key_of(OTHER)}, "NOTIFICATION_INVALID"),
        ({"target_brin": OTHER}, "NOTIFICATION_INVALID"),
        ({"coupling_key": "k" * 43}, "NOTIFICATION_INVALID"),
        ({"kind": TRANSFER_KIND_SWV_DOSSIER}, "NOTIFICATION_INVALID"),
        ({"notification_id": "x"}, "NOTIFICATION_INVALID"),
    ]

    for changes, expected in wrong:
        signed = _signed_by_centre(neighbours, good, **changes)
        assert (changes, expected) == (changes, await source.bring(signed))
    assert await neighbours.target.inbox.notices() == []
    assert await source.bring(_signed_by_centre(neighbours, good)) == "OK"
    assert len(await neighbours.target.inbox.notices()) == 1
    await source.channel.close()


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


async def test_ready_is_not_told_by_itself(neighbours: Neighbours) -> None:
    """Without a worker's act nobody is told, and who was told fetches nothing."""
    await _ask_in_vain(neighbours)
    await neighbours.ready(generate("POVO", 7), TARGET)
    await asyncio.sleep(0)

    assert await neighbours.target.inbox.notices() == []
    assert await neighbours.target.desk.entries() == []
