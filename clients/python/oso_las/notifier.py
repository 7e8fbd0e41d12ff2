"""Telling who asked that a dossier is ready: the source's side.

By a conscious act of a worker. Only to the delivery points that asked for this dossier before, or
to the SWV it is ready for; registered at the Traffic Center first. One attempt; the dossier stays
ready whatever comes of it.

NobodyAskedError           nobody to notify (a DeskError)
DeliveryPointChoiceError   an SWV with no delivery point, or with several (a DeskError)
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import grpc

from oso.exchange.v1.dossier_exchange_service_pb2 import NotifyRequest
from oso.exchange.v1.dossier_exchange_service_pb2_grpc import DossierExchangeServiceStub
from oso.trafficcenter.v1.notification_pb2 import Notification
from oso_las.kinds import SWV, TRANSFER_KINDS
from oso_las.model import Act, DeskError, Identity, microseconds
from oso_las.store import By
from oso_las.tables import SentNotificationRow
from oso_rpc.channel import secure_channel
from oso_rpc.errors import OsoError, from_rpc_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oso.trafficcenter.v1.traffic_center_service_pb2 import ReportNotificationResponse
    from oso_las.store import Transaction, Values
    from oso_las.tables import DossierRow
    from oso_las.traffic_center import TrafficCenter
    from oso_rpc.clock import Clock
    from oso_rpc.credentials_source import CredentialsSource
    from oso_store import Database

ARRIVED = "ARRIVED"
_DEADLINE = 15.0


class NobodyAskedError(DeskError):
    """No school has asked for this dossier, so there is nobody to notify.

    Attributes:
        number: Number of the dossier.
        target: School it is ready for.

    """

    def __init__(self, number: int, target: str) -> None:
        """Record dossier and school."""
        super().__init__(number, target)
        self.number = number
        self.target = target

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return f"School {self.target} heeft nog niet om dossier {self.number} gevraagd."
        return f"School {self.target} has not asked for dossier {self.number} yet."


class DeliveryPointChoiceError(DeskError):
    """An SWV has no delivery point, or several and one must be chosen.

    Attributes:
        code: Code of the SWV.
        routing_keys: Its delivery points.

    """

    def __init__(self, code: str, routing_keys: Sequence[str]) -> None:
        """Record SWV and delivery points."""
        super().__init__(code, tuple(routing_keys))
        self.code = code
        self.routing_keys = tuple(routing_keys)

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        keys = ", ".join(self.routing_keys)
        if language == "nl":
            none = f"Samenwerkingsverband {self.code} heeft geen actief aanleverpunt."
            some = f"Samenwerkingsverband {self.code} heeft er meer; kies met --to uit: {keys}."
        else:
            none = f"SWV {self.code} has no active delivery point."
            some = f"SWV {self.code} has several; choose with --to from: {keys}."
        return some if keys else none


@dataclass(frozen=True)
class Notified:
    """What came of one notification.

    Attributes:
        target: School or SWV.
        routing_key: Its delivery point; empty when the Traffic Center refused before naming it.
        result: ARRIVED, or the reason why it did not.

    """

    target: str
    routing_key: str
    result: str


@dataclass(frozen=True)
class _Told:
    """Who is to be told: by the session in which it asked, or an SWV by its delivery point."""

    session_id: str
    routing_key: str


class Notifier:
    """Notifies who asked for a dossier of ours, or an SWV that one waits for it."""

    def __init__(
        self,
        database: Database[Transaction],
        traffic_center: TrafficCenter,
        credentials: CredentialsSource,
        clock: Clock,
        *,
        routing_key: str,
        swv_routing_key: str = "",
    ) -> None:
        """Take what is needed, and who we are."""
        self._database = database
        self._traffic_center = traffic_center
        self._credentials = credentials
        self._clock = clock
        self._routing_key = routing_key
        self._swv_routing_key = swv_routing_key or routing_key

    async def notify(self, number: int, account: str, to: str = "") -> list[Notified]:
        """Tell who asked for a dossier that it is ready; give what came of it, one by one.

        Args:
            number: Number of the dossier.
            account: Who does it.
            to: Delivery point of an SWV that has several; empty otherwise.

        Raises:
            UnknownDossierError: There is none of that number.
            NotPossibleError: It is not ready.
            NobodyAskedError: Nobody asked for it.
            DeliveryPointChoiceError: The SWV has no delivery point, or several.
            OsoError: The Traffic Center cannot say where the SWV is.
            StoreUnavailableError: The database failed.

        """
        by = By(account, self._clock.now())

        def begin(tx: Transaction) -> tuple[DossierRow, list[_Told]]:
            row = tx.change(number, Act.NOTIFY, by)
            tx.flush()
            asked = [] if row.kind == SWV else _who_asked(tx, row)
            if row.kind != SWV and not asked:
                raise NobodyAskedError(number, row.target_brin)
            tx.expunge_all()
            return row, asked

        row, told = await self._database.write(begin)
        if row.kind == SWV:
            told = [_Told("", to or await self._delivery_point(row.target_brin))]
        return [await self._notify(row, one, by) for one in told]

    async def _delivery_point(self, code: str) -> str:
        found = await self._traffic_center.delivery_points_of_swv(code)
        if len(found) != 1:
            raise DeliveryPointChoiceError(code, [point.routing_key for point in found])
        return found[0].routing_key

    async def _notify(self, row: DossierRow, told: _Told, by: By) -> Notified:
        own = self._swv_routing_key if row.kind == SWV else self._routing_key
        try:
            reported = await self._traffic_center.report_notification(
                own,
                TRANSFER_KINDS[row.kind],
                session_id=told.session_id,
                target_routing_key=told.routing_key,
            )
        except OsoError as refusal:
            return Notified(row.target_brin, told.routing_key, refusal.name)
        sent = self._sent(row, reported, by)
        # Before it is brought: whoever has the coupling key may come for the dossier at once.
        await self._database.write(lambda tx: tx.add(SentNotificationRow(**sent)))
        result = await self._bring(reported)
        await self._database.write(
            partial(_end, notification_id=sent["notification_id"], result=result)
        )
        return Notified(row.target_brin, sent["target_routing_key"], result)

    def _sent(self, row: DossierRow, reported: ReportNotificationResponse, by: By) -> Values:
        notification = Notification.FromString(reported.notification.notification)
        key = notification.coupling_key
        return {
            "notification_id": notification.notification_id,
            "dossier_number": row.number,
            "session_id": notification.session_id,
            "coupling_sha256": hashlib.sha256(key.encode("utf-8")).digest() if key else b"",
            "target": row.target_brin,
            "target_routing_key": notification.target_routing_key,
            "account": by.account,
            "time": microseconds(by.time),
        }

    async def _bring(self, reported: ReportNotificationResponse) -> str:
        """Bring a notification to its target; give ARRIVED, or the reason why not."""
        point = reported.target.delivery_point
        # With the certificate it was registered with, should another be in use by now.
        registered = Notification.FromString(reported.notification.notification)
        ours = self._credentials
        credentials = ours.shown(registered.source_certificate_sha256) or ours.current
        channel = secure_channel(point.address, point.system_id, credentials)
        request = NotifyRequest(notification=reported.notification)
        try:
            await DossierExchangeServiceStub(channel).Notify(request, timeout=_DEADLINE)
        except grpc.aio.AioRpcError as error:
            return from_rpc_error(error, party=point.brin or point.swv).name
        finally:
            await channel.close()
        return ARRIVED


def _who_asked(tx: Transaction, row: DossierRow) -> list[_Told]:
    """Give who asked for a dossier: for each delivery point its last session."""
    identity = Identity(row.number_kind, row.pupil_number, row.birth_date)
    last = {
        request.target_routing_key: request.session_id
        for request in tx.requests_for(identity, row.kind, row.target_brin)
    }
    return [_Told(session_id, routing_key) for routing_key, session_id in sorted(last.items())]


def _end(tx: Transaction, notification_id: str, result: str) -> None:
    row = tx.get(SentNotificationRow, notification_id)
    if row is not None:
        row.result = result
        tx.add(row)
