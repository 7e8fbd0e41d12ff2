"""An SWV answers on a dossier it received: what arrives, and what must not be believed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from click.testing import CliRunner

from oso.exchange.v1.dossier_exchange_service_pb2 import (
    FEEDBACK_OUTCOME_TLV,
    SendFeedbackRequest,
)
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.trafficcenter.v1.feedback_pb2 import Feedback, SignedFeedback
from oso_dossier.synthetic import generate
from oso_las.cli import main
from oso_las.feedback import FeedbackTooLargeError, NothingReceivedError
from oso_las.wishes import PersonNumberError
from oso_registry.testing import swv_routing_key_of
from oso_rpc.channel import secure_channel
from oso_rpc.errors import OsoError, from_rpc_error, name_of

from .conftest import FOR_SWV, OTHER, SOURCE, SWV, SYSTEMS, TARGET

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Neighbours


async def _received(neighbours: Neighbours) -> str:
    """Have the SWV receive a dossier (number 1 on both sides); give the session."""
    collected = await neighbours.swv.collector.fulfil(await neighbours.told_swv(), "worker")
    assert name_of(collected.result) == "DELIVERED"
    return collected.session_id


async def test_the_school_sees_what_the_swv_decided(neighbours: Neighbours, tmp_path: Path) -> None:
    """Outcome, words and documents come with the dossier; documents under names of ours."""
    session_id = await _received(neighbours)
    letter = tmp_path / "TLV besluit.pdf"
    letter.write_bytes(b"%PDF-1.4 invented")

    told = await neighbours.swv.answering.answer(1, "tlv", "worker", "Toegekend.", [letter])

    assert told == "ARRIVED"
    (reply,) = await neighbours.source.inbox.replies.of(1)
    assert (reply.sender, reply.outcome, reply.text) == (SWV, "tlv", "Toegekend.")
    folder = tmp_path / "saved"
    folder.mkdir()
    (path,) = await neighbours.source.inbox.replies.save([reply], folder)
    assert path == str(folder / "01-TLV_besluit.pdf")
    assert (folder / "01-TLV_besluit.pdf").read_bytes() == b"%PDF-1.4 invented"
    timeline = await neighbours.source.traffic_center.timeline(session_id)
    outcomes = [name_of(event.outcome) for event in timeline.events]
    assert outcomes == ["GRANTED", "MATCHED", "DELIVERED", "REPORTED"]
    acts = [one.act for one in await neighbours.swv.desk.acts(1)]
    assert acts == ["receive", "answer"]


async def test_documents_are_not_swept_away(neighbours: Neighbours, tmp_path: Path) -> None:
    """What came with feedback is kept as long as the dossier."""
    await _received(neighbours)
    letter = tmp_path / "besluit.pdf"
    letter.write_bytes(b"invented")
    await neighbours.swv.answering.answer(1, "advice", "worker", files=[letter])
    neighbours.country.clock.offset += timedelta(days=3)

    assert await neighbours.source.desk.sweep() == 0


async def test_one_attempt_and_the_worker_is_told(neighbours: Neighbours) -> None:
    """When the school does not answer, the SWV's worker hears so and may try again."""
    await _received(neighbours)
    for point in neighbours.country.landscape.directory.delivery_points:
        if point.routing_key == FOR_SWV:
            point.address = "127.0.0.1:1"
    await neighbours.country.publish()

    assert await neighbours.swv.answering.answer(1, "advice", "worker") == "UNREACHABLE"
    assert await neighbours.source.inbox.replies.of(1) == []


async def test_only_a_received_dossier_for_an_swv_is_answered(neighbours: Neighbours) -> None:
    """Not one of our own, nor one that a school received for a move."""
    move = generate("POVO", 7)
    await neighbours.ready(move, TARGET)

    with pytest.raises(NothingReceivedError):
        await neighbours.source.answering.answer(1, "advice", "worker")


async def test_feedback_names_nobody_by_number(neighbours: Neighbours, tmp_path: Path) -> None:
    """A BSN in the words or in the name of a document is refused before anything is sent."""
    await _received(neighbours)
    named = tmp_path / "999900006.pdf"
    named.write_bytes(b"invented")
    answering = neighbours.swv.answering

    with pytest.raises(PersonNumberError):
        await answering.answer(1, "advice", "worker", "Voor 999900006.")
    with pytest.raises(PersonNumberError):
        await answering.answer(1, "advice", "worker", files=[named])
    assert [one.act for one in await neighbours.swv.desk.acts(1)] == ["receive"]


