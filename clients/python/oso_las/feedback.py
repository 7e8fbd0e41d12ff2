"""Feedback (terugkoppeling): an SWV answers the school whose dossier it received.

The SWV's side sends it: registered at the Traffic Center first, one attempt, then its worker is
told. The school's side believes it when the Traffic Center registered it for our delivery point,
the certificate it names brings it, and it is about a dossier of ours that was ready for this SWV.
No BSN or onderwijsnummer may be in it.

NothingReceivedError   the dossier was not received from another school (a DeskError)
FeedbackTooLargeError  more than 3 MiB in all (a DeskError)
"""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import protovalidate
from google.protobuf.message import DecodeError

from oso.exchange.v1.dossier_exchange_service_pb2 import FeedbackOutcome, SendFeedbackRequest
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.feedback_pb2 import Feedback
from oso_dossier.person_numbers import person_number_places
from oso_las.kinds import SWV
from oso_las.model import Act, DeskError, State, microseconds, moment_of
from oso_las.store import By
from oso_las.tables import FeedbackDocumentRow, FeedbackRow, SentNotificationRow
from oso_las.wishes import PersonNumberError
from oso_rpc.channel import secure_channel
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError, from_rpc_error
from oso_rpc.signing import verify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from oso.directory.v1.directory_pb2 import DeliveryPoint
    from oso.trafficcenter.v1.feedback_pb2 import SignedFeedback
    from oso_las.attachments import PartFiles
    from oso_las.store import Transaction
    from oso_las.traffic_center import TrafficCenter
    from oso_rpc.clock import Clock
    from oso_rpc.credentials_source import CredentialsSource
    from oso_rpc.directory import CurrentDirectory
    from oso_rpc.identity import PeerIdentity
    from oso_store import Database

FEEDBACK_DOMAIN = "oso.trafficcenter.v1.Feedback"
ARRIVED = "ARRIVED"
LARGEST = 3 * 1024 * 1024
OUTCOMES = {
    FeedbackOutcome.Name(value).removeprefix("FEEDBACK_OUTCOME_").lower(): value
    for value in FeedbackOutcome.values()
    if value
}
"""What an SWV can decide, by the name people write: tlv, arrangement, advice, refused."""
_NAMES = {value: name for name, value in OUTCOMES.items()}
_DEADLINE = 30.0


class NothingReceivedError(DeskError):
    """The dossier did not come from another school for an SWV: there is nobody to answer.

    Attributes:
        number: Number of the dossier.

    """

    def __init__(self, number: int) -> None:
        """Record the number."""
        super().__init__(number)
        self.number = number

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return f"Dossier {self.number} is geen ontvangen dossier voor een samenwerkingsverband."
        return f"Dossier {self.number} is no dossier for an SWV that was received."


class FeedbackTooLargeError(DeskError):
    """Text and documents are more than 3 MiB in all.

    Attributes:
        size: How many bytes they are.

    """

    def __init__(self, size: int) -> None:
        """Record the size."""
        super().__init__(size)
        self.size = size

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return f"De terugkoppeling is te groot: {self.size} bytes, hoogstens {LARGEST}."
        return f"The feedback is too large: {self.size} bytes, at most {LARGEST}."


@dataclass(frozen=True)
class Reply:
    """Feedback as lists show it.

    Attributes:
        number: Number of the dossier it is about.
        sender: Code of the SWV.
        outcome: `tlv`, `arrangement`, `advice` or `refused`.
        text: In words.
        time: When it came.
        documents: Name and SHA-256 of each document.

    """

    number: int
    sender: str
    outcome: str
    text: str
    time: datetime
    documents: tuple[tuple[str, bytes], ...]


