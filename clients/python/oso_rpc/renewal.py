"""The next certificate, over mutual TLS with the present one: when to ask, and when to use it.

A certificate is asked for 30 days before the end of the one in use, always for a new key: so no key
lives longer than its certificate. Others know a new certificate from the directory, which may be a
day old: until then it waits, and the old one, still valid, stays in use.

OfficeHeartNotSetError   it is not set where OfficeHeart is
CertificateEndedError    the certificate has ended, so it cannot ask for the next one
"""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import grpc
import structlog

from oso.registry.v1.enrolment_service_pb2 import RenewCertificateRequest
from oso.registry.v1.enrolment_service_pb2_grpc import EnrolmentServiceStub
from oso.result.v1 import result_code_pb2 as codes
from oso_rpc.background import in_background
from oso_rpc.channel import Connection
from oso_rpc.credential_files import KEPT
from oso_rpc.credentials import CredentialsError, RenewalBusyError
from oso_rpc.enrolment import OFFICE_HEART, SECONDS, request_id_of
from oso_rpc.errors import OsoError, from_rpc_error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from oso_rpc.clock import Clock
    from oso_rpc.credentials import Credentials
    from oso_rpc.credentials_source import CredentialsSource
    from oso_rpc.identity import PeerIdentity

# A day old nobody acts on a directory any more: by then everybody who acts knows a certificate. And
# an hour for clocks that differ.
OVERLAP = timedelta(hours=25)
AT_ONCE = timedelta()
_LOOK_SECONDS = 60.0
_SOON = timedelta(days=7)
_FIRST_WAIT, _LONGEST_WAIT, _LONGEST_WAIT_SOON = (
    timedelta(minutes=1),
    timedelta(hours=6),
    timedelta(hours=1),
)
# The old one is never used to its last moment: clocks differ.
_MARGIN = timedelta(hours=1)
# The key that was asked for will not be certified: the next attempt makes another.
_ANOTHER_KEY = frozenset(
    {
        codes.RESULT_CODE_CERTIFICATE_REVOKED,
        codes.RESULT_CODE_KEY_BLOCKED,
        codes.RESULT_CODE_KEY_TYPE_REFUSED,
        codes.RESULT_CODE_REQUEST_ID_REUSED,
        codes.RESULT_CODE_SIGNING_REQUEST_INVALID,
    }
)
_log = structlog.get_logger(__name__)


class OfficeHeartNotSetError(CredentialsError):
    """It is not set where OfficeHeart is."""

    text_nl = "{path} wordt niet verlengd: de instelling office_heart zegt niet waar OfficeHeart is"
    text_en = "{path} is not renewed: the setting office_heart does not say where OfficeHeart is"


class CertificateEndedError(CredentialsError):
    """The certificate has ended, and cannot be renewed with itself any more.

    Attributes:
        path: File of the certificate.
        end: When it ended.

    """

    text_nl = (
        "{path} is verlopen op {end:%Y-%m-%d %H:%M} UTC en kan niet meer worden verlengd: vraag "
        "een nieuwe uitnodiging, en gebruik enroll"
    )
    text_en = (
        "{path} ended at {end:%Y-%m-%d %H:%M} UTC and cannot be renewed any more: ask for a new "
        "invitation, and use enroll"
    )

    def __init__(self, path: Path, end: datetime) -> None:
        """Record the file and the moment."""
        super().__init__(path)
        self.end = end


@dataclass(frozen=True)
class RenewalPlan:
    """When to ask for the next certificate, and when to use it.

    Attributes:
        before: So long before the end of the present one it is asked for; never earlier than after
            two thirds of its life.
        overlap: So long the next one waits, until the others know it; AT_ONCE for who speaks with
            nobody but OfficeHeart, or is asked for no certificate of the directory.

    """

    before: timedelta = timedelta(days=30)
    overlap: timedelta = OVERLAP

    def allowed_from(self, present: PeerIdentity) -> datetime:
        """Give the moment from which the next certificate is asked for."""
        life = present.not_after - present.not_before
        return present.not_after - min(self.before, life / 3)

    def due_at(self, present: PeerIdentity) -> datetime:
        """Give the moment at which a process asks by itself.

        Spread over a tenth of the time there is, by the certificate: certificates that were given
        on one day are not renewed in one minute.
        """
        begin = self.allowed_from(present)
        share = int.from_bytes(present.certificate_sha256[:4], "big") / 2**32
        return begin + (present.not_after - begin) / 10 * share

    def used_from(self, present: PeerIdentity, following: PeerIdentity) -> datetime:
        """Give the moment from which the next certificate is used."""
        return min(following.not_before + self.overlap, present.not_after - _MARGIN)


@dataclass(frozen=True)
class Standing:
    """How it is with the certificates of a system.

    Attributes:
        present: The one in use.
        waiting: The next one, given and not in use yet; None when there is none.
        allowed_from: When the next one is asked for.
        used_from: When the one that waits is used; None when there is none.

    """

    present: PeerIdentity
    waiting: PeerIdentity | None
    allowed_from: datetime
    used_from: datetime | None

    def days_left(self, now: datetime) -> int:
        """Give the whole days until the one in use ends; negative when it ended."""
        return (self.present.not_after - now) // timedelta(days=1)


