"""The source's side of an exchange: may this dossier go, and what goes.

In the order OSO prescribes (OSO wiki 2018): the Traffic Center is asked before anything else; then
the grant and the identity are verified; then the request is written down, whatever comes; then the
desk's state decides.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from google.protobuf.message import DecodeError

from oso.exchange.v1.manifest_pb2 import PART_TYPE_ATTACHMENT, PART_TYPE_DOSSIER, Manifest
from oso.result.v1 import result_code_pb2 as codes
from oso.trafficcenter.v1.session_pb2 import Grant
from oso.trafficcenter.v1.traffic_center_service_pb2 import CheckSessionRequest
from oso.transfer.v1.transfer_pb2 import TRANSFER_KIND_SWV_DOSSIER
from oso_las.delivering import Delivery
from oso_las.kinds import INSPECTED_FIRST, KIND_NAMES, SWV
from oso_las.manifest import sign_manifest
from oso_las.model import Act, Identity, NotPossibleError, State, microseconds, moment_of
from oso_las.search_key import reproduces
from oso_las.store import By
from oso_rpc.clock import moment
from oso_rpc.errors import OsoError, name_of
from oso_rpc.signing import verify

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from oso.exchange.v1.dossier_exchange_service_pb2 import FetchDossierRequest, Resume
    from oso.exchange.v1.manifest_pb2 import SignedManifest
    from oso.transfer.v1.transfer_pb2 import TransferKind
    from oso_las.attachments import PartFiles
    from oso_las.store import Transaction, Values
    from oso_las.tables import DossierRow, PartRow
    from oso_las.traffic_center import TrafficCenter
    from oso_rpc.clock import Clock
    from oso_rpc.credentials import Credentials
    from oso_rpc.credentials_source import CredentialsSource
    from oso_rpc.directory import CurrentDirectory
    from oso_rpc.identity import PeerIdentity
    from oso_store import Database

GRANT_DOMAIN = "oso.trafficcenter.v1.Grant"
_SYSTEM_ACCOUNT = "oso"


@dataclass(frozen=True)
class GuessingLimit:
    """How often a school may ask for pupils we do not have.

    Attributes:
        pupils: So many different ones...
        window: ...in this time.

    """

    pupils: int = 20
    window: timedelta = timedelta(hours=24)


def is_marked_for(dossier: DossierRow, target_brin: str) -> bool:
    """Tell whether a dossier is for a school: the one that a worker named."""
    return dossier.target_brin == target_brin


class Exchange:
    """Decides about requests of other schools, and gives out what may go."""

    def __init__(
        self,
        database: Database[Transaction],
        files: PartFiles,
        traffic_center: TrafficCenter,
        directory: CurrentDirectory,
        *,
        credentials: CredentialsSource,
        clock: Clock,
        brin: str,
        routing_key: str,
        swv_routing_key: str = "",
        guessing: GuessingLimit | None = None,
        is_for: Callable[[DossierRow, str], bool] = is_marked_for,
    ) -> None:
        """Take what decisions are made with, and who we are.

        Dossiers for an SWV have a routing key of their own; without one they go by the other.
        A school of OSO to test with has its own `is_for`: what it has is for whoever asks.
        """
        self._database = database
        self._files = files
        self._traffic_center = traffic_center
        self._directory = directory
        self._credentials = credentials
        self._clock = clock
        self._brin = brin
        self._routing_key = routing_key
        self._swv_routing_key = swv_routing_key or routing_key
        self._guessing = guessing or GuessingLimit()
        self._is_for = is_for

    async def prepare(self, request: FetchDossierRequest, peer: PeerIdentity) -> Delivery:
        """Decide about a request; give what to deliver.

        Raises:
            OsoError: Why not; see docs/protocol/session.md for the order and the reasons.

        """
        grant = _read_grant(request)
        checked = await self._traffic_center.check(self._check_request(request, grant, peer))
        self._verify_grant(request, grant, peer)
        if not _is_about(request, grant):
            raise OsoError(codes.RESULT_CODE_KEY_MISMATCH)
        # The target knows the certificates we had when its session was opened, and no later one.
        credentials = self._credentials.shown_at(moment(checked.session.create_time))
        if grant.kind == TRANSFER_KIND_SWV_DOSSIER:
            found = await self._decide_for_swv(request, grant)
        else:
            found = await self._decide(request, grant, Identity.of_message(request.identity))
        return await self._delivery(request, grant, credentials, *found)

    def _own_routing_key(self, kind: TransferKind.ValueType) -> str:
        swv = kind == TRANSFER_KIND_SWV_DOSSIER
        return self._swv_routing_key if swv else self._routing_key

    def _check_request(
        self, request: FetchDossierRequest, grant: Grant, peer: PeerIdentity
    ) -> CheckSessionRequest:
        return CheckSessionRequest(
            session_id=request.session_id,
            source_routing_key=self._own_routing_key(grant.kind),
            source_brin=self._brin,
            target_brin=grant.target_brin,
            target_swv=grant.target_swv,
            target_routing_key=grant.target_routing_key,
            kind=grant.kind,
            key=grant.key,
            target_certificate_sha256=peer.certificate_sha256,
        )

    def _verify_grant(self, request: FetchDossierRequest, grant: Grant, peer: PeerIdentity) -> None:
        signed = request.grant
        keys = self._directory.view().traffic_center_keys
        if not verify(keys, signed.key_id, GRANT_DOMAIN, signed.grant, signed.signature):
            raise _invalid("signature")
        if moment(grant.expire_time) <= self._clock.now():
            raise _invalid("expired")
        if not hmac.compare_digest(grant.target_certificate_sha256, peer.certificate_sha256):
            raise _invalid("certificate")
        if grant.session_id != request.session_id or grant.source_brin != self._brin:
            raise _invalid("session")
        if request.source_routing_key != self._own_routing_key(grant.kind):
            raise OsoError(
                codes.RESULT_CODE_DELIVERY_POINT_UNKNOWN, routing_key=request.source_routing_key
            )

    async def _decide(
        self, request: FetchDossierRequest, grant: Grant, identity: Identity
    ) -> tuple[DossierRow, list[PartRow]]:
        """Write the request down with what came of it; give the dossier that may go."""
        now = self._clock.now()

        def work(tx: Transaction) -> tuple[DossierRow, list[PartRow]] | OsoError:
            of_pupil = tx.dossiers_of(identity)
            dossiers = [
                row
                for row in of_pupil
                if State(row.state) is not State.RECEIVED and row.kind == KIND_NAMES[grant.kind]
            ]
            asked = tx.unknown_pupils_asked(grant.target_brin, now - self._guessing.window)
            outcome: DossierRow | OsoError
            if asked >= self._guessing.pupils:
                outcome = OsoError(
                    codes.RESULT_CODE_TOO_MANY_UNKNOWN_PUPILS, retry_after=self._guessing.window
                )
            else:
                ours = [row for row in dossiers if self._is_for(row, grant.target_brin)]
                outcome = _choose(dossiers, ours, request)
            refused = isinstance(outcome, OsoError)
            result = outcome.code if refused else codes.RESULT_CODE_DELIVERED  # type: ignore[union-attr]
            tx.add_request(
                _request_values(
                    request, grant, identity, now, result=name_of(result), unknown=not of_pupil
                )
            )
            if isinstance(outcome, OsoError):
                return outcome
            return outcome, tx.parts(outcome.number or 0)

        outcome = await self._database.write(work)
        if isinstance(outcome, OsoError):
            raise outcome
        return outcome

    async def _decide_for_swv(
        self, request: FetchDossierRequest, grant: Grant
    ) -> tuple[DossierRow, list[PartRow]]:
        """Give the dossier an SWV was notified of, if it may go: ready and year decide, no more."""
        digest = hashlib.sha256(request.coupling_key.encode("utf-8")).digest()

        def work(tx: Transaction) -> tuple[DossierRow, list[PartRow]]:
            row = tx.dossier_of_key(digest)
            mine = row is not None and (row.kind, row.target_brin) == (SWV, grant.target_swv)
            known = [row] if row and mine else []
            outcome = _choose(known, known, request)
            if isinstance(outcome, OsoError):
                raise outcome
            parts = tx.parts(outcome.number or 0)
            tx.expunge_all()
            return outcome, parts

        return await self._database.read(work)

    async def _delivery(
        self,
        request: FetchDossierRequest,
        grant: Grant,
        credentials: Credentials,
        row: DossierRow,
        parts: list[PartRow],
    ) -> Delivery:
        path = self._files.path(row.dossier_sha256)
        size = (await asyncio.to_thread(path.stat)).st_size
        manifest = Manifest(
            session_id=request.session_id,
            kind=grant.kind,
            profile=row.profile,
            dossier_year=row.dossier_year,
            source_brin=self._brin,
            source_routing_key=self._own_routing_key(grant.kind),
        )
        manifest.collect_time.FromDatetime(moment_of(row.collect_time))
        manifest.parts.add(
            part_number=0,
            type=PART_TYPE_DOSSIER,
            media_type="application/protobuf",
            size=size,
            sha256=row.dossier_sha256,
        )
        for part in parts:
            manifest.parts.add(
                part_number=part.part_number,
                type=PART_TYPE_ATTACHMENT,
                name=part.name,
                media_type=part.media_type,
                size=part.size,
                sha256=part.sha256,
            )
        signed = sign_manifest(
            manifest, credentials.private_key, credentials.identity.certificate_der
        )
        number, offset = 0, 0
        if request.HasField("resume"):
            number, offset = _begin(request.resume, signed, manifest)
        files = [(path, size), *((self._files.path(part.sha256), part.size) for part in parts)]
        target = grant.target_brin or grant.target_swv
        return Delivery(row.number or 0, signed, tuple(files), number, offset, target)

    async def delivered(self, delivery: Delivery) -> None:
        """Write down that a dossier went out whole."""
        by = By(_SYSTEM_ACCOUNT, self._clock.now(), f"to {delivery.target}")

        def work(tx: Transaction) -> None:
            with suppress(NotPossibleError):  # withdrawn while it was on its way
                tx.do(delivery.number, Act.DELIVER, by)

        await self._database.write(work)


def _invalid(detail: str) -> OsoError:
    return OsoError(codes.RESULT_CODE_GRANT_INVALID, detail=detail)


def _read_grant(request: FetchDossierRequest) -> Grant:
    """Read what the grant says, not believing it yet."""
    try:
        grant = Grant.FromString(request.grant.grant)
    except DecodeError:
        raise _invalid("cannot be read") from None
    if grant.key.WhichOneof("key") is None:
        raise _invalid("cannot be read")
    return grant


def _is_about(request: FetchDossierRequest, grant: Grant) -> bool:
    """Tell whether a request is about what the grant is about, by the key its kind has."""
    if grant.kind == TRANSFER_KIND_SWV_DOSSIER:
        return request.WhichOneof("subject") == "coupling_key" and hmac.compare_digest(
            request.coupling_key.encode("utf-8"), grant.key.coupling_key.encode("utf-8")
        )
    return request.WhichOneof("subject") == "identity" and reproduces(
        Identity.of_message(request.identity), request.salt, grant.key.search_key
    )


def _choose(
    dossiers: list[DossierRow], ours: list[DossierRow], request: FetchDossierRequest
) -> DossierRow | OsoError:
    """Choose the dossier that may go, or the reason why none does.

    Args:
        dossiers: All we have of the pupil, the newest first.
        ours: Those of them that are for the school that asks.
        request: What it asks.

    """
    ready = _in_state(ours, State.READY, State.DELIVERED)
    if not ready:
        return OsoError(_why_not(dossiers, ours))
    row = ready[0]
    changed_counts = row.kind != SWV and request.HasField("changed_since")
    if changed_counts and row.collect_time <= microseconds(moment(request.changed_since)):
        since = moment(request.changed_since).isoformat(timespec="seconds")
        return OsoError(codes.RESULT_CODE_DOSSIER_NOT_CHANGED, changed_since=since)
    if row.dossier_year not in request.accepted_dossier_years:
        return OsoError(
            codes.RESULT_CODE_DOSSIER_YEAR_NOT_SUPPORTED,
            accepted=", ".join(request.accepted_dossier_years),
            offered=row.dossier_year,
        )
    return row


def _why_not(dossiers: list[DossierRow], ours: list[DossierRow]) -> codes.ResultCode.ValueType:
    """Give the reason why nothing is ready for a school, the best one by rank.

    A pupil we do not have and one of whom nothing is meant for this school get the same answer.
    """
    if any(row.kind in INSPECTED_FIRST for row in _in_state(ours, State.DRAFT)):
        return codes.RESULT_CODE_DOSSIER_NOT_INSPECTED
    if _in_state(dossiers, State.READY, State.DELIVERED):
        return codes.RESULT_CODE_NOT_FOR_THIS_SCHOOL
    if _in_state(ours, State.WITHDRAWN):
        return codes.RESULT_CODE_DOSSIER_WITHDRAWN
    return codes.RESULT_CODE_DOSSIER_NOT_READY


def _in_state(dossiers: list[DossierRow], *states: State) -> list[DossierRow]:
    return [row for row in dossiers if State(row.state) in states]


def _request_values(
    request: FetchDossierRequest,
    grant: Grant,
    identity: Identity,
    now: datetime,
    *,
    result: str,
    unknown: bool,
) -> Values:
    return {
        "session_id": request.session_id,
        "kind": KIND_NAMES[grant.kind],
        "target_brin": grant.target_brin,
        "target_routing_key": grant.target_routing_key,
        "number_kind": identity.kind,
        "pupil_number": identity.number,
        "birth_date": identity.birth_date,
        "time": microseconds(now),
        "result": result,
        "unknown_pupil": unknown,
    }


def _begin(resume: Resume, signed: SignedManifest, manifest: Manifest) -> tuple[int, int]:
    """Find the place to go on from.

    Raises:
        OsoError: RESUME_INVALID when what would be delivered now is something else.

    """
    same = hashlib.sha256(signed.manifest).digest() == resume.manifest_sha256
    if (
        not same
        or resume.part_number >= len(manifest.parts)
        or resume.offset > manifest.parts[resume.part_number].size
    ):
        raise OsoError(codes.RESULT_CODE_RESUME_INVALID)
    return resume.part_number, resume.offset
