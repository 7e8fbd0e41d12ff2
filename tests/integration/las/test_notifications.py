"""Being told that a dossier is ready: who is, who is not, and what must not be believed."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from oso.exchange.v1.dossier_exchange_service_pb2 import NotifyRequest
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.trafficcenter.v1.notification_pb2 import Notification, SignedNotification
from oso.transfer.v1.transfer_pb2 import (
    TRANSFER_KIND_OVERDRACHTBINNENBRIN,
    TRANSFER_KIND_OVERSTAPDOSSIER,
    TRANSFER_KIND_SWV_DOSSIER,
)
from oso_dossier.synthetic import generate
from oso_las.inbox import PupilForgottenError, UnknownNotificationError
from oso_las.kinds import BINNEN_BRIN
from oso_las.model import Identity, NotPossibleError, State
from oso_las.notifier import NobodyAskedError
from oso_las.wishes import NOBODY
from oso_registry.testing import routing_key_of
from oso_rpc.channel import secure_channel
from oso_rpc.errors import from_rpc_error, name_of

from .conftest import OTHER, SECOND, SOURCE, SYSTEMS, TARGET

if TYPE_CHECKING:
    from .conftest import Neighbours


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


async def test_ready_is_not_told_by_itself(neighbours: Neighbours) -> None:
    """Without a worker's act nobody is told, and who was told fetches nothing."""
    await _ask_in_vain(neighbours)
    await neighbours.ready(generate("POVO", 7), TARGET)
    await asyncio.sleep(0)

    assert await neighbours.target.inbox.notices() == []
    assert await neighbours.target.desk.entries() == []