async def test_feedback_has_a_largest_size(neighbours: Neighbours, tmp_path: Path) -> None:
    """More than 3 MiB in all is refused before anything is sent."""
    await _received(neighbours)
    large = tmp_path / "large.pdf"
    large.write_bytes(bytes(3 * 1024 * 1024))

    with pytest.raises(FeedbackTooLargeError):
        await neighbours.swv.answering.answer(1, "advice", "worker", files=[large])


class _Sender:
    """Sends feedback to the school as it likes, with the credentials of a system."""

    def __init__(self, neighbours: Neighbours, system: str) -> None:
        landscape = neighbours.country.landscape
        (address,) = {
            point.address
            for point in landscape.directory.delivery_points
            if point.routing_key == FOR_SWV
        }
        credentials = landscape.credentials(system)
        self.channel = secure_channel(address, SYSTEMS[SOURCE], credentials)

    async def send(self, signed: SignedFeedback, **changes: Any) -> str:
        """Give OK, or the reason it is refused for."""
        values = {"outcome": FEEDBACK_OUTCOME_TLV, "text": "Toegekend.", **changes}
        request = SendFeedbackRequest(feedback=signed, **values)
        try:
            await DossierExchangeServiceStub(self.channel).SendFeedback(request, timeout=10)
        except grpc.aio.AioRpcError as error:
            return from_rpc_error(error, party="school").name
        return "OK"


def _resigned(neighbours: Neighbours, good: SignedFeedback, **changes: Any) -> SignedFeedback:
    """Sign feedback as a Traffic Center would that does not check what it signs."""
    feedback = Feedback.FromString(good.feedback)
    for name, value in changes.items():
        setattr(feedback, name, value)
    content = feedback.SerializeToString(deterministic=True)
    signer = neighbours.country.landscape.grant_signer
    signature = signer.sign("oso.trafficcenter.v1.Feedback", content)
    return SignedFeedback(feedback=content, signature=signature, key_id=signer.key_id)


async def test_the_school_believes_what_is_about_its_own_dossier(neighbours: Neighbours) -> None:
    """Wrong signature, receiver, certificate or dossier, a number, too late: nothing is stored."""
    session_id = await _received(neighbours)
    reported = await neighbours.swv.traffic_center.report_feedback(
        swv_routing_key_of(SWV), session_id
    )
    good = reported.feedback
    swv, thief = _Sender(neighbours, "swv-a"), _Sender(neighbours, SYSTEMS[OTHER])
    forged = SignedFeedback(feedback=good.feedback, signature=bytes(64), key_id=good.key_id)
    strange = "0198f1e0-0000-7000-8000-000000000001"

    assert await swv.send(forged) == "FEEDBACK_INVALID"
    for changes, expected in (
        ({"receiver_brin": OTHER}, "FEEDBACK_INVALID"),
        ({"receiver_routing_key": "0" * 20}, "FEEDBACK_INVALID"),
        ({"feedback_id": "x"}, "FEEDBACK_INVALID"),
        ({"notification_id": strange}, "SESSION_UNKNOWN"),
        ({"sender_swv": "VO2502"}, "SESSION_UNKNOWN"),
    ):
        assert (changes, await swv.send(_resigned(neighbours, good, **changes))) == (
            changes,
            expected,
        )
    assert await thief.send(good) == "FEEDBACK_INVALID"
    assert await swv.send(good, text="Voor 999900006.") == "REQUEST_INVALID"
    assert await swv.send(good, outcome=0) == "REQUEST_INVALID"
    assert await neighbours.source.inbox.replies.of(1) == []

    assert [await swv.send(good) for _ in range(2)] == ["OK", "OK"]
    neighbours.country.clock.offset += timedelta(minutes=31)
    assert await swv.send(good) == "FEEDBACK_INVALID"
    assert len(await neighbours.source.inbox.replies.of(1)) == 1
    for sender in (swv, thief):
        await sender.channel.close()


async def test_an_swv_that_keeps_answering_is_stopped(neighbours: Neighbours) -> None:
    """The eleventh time in a day the centre refuses, and the school has ten."""
    await _received(neighbours)
    answering = neighbours.swv.answering
    for _ in range(10):
        assert await answering.answer(1, "advice", "worker") == "ARRIVED"

    with pytest.raises(OsoError) as refused:
        await answering.answer(1, "advice", "worker")

    assert refused.value.name == "TOO_MUCH_FEEDBACK"
    assert len(await neighbours.source.inbox.replies.of(1)) == 10


def test_an_outcome_is_one_of_four(tmp_path: Path) -> None:
    """The command refuses what no SWV decides."""
    done = CliRunner().invoke(
        main, ["las", "--home", str(tmp_path), "answer", "1", "--outcome", "perhaps"]
    )

    assert done.exit_code == 2