class Renewer:
    """Renews the certificate of a system."""

    def __init__(
        self,
        source: CredentialsSource,
        office_heart: Connection | None,
        clock: Clock,
        plan: RenewalPlan | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Take what is renewed, where, and when.

        Args:
            source: The credentials in use.
            office_heart: The way to OfficeHeart; None when it is not known: then nothing is asked.
            clock: The clock.
            plan: When.
            chance: A number from 0 up to 1, so that not everybody tries again at once.

        """
        self._source = source
        self._files = source.files
        self._office_heart = office_heart
        self._clock = clock
        self._plan = plan or RenewalPlan()
        self._chance = chance
        self._failures = 0
        self._wait_until: datetime | None = None

    async def standing(self) -> Standing:
        """Tell how it is.

        Raises: as `CredentialFiles.load_next`.

        """
        waiting = await asyncio.to_thread(self._files.load_next)
        present = self._source.current.identity
        following = None if waiting is None else waiting.identity
        return Standing(
            present,
            following,
            self._plan.allowed_from(present),
            None if following is None else self._plan.used_from(present, following),
        )

    async def ask(self) -> Credentials:
        """Ask for the next certificate; it waits for `take_up`.

        What was asked before and not answered is asked again, and gets the same certificate.

        Raises:
            CredentialsError: It is not set where OfficeHeart is, the present certificate has ended,
                a file cannot be used, another process is at it, or the answer does not fit what was
                asked.
            OsoError: The reason of a refusal; UNREACHABLE when OfficeHeart does not answer.
            OSError: A file cannot be read or written.
            ValueError: A file is not what it should be.

        """
        present = self._source.current.identity
        if self._office_heart is None:
            raise OfficeHeartNotSetError(self._files.certificate)
        if present.not_after <= self._clock.now():
            raise CertificateEndedError(self._files.certificate, present.not_after)
        system_id = present.system_id
        async with self._files.changing_beside():
            waiting = await asyncio.to_thread(self._files.load_next)
            if waiting is not None:
                return waiting
            asked = await asyncio.to_thread(self._files.ask, system_id)
            request = RenewCertificateRequest(
                request_id=request_id_of(asked), signing_request=asked
            )
            request.request_time.FromDatetime(self._clock.now())
            stub = EnrolmentServiceStub(self._office_heart.channel())
            try:
                answer = await stub.RenewCertificate(request, timeout=SECONDS)
            except grpc.aio.AioRpcError as error:
                refusal = from_rpc_error(error, party=OFFICE_HEART)
                if refusal.code in _ANOTHER_KEY:
                    await asyncio.to_thread(self._files.forget_next)
                raise refusal from None
            return await asyncio.to_thread(
                self._files.accept,
                answer.certificate.pem.encode("ascii"),
                answer.authority_pem.encode("ascii"),
                system_id,
            )

    async def take_up(self) -> None:
        """Take the certificate that waits into use.

        Raises:
            CredentialsError: There is none that can be used, or another process is at it.
            OSError: A file cannot be read or written.
            ValueError: A file is not what it should be.

        """
        async with self._files.changing_beside():
            await asyncio.to_thread(self._files.take_up, self._clock.now())
        await self._source.refresh()

    async def look(self) -> None:
        """Do what is due now, if anything; what fails is logged, and tried again later."""
        now = self._clock.now()
        if self._wait_until is not None and now < self._wait_until:
            return
        try:
            await self._do_what_is_due(now)
        except RenewalBusyError:
            return
        except OsoError as error:
            self._failed(now, error.name)
        except Exception as error:  # noqa: BLE001  whatever it is, it must be told, and tried again
            self._failed(now, type(error).__name__)
        else:
            self._failures, self._wait_until = 0, None

    async def _do_what_is_due(self, now: datetime) -> None:
        standing = await self.standing()
        if standing.waiting is None and now >= self._plan.due_at(standing.present):
            made = await self.ask()
            _log.info("certificate_renewed", expires=made.identity.not_after.isoformat())
            standing = await self.standing()
        if standing.used_from is not None and now >= standing.used_from:
            await self.take_up()
        if self._source.previous_until is not None and now >= self._source.previous_until + KEPT:
            async with self._files.changing_beside():
                await asyncio.to_thread(self._files.forget_previous, now)
            await self._source.refresh()

    def _failed(self, now: datetime, reason: str) -> None:
        left = self._source.current.identity.not_after - now
        soon = left < _SOON
        longest = _LONGEST_WAIT_SOON if soon else _LONGEST_WAIT
        wait = min(_FIRST_WAIT * 2 ** min(self._failures, 10), longest)
        self._failures += 1
        self._wait_until = now + wait * (0.5 + self._chance() / 2)
        tell = _log.critical if soon else _log.warning
        tell(
            "certificate_not_renewed",
            reason=reason,
            days_left=left // timedelta(days=1),
            next_attempt=self._wait_until.isoformat(),
        )


@asynccontextmanager
async def kept_current(
    source: CredentialsSource, office_heart: tuple[str, str], clock: Clock, plan: RenewalPlan
) -> AsyncIterator[None]:
    """Take up changed credentials, and renew them when it is due, during the block.

    Args:
        source: The credentials in use.
        office_heart: Where OfficeHeart listens, and the id of the system that must answer there.
        clock: The clock.
        plan: When.

    """
    address, system_id = office_heart
    renewing = keep_renewed(source, address, system_id, clock, plan)
    async with in_background({"credentials-watch": source.watch(), "renewal": renewing}):
        yield


async def keep_renewed(
    source: CredentialsSource, address: str, system_id: str, clock: Clock, plan: RenewalPlan
) -> None:
    """Renew the certificate of a system when it is due, until cancelled.

    Args:
        source: The credentials in use.
        address: Where OfficeHeart listens, `host:port`; empty when it is not known: then the log
            says in time that a certificate will end.
        system_id: The system that must answer there.
        clock: The clock.
        plan: When.

    """
    connection = Connection(address, system_id, source) if address else None
    renewer = Renewer(source, connection, clock, plan)
    try:
        while True:
            await renewer.look()
            await asyncio.sleep(_LOOK_SECONDS)
    finally:
        if connection is not None:
            await connection.close()