class Answering:
    """The SWV's side."""

    def __init__(
        self,
        database: Database[Transaction],
        traffic_center: TrafficCenter,
        credentials: CredentialsSource,
        clock: Clock,
        *,
        routing_key: str,
    ) -> None:
        """Take what is needed, and who we are."""
        self._database = database
        self._traffic_center = traffic_center
        self._credentials = credentials
        self._clock = clock
        self._routing_key = routing_key

    async def answer(
        self, number: int, outcome: str, account: str, text: str = "", files: Sequence[Path] = ()
    ) -> str:
        """Answer the school a dossier came from; give ARRIVED, or the reason why it did not.

        Args:
            number: Number of the dossier here.
            outcome: One of OUTCOMES.
            account: Who does it.
            text: In words.
            files: Documents.

        Raises:
            UnknownDossierError: There is none of that number.
            NothingReceivedError: It was not received, or is not for an SWV.
            PersonNumberError: Text or a name has a BSN or onderwijsnummer.
            FeedbackTooLargeError: It is more than 3 MiB in all.
            OsoError: The Traffic Center refused.
            OSError: A file cannot be read.

        """
        request = SendFeedbackRequest(outcome=OUTCOMES[outcome], text=text)
        for path in files:
            content = await asyncio.to_thread(path.read_bytes)
            request.documents.add(name=path.name, content=content)
        if request.ByteSize() > LARGEST:
            raise FeedbackTooLargeError(request.ByteSize())
        places = person_number_places(request)
        if places:
            raise PersonNumberError(places)
        by = By(account, self._clock.now(), outcome)

        def begin(tx: Transaction) -> str:
            row = tx.dossier(number)
            if row.kind != SWV or State(row.state) is not State.RECEIVED:
                raise NothingReceivedError(number)
            tx.change(number, Act.ANSWER, by)
            return row.session_id

        session_id = await self._database.write(begin)
        reported = await self._traffic_center.report_feedback(self._routing_key, session_id)
        request.feedback.CopyFrom(reported.feedback)
        return await self._bring(request, reported.receiver.delivery_point)

    async def _bring(self, request: SendFeedbackRequest, point: DeliveryPoint) -> str:
        # With the certificate it was registered with, should another be in use by now.
        registered = Feedback.FromString(request.feedback.feedback)
        ours = self._credentials
        credentials = ours.shown(registered.sender_certificate_sha256) or ours.current
        channel = secure_channel(point.address, point.system_id, credentials)
        try:
            await DossierExchangeServiceStub(channel).SendFeedback(request, timeout=_DEADLINE)
        except grpc.aio.AioRpcError as error:
            return from_rpc_error(error, party=point.brin).name
        finally:
            await channel.close()
        return ARRIVED


