"""Notifications of other schools: the target's side.

A notification is believed when the Traffic Center signed it, for our delivery point, and the
certificate it names brings it; and when it is about a session in which we asked this school, or
about a dossier for the SWV we are. It is stored and shown to the worker; nothing is fetched by
itself.

UnknownNotificationError   no notification of that number (a DeskError)
PupilForgottenError        one about a pupil we do not know any more (a DeskError)
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

import protovalidate
from google.protobuf.message import DecodeError

from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.notification_pb2 import Notification
from oso_las.kinds import KIND_NAMES, SWV
from oso_las.model import DeskError, Identity, microseconds, moment_of
from oso_las.tables import ReceivedNotificationRow
from oso_las.wishes import NOBODY, Wish
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError
from oso_rpc.signing import verify

if TYPE_CHECKING:
    from datetime import datetime

    from oso.trafficcenter.v1.notification_pb2 import SignedNotification
    from oso_las.store import Transaction
    from oso_rpc.clock import Clock
    from oso_rpc.directory import CurrentDirectory
    from oso_rpc.identity import PeerIdentity
    from oso_store import Database

NOTIFICATION_DOMAIN = "oso.trafficcenter.v1.Notification"


class UnknownNotificationError(DeskError):
    """There is no notification of that number.

    Attributes:
        number: The number asked for.

    """

    def __init__(self, number: int) -> None:
        """Record the number."""
        super().__init__(number)
        self.number = number

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return f"Er is geen notificatie met nummer {self.number}."
        return f"There is no notification number {self.number}."


class PupilForgottenError(DeskError):
    """The pupil of a notification is not known here any more.

    The dossier was received before, or it is too long ago that it was asked for.

    Attributes:
        number: Number of the notification.

    """

    def __init__(self, number: int) -> None:
        """Record the number."""
        super().__init__(number)
        self.number = number

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return (
                f"Bij notificatie {self.number} is hier niet meer bekend om welke leerling het "
                "gaat. Vraag het dossier op met het nummer van de leerling: oso las request."
            )
        return (
            f"Which pupil notification {self.number} is about is not known here any more. Ask for "
            "the dossier by the pupil's number: oso las request."
        )


@dataclass(frozen=True)
class Notice:
    """A notification as lists show it.

    Attributes:
        number: Its number here.
        kind: Kind of transfer.
        source_brin: School that has the dossier.
        time: When it came.
        identity: Who the pupil is; NOBODY for an SWV, and when we do not know any more.
        session_id: Session in which we asked; empty for an SWV.
        expire_time: Until when an SWV can fetch the dossier; None for other kinds.
        dossier_number: What was fetched on it; None when nothing was.

    """

    number: int
    kind: str
    source_brin: str
    time: datetime
    identity: Identity
    session_id: str
    expire_time: datetime | None
    dossier_number: int | None


class Inbox:
    """Receives notifications, and shows them."""

    def __init__(
        self,
        database: Database[Transaction],
        directory: CurrentDirectory,
        clock: Clock,
        *,
        party: str,
        routing_key: str,
    ) -> None:
        """Take what is needed, and who we are: `party` is our BRIN, or our code as an SWV."""
        self._database = database
        self._directory = directory
        self._clock = clock
        self._party = party
        self._routing_key = routing_key

    async def receive(self, signed: SignedNotification, peer: PeerIdentity) -> None:
        """Store a notification that is for us. Brought again it is the same one.

        Raises:
            OsoError: NOTIFICATION_INVALID; SESSION_UNKNOWN when we did not ask this school.

        """
        notification = self._verified(signed, peer)
        now = self._clock.now()

        def work(tx: Transaction) -> OsoError | None:
            if tx.has_notification(notification.notification_id):
                return None
            if notification.session_id and not _did_ask(tx, notification):
                return OsoError(
                    codes.RESULT_CODE_SESSION_UNKNOWN, session_id=notification.session_id
                )
            tx.add(_row(notification, now))
            return None

        refusal = await self._database.write(work)
        if refusal is not None:
            raise refusal

    def _verified(self, signed: SignedNotification, peer: PeerIdentity) -> Notification:
        keys = self._directory.view().traffic_center_keys
        content = signed.notification
        if not verify(keys, signed.key_id, NOTIFICATION_DOMAIN, content, signed.signature):
            raise _invalid("signature")
        try:
            notification = Notification.FromString(content)
            protovalidate.validate(notification)
        except (DecodeError, protovalidate.ValidationError):
            raise _invalid("cannot be read") from None
        if moment(notification.expire_time) <= self._clock.now():
            raise _invalid("expired")
        if not hmac.compare_digest(notification.source_certificate_sha256, peer.certificate_sha256):
            raise _invalid("certificate")
        party = notification.target_brin or notification.target_swv
        if (party, notification.target_routing_key) != (self._party, self._routing_key):
            raise _invalid("delivery point")
        if bool(notification.coupling_key) != (KIND_NAMES[notification.kind] == SWV):
            raise _invalid("kind")
        return notification

    async def notices(self) -> list[Notice]:
        """Give all notifications, the newest first.

        Raises:
            StoreUnavailableError: The database failed.

        """

        def work(tx: Transaction) -> list[Notice]:
            return [_notice(tx, row) for row in tx.notifications()]

        return await self._database.read(work)

    async def wish(self, number: int) -> Wish:
        """Give what a notification says is ready, to be fetched by a worker's act.

        Raises:
            UnknownNotificationError: There is none of that number.
            PupilForgottenError: We do not know any more who it is about.
            StoreUnavailableError: The database failed.

        """

        def work(tx: Transaction) -> Wish:
            row = tx.get(ReceivedNotificationRow, number)
            if row is None:
                raise UnknownNotificationError(number)
            identity = _notice(tx, row).identity
            if row.kind != SWV and identity == NOBODY:
                raise PupilForgottenError(number)
            return Wish(row.source_brin, row.kind, identity, row.coupling_key)

        return await self._database.read(work)


def _invalid(detail: str) -> OsoError:
    return OsoError(codes.RESULT_CODE_NOTIFICATION_INVALID, detail=detail)


def _did_ask(tx: Transaction, notification: Notification) -> bool:
    """Tell whether the session is one of ours, with the school that notifies, of this kind."""
    row = tx.retrieval(notification.session_id)
    kind = KIND_NAMES[notification.kind]
    return row is not None and (row.source_brin, row.kind) == (notification.source_brin, kind)


def _row(notification: Notification, now: datetime) -> ReceivedNotificationRow:
    expires = notification.HasField("coupling_key_expire_time")
    return ReceivedNotificationRow(
        notification_id=notification.notification_id,
        kind=KIND_NAMES[notification.kind],
        source_brin=notification.source_brin,
        session_id=notification.session_id,
        coupling_key=notification.coupling_key,
        key_expire_time=microseconds(moment(notification.coupling_key_expire_time))
        if expires
        else None,
        time=microseconds(now),
    )


def _notice(tx: Transaction, row: ReceivedNotificationRow) -> Notice:
    return Notice(
        number=row.number or 0,
        kind=row.kind,
        source_brin=row.source_brin,
        time=moment_of(row.time),
        identity=tx.who_was_asked_for(row.session_id) if row.session_id else NOBODY,
        session_id=row.session_id,
        expire_time=None if row.key_expire_time is None else moment_of(row.key_expire_time),
        dossier_number=row.dossier_number,
    )
