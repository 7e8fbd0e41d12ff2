"""The dossier desk: what a school worker does with dossiers before and after they travel.

A dossier is a snapshot. A changed one is a new dossier, that must be inspected and set ready again;
the one before stays as it is until the new one is set ready, which withdraws it: of one pupil there
is at most one dossier that a school can get.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from oso_dossier import (
    AttachmentMismatchError,
    DossierDocument,
    dossier_bytes,
    parse_dossier,
    read_xml,
    write_xml,
    xml_blocks,
)
from oso_dossier.data_set import UNSAID
from oso_dossier.documents import attachments_of, documents_of
from oso_dossier.errors import StructureError, printable
from oso_dossier.files import write_new
from oso_dossier.profiles import profile_of
from oso_dossier.writing import check_structure
from oso_las.attachments import DamagedPartError
from oso_las.kinds import PROFILES_OF
from oso_las.model import (
    ACCEPTED_YEARS,
    Act,
    Identity,
    KindNotSupportedError,
    State,
    YearNotSupportedError,
    microseconds,
    moment_of,
)
from oso_las.receivers import check_receiver
from oso_las.store import By
from oso_las.tables import DossierRow
from oso_las.wishes import NOBODY, identity_in

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from pathlib import Path
    from typing import BinaryIO

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_las.attachments import Copy, PartFiles
    from oso_las.store import Transaction, Values
    from oso_las.tables import ActRow
    from oso_rpc.clock import Clock
    from oso_store import Database

_UNTOUCHED = timedelta(days=1)


@dataclass(frozen=True)
class Entry:
    """A dossier as lists show it.

    Attributes:
        number: Its number at this school.
        state: Where it stands.
        profile: Such as POVO.
        pupil_name: For the worker's eyes.
        collect_time: When it was put together or received.
        target_brin: School it is ready for; empty for none.
        source_brin: School it came from; empty for our own.
        attachments: How many.

    """

    number: int
    state: State
    profile: str
    pupil_name: str
    collect_time: datetime
    target_brin: str
    source_brin: str
    attachments: int


class Desk:
    """Prepares dossiers, and gives out the ones received."""

    def __init__(
        self,
        database: Database[Transaction],
        files: PartFiles,
        clock: Clock,
        *,
        brin: str = "",
        years: Collection[str] = ACCEPTED_YEARS,
    ) -> None:
        """Take what dossiers are kept in, the BRIN of our school, the years that are taken in."""
        self._database = database
        self._files = files
        self._clock = clock
        self._brin = brin
        self._years = years

    async def import_xml(self, source: Path, account: str) -> int:
        """Import a dossier from an XML file; give its number.

        Raises:
            DossierXmlError: The file is not a dossier.
            YearNotSupportedError: Of a year this version does not transfer.
            KindNotSupportedError: Of a kind or profile this version does not transfer.
            NoIdentityError: Nobody could ask for it.
            PersonNumberError: It is for an SWV and has a BSN or onderwijsnummer.
            OSError: The file cannot be read, or ours cannot be written.
            StoreUnavailableError: The database failed. In every case nothing was stored.

        """
        document = await asyncio.to_thread(read_xml, source)
        return await self.import_document(document, account)

    async def import_document(self, document: DossierDocument, account: str) -> int:
        """Import a dossier with its attachments; give its number.

        Raises: as `import_xml`; AttachmentMismatchError when an attachment is not the one named.

        """
        _check_transferable(document.dossier, self._years)
        await asyncio.to_thread(
            write_xml, document
        )  # what we could not give back we do not take in
        await asyncio.to_thread(
            lambda: [self._files.add(content) for content in document.attachments]
        )
        return await self._add(document.dossier, account)

    async def import_message(
        self, dossier: Dossier, attachments: Sequence[Path], account: str
    ) -> int:
        """Import a dossier whose attachments are files, however large; give its number.

        Args:
            dossier: The message; its documents name size and digest of each attachment.
            attachments: The files, by part number.
            account: Who does it.

        Raises: as `import_document`.

        """
        _check_transferable(dossier, self._years)
        findings = check_structure(dossier)
        if findings:
            raise StructureError(tuple(findings))
        await asyncio.to_thread(self._take_in, dossier, attachments)
        return await self._add(dossier, account)

    def _take_in(self, dossier: Dossier, attachments: Sequence[Path]) -> None:
        """Store files as the attachments of a dossier: all of them, or none."""
        copies: list[Copy] = []
        try:
            copies.extend(self._files.copy(path) for path in attachments)
            attachments_of(dossier, [(one.sha256, one.size) for one in copies])
            self._files.adopt([(one.scratch, one.sha256) for one in copies])
        finally:
            for one in copies:
                one.scratch.unlink(missing_ok=True)

    async def _add(self, dossier: Dossier, account: str) -> int:
        identity = identity_in(dossier)
        now = self._clock.now()
        sha256 = await asyncio.to_thread(self._files.add, dossier_bytes(dossier))
        row = row_of(dossier, identity, sha256, State.DRAFT, now)
        parts = parts_of(dossier)

        def work(tx: Transaction) -> int:
            return tx.add_dossier(row, parts, Act.IMPORT, By(account, now))

        return await self._database.write(work)

    async def mark(self, number: int, target_brin: str, account: str) -> None:
        """Say for which school a dossier is meant, before it can be set ready.

        That school, and no other, is then told that the parents must still inspect it.

        Raises: as `inspect`; NotPossibleError when it was set ready or withdrawn; NotABrinError;
            WrongReceiverError when a dossier of its kind cannot go there.

        """
        by = By(account, self._clock.now(), f"for {target_brin}")

        def work(tx: Transaction) -> None:
            check_receiver(tx.dossier(number).kind, target_brin, self._brin)
            tx.change(number, Act.MARK, by).target_brin = target_brin

        await self._database.write(work)

    async def inspect(self, number: int, account: str, remark: str = "") -> None:
        """Record that the parents have inspected a dossier.

        Raises:
            UnknownDossierError: There is none of that number.
            NotPossibleError: It is no draft.
            StoreUnavailableError: The database failed.

        """
        await self._change(number, Act.INSPECT, By(account, self._clock.now(), remark))

    async def withdraw(self, number: int, account: str, remark: str = "") -> None:
        """Take a dossier back: no school gets it any more.

        Raises: as `inspect`; NotPossibleError when it was withdrawn, or came from another school.

        """
        by = By(account, self._clock.now(), remark)

        def work(tx: Transaction) -> None:
            was_set_ready = State(tx.dossier(number).state) in {State.READY, State.DELIVERED}
            row = tx.change(number, Act.WITHDRAW, by)
            if not was_set_ready:  # the school it was meant for never got word of it
                row.target_brin = ""

        await self._database.write(work)

    async def _change(self, number: int, act: Act, by: By) -> None:
        await self._database.write(lambda tx: tx.change(number, act, by).number)

    async def set_ready(self, number: int, target: str, account: str) -> None:
        """Set a dossier ready for a school (BRIN) or an SWV (code).

        Withdraws the one of the same pupil and kind that was ready. For an SWV none is withdrawn:
        there nothing tells that two dossiers are of the same pupil.

        Raises: as `inspect`; NotPossibleError when it was not inspected, and must be;
            NotABrinError; WrongReceiverError when a dossier of its kind cannot go there.

        """
        by = By(account, self._clock.now())

        def work(tx: Transaction) -> None:
            check_receiver(tx.dossier(number).kind, target, self._brin)
            row = tx.change(number, Act.SET_READY, by)
            row.target_brin = target
            identity = Identity(row.number_kind, row.pupil_number, row.birth_date)
            for other in tx.dossiers_of(identity) if identity != NOBODY else ():
                given = State(other.state) in {State.READY, State.DELIVERED}
                same = other.kind == row.kind
                if given and same and other.number is not None and other.number != number:
                    replaced = By(account, by.time, f"replaced by {number}")
                    tx.change(other.number, Act.WITHDRAW, replaced)

        await self._database.write(work)

    async def forget(self, kept: timedelta) -> None:
        """Forget requests of others, and wishes of ours that nobody fulfilled, after a while.

        Raises:
            StoreUnavailableError: The database failed.

        """
        before = self._clock.now() - kept
        await self._database.write(lambda tx: tx.forget(before))

    async def sweep(self) -> int:
        """Delete files that no dossier names, a day after they were last touched; give how many.

        A process that was killed in the middle of an import leaves such files.

        Raises:
            StoreUnavailableError: The database failed.
            OSError: A file cannot be deleted.

        """
        in_use = await self._database.read(lambda tx: tx.digests())
        before = (self._clock.now() - _UNTOUCHED).timestamp()
        return await asyncio.to_thread(self._files.sweep, in_use, before)

    async def entries(self) -> list[Entry]:
        """Give all dossiers, by number.

        Raises:
            StoreUnavailableError: The database failed.

        """

        def work(tx: Transaction) -> list[Entry]:
            return [_entry(row, len(tx.parts(row.number or 0))) for row in tx.dossiers()]

        return await self._database.read(work)

    async def acts(self, number: int) -> list[ActRow]:
        """Give who did what with a dossier.

        Raises:
            UnknownDossierError: There is none of that number.

        """

        def work(tx: Transaction) -> list[ActRow]:
            tx.dossier(number)
            found = tx.acts(number)
            tx.expunge_all()
            return found

        return await self._database.read(work)

    async def document(self, number: int) -> DossierDocument:
        """Read a dossier with its attachments, all of it into memory.

        Raises:
            UnknownDossierError: There is none of that number.
            DamagedPartError: Its bytes were changed on disk.

        """
        sha256, parts = await self._database.read(partial(_digests, number=number))
        return await asyncio.to_thread(self._read, sha256, parts)

    def _read(self, sha256: bytes, parts: list[bytes]) -> DossierDocument:
        dossier = parse_dossier(self._files.read(sha256))
        return DossierDocument(dossier, tuple(self._files.read(part) for part in parts))

    async def export(self, number: int, out: Path) -> int:
        """Write a dossier as XML to a new file, canonically the one that was imported.

        Its attachments, however large, are never in memory.

        Returns:
            The size of the file, in bytes.

        Raises:
            UnknownDossierError: There is none of that number.
            DamagedPartError: Bytes of it were changed on our disk. Nothing is written.
            FileExistsError: The file is there already; it is as it was.
            OSError: The file cannot be written.

        """
        sha256, parts = await self._database.read(partial(_digests, number=number))
        return await asyncio.to_thread(self._export, out, sha256, parts)

    def _export(self, out: Path, sha256: bytes, parts: list[bytes]) -> int:
        dossier = parse_dossier(self._files.read(sha256))

        def open_attachment(number: int) -> BinaryIO:
            return self._files.open(parts[number - 1])

        try:
            write_new(out, xml_blocks(dossier, open_attachment))
        except AttachmentMismatchError as error:
            raise DamagedPartError(parts[error.part_number - 1]) from None
        return out.stat().st_size


def _digests(tx: Transaction, number: int) -> tuple[bytes, list[bytes]]:
    """Give the digest of a dossier, and those of its attachments."""
    row = tx.dossier(number)
    return row.dossier_sha256, [part.sha256 for part in tx.parts(number)]


def _check_transferable(dossier: Dossier, years: Collection[str]) -> None:
    year = dossier.gegevensset or UNSAID.name
    if year not in years:
        raise YearNotSupportedError(printable(year))
    kind = dossier.overdrachtsoort
    if profile_of(dossier) not in PROFILES_OF.get(kind, ()):
        raise KindNotSupportedError(kind, dossier.metadata.overstap)
    identity_in(dossier)


def row_of(
    dossier: Dossier, identity: Identity, sha256: bytes, state: State, now: datetime
) -> DossierRow:
    """Make the row of a dossier."""
    pupil = dossier.huidigeschool.leerling
    names = (pupil.roepnaam or " ".join(pupil.voornaam), pupil.voorvoegsel, pupil.achternaam)
    return DossierRow(
        state=state.value,
        kind=dossier.overdrachtsoort,
        profile=profile_of(dossier),
        dossier_year=dossier.metadata.standaardversie,
        number_kind=identity.kind,
        pupil_number=identity.number,
        birth_date=identity.birth_date,
        pupil_name=" ".join(name for name in names if name),
        collect_time=microseconds(now),
        dossier_sha256=sha256,
    )


def parts_of(dossier: Dossier) -> list[Values]:
    """Give the values of a PartRow for each attachment, but for the number of the dossier."""
    return [
        {
            "part_number": document.bestandsinhoud.part_number,
            "name": document.bestandsnaam,
            "media_type": document.bestandsinhoud.media_type,
            "size": document.bestandsinhoud.size,
            "sha256": document.bestandsinhoud.sha256,
        }
        for document in documents_of(dossier)
    ]


def _entry(row: DossierRow, attachments: int) -> Entry:
    return Entry(
        number=row.number or 0,
        state=State(row.state),
        profile=row.profile,
        pupil_name=row.pupil_name,
        collect_time=moment_of(row.collect_time),
        target_brin=row.target_brin,
        source_brin=row.source_brin,
        attachments=attachments,
    )