class Replies:
    """The school's side."""

    def __init__(
        self,
        database: Database[Transaction],
        files: PartFiles,
        directory: CurrentDirectory,
        clock: Clock,
        *,
        brin: str,
        routing_key: str,
    ) -> None:
        """Take what is needed, and who we are: the delivery point for dossiers for an SWV."""
        self._database = database
        self._files = files
        self._directory = directory
        self._clock = clock
        self._brin = brin
        self._routing_key = routing_key

    async def receive(self, request: SendFeedbackRequest, peer: PeerIdentity) -> None:
        """Store feedback on a dossier of ours. Sent again it is the same one.

        Raises:
            OsoError: FEEDBACK_INVALID; SESSION_UNKNOWN when it is about no dossier of ours;
                REQUEST_INVALID when it has a BSN or onderwijsnummer.

        """
        feedback = self._verified(request.feedback, peer)
        places = person_number_places(request)
        if places:
            raise OsoError(
                codes.RESULT_CODE_REQUEST_INVALID,
                violations=[(place, "holds a BSN or onderwijsnummer") for place in places],
                detail=f"a BSN or onderwijsnummer in {', '.join(places[:5])}",
            )
        if not await self._database.read(lambda tx: _is_ours(tx, feedback)):
            raise OsoError(codes.RESULT_CODE_SESSION_UNKNOWN, session_id=feedback.session_id)
        # First the files, then the rows that name them.
        digests = [
            await asyncio.to_thread(self._files.add, document.content)
            for document in request.documents
        ]
        now = self._clock.now()

        def work(tx: Transaction) -> None:
            told = tx.get(SentNotificationRow, feedback.notification_id)
            if told is not None and tx.get(FeedbackRow, feedback.feedback_id) is None:
                tx.add(_row(request, feedback, told.dossier_number, now))
                tx.flush()
                tx.add_all(_document_rows(request, feedback, digests))

        await self._database.write(work)

    def _verified(self, signed: SignedFeedback, peer: PeerIdentity) -> Feedback:
        keys = self._directory.view().traffic_center_keys
        if not verify(keys, signed.key_id, FEEDBACK_DOMAIN, signed.feedback, signed.signature):
            raise _invalid("signature")
        try:
            feedback = Feedback.FromString(signed.feedback)
            protovalidate.validate(feedback)
        except (DecodeError, protovalidate.ValidationError):
            raise _invalid("cannot be read") from None
        if moment(feedback.expire_time) <= self._clock.now():
            raise _invalid("expired")
        if not hmac.compare_digest(feedback.sender_certificate_sha256, peer.certificate_sha256):
            raise _invalid("certificate")
        receiver = (feedback.receiver_brin, feedback.receiver_routing_key)
        if receiver != (self._brin, self._routing_key):
            raise _invalid("delivery point")
        return feedback

    async def of(self, number: int) -> list[Reply]:
        """Give the feedback on a dossier, the oldest first.

        Raises:
            UnknownDossierError: There is none of that number.
            StoreUnavailableError: The database failed.

        """

        def work(tx: Transaction) -> list[Reply]:
            tx.dossier(number)
            return [_reply(row, tx.feedback_documents(row)) for row in tx.feedback_on(number)]

        return await self._database.read(work)

    async def save(self, replies: Sequence[Reply], folder: Path) -> list[str]:
        """Write the documents of feedback to new files in a folder; give their paths.

        Raises:
            FileExistsError: A file is there already.
            DamagedPartError: Bytes were changed on our disk.
            OSError: A file cannot be written.

        """
        documents = [one for reply in replies for one in reply.documents]
        return await asyncio.to_thread(_write, folder, self._files, documents)


def _write(folder: Path, files: PartFiles, documents: Sequence[tuple[str, bytes]]) -> list[str]:
    """Write documents under names of ours: theirs are for people, and never a path."""
    written = []
    for number, (name, sha256) in enumerate(documents, 1):
        kept = "".join(one if one.isalnum() or one in "-_." else "_" for one in name)
        path = folder / f"{number:02d}-{kept[-100:]}"
        with path.open("xb") as file:
            file.write(files.read(sha256))
        written.append(str(path))
    return written


def _invalid(detail: str) -> OsoError:
    return OsoError(codes.RESULT_CODE_FEEDBACK_INVALID, detail=detail)


def _is_ours(tx: Transaction, feedback: Feedback) -> bool:
    """Tell whether it is about a dossier that we told this SWV of."""
    told = tx.get(SentNotificationRow, feedback.notification_id)
    return told is not None and told.target == feedback.sender_swv and bool(told.coupling_sha256)


def _row(
    request: SendFeedbackRequest, feedback: Feedback, dossier_number: int, now: datetime
) -> FeedbackRow:
    return FeedbackRow(
        feedback_id=feedback.feedback_id,
        dossier_number=dossier_number,
        session_id=feedback.session_id,
        sender=feedback.sender_swv,
        outcome=_NAMES[request.outcome],
        text=request.text,
        time=microseconds(now),
    )


def _document_rows(
    request: SendFeedbackRequest, feedback: Feedback, digests: Sequence[bytes]
) -> list[FeedbackDocumentRow]:
    return [
        FeedbackDocumentRow(
            feedback_id=feedback.feedback_id,
            number=number,
            name=document.name,
            media_type=document.media_type,
            sha256=sha256,
        )
        for number, (document, sha256) in enumerate(zip(request.documents, digests, strict=True), 1)
    ]


def _reply(row: FeedbackRow, documents: Sequence[FeedbackDocumentRow]) -> Reply:
    return Reply(
        number=row.dossier_number,
        sender=row.sender,
        outcome=row.outcome,
        text=row.text,
        time=moment_of(row.time),
        documents=tuple((one.name, one.sha256) for one in documents),
    )
