"""What a school's end keeps: rows in the database, bytes in files.

Rows are written only after the files they name are on the disk, so a row never points at nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlmodel import Session, col, func, select

from oso_las.model import (
    TRANSITIONS,
    Act,
    NotPossibleError,
    State,
    UnknownDossierError,
    microseconds,
)
from oso_las.tables import ActRow, DossierRow, PartRow, RequestRow, RetrievalRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from oso_las.model import Identity

MIGRATIONS = "oso_las:migrations"


@dataclass(frozen=True)
class By:
    """Who does something, when, with which remark."""

    account: str
    time: datetime
    remark: str = ""


class Transaction(Session):
    """One transaction's work: the unit of work of `oso_store`, a SQLModel session."""

    def foresee(self, works: Sequence[Callable[[Any], Any]]) -> None:
        """Nothing to read beforehand: a school's own database is not busy."""

    def dossier(self, number: int) -> DossierRow:
        """Find a dossier.

        Raises:
            UnknownDossierError: There is none of that number.

        """
        row = self.get(DossierRow, number, with_for_update=True)
        if row is None:
            raise UnknownDossierError(number)
        return row

    def dossiers(self) -> list[DossierRow]:
        """Give all dossiers, by number."""
        return list(self.exec(select(DossierRow).order_by(col(DossierRow.number))))

    def dossiers_of(self, identity: Identity) -> list[DossierRow]:
        """Find the dossiers of our own about a pupil, the newest first."""
        query = (
            select(DossierRow)
            .where(DossierRow.pupil_number == identity.number)
            .where(DossierRow.birth_date == identity.birth_date)
            .where(DossierRow.number_kind == identity.kind)
            .where(DossierRow.state != State.RECEIVED.value)
            .order_by(col(DossierRow.number).desc())
        )
        return list(self.exec(query))

    def knows(self, identity: Identity) -> bool:
        """Tell whether there is any dossier of a pupil here, our own or received."""
        query = (
            select(DossierRow.number)
            .where(DossierRow.pupil_number == identity.number)
            .where(DossierRow.birth_date == identity.birth_date)
            .where(DossierRow.number_kind == identity.kind)
        )
        return self.exec(query).first() is not None

    def digests(self) -> set[bytes]:
        """Give the digest of every file that a row names."""
        dossiers = self.exec(select(DossierRow.dossier_sha256)).all()
        return {*dossiers, *self.exec(select(PartRow.sha256)).all()}

    def parts(self, number: int) -> list[PartRow]:
        """Give the attachments of a dossier, by part number."""
        query = (
            select(PartRow)
            .where(PartRow.dossier_number == number)
            .order_by(col(PartRow.part_number))
        )
        return list(self.exec(query))

    def acts(self, number: int) -> list[ActRow]:
        """Give what was done with a dossier, in order."""
        query = select(ActRow).where(ActRow.dossier_number == number).order_by(col(ActRow.id))
        return list(self.exec(query))

    def add_dossier(self, row: DossierRow, parts: Sequence[PartRow], act: Act, by: By) -> int:
        """Add a dossier with its attachments and the act that brought it; give its number."""
        self.add(row)
        self.flush()
        number = row.number or 0
        for part in parts:
            part.dossier_number = number
            self.add(part)
        self._add_act(number, act, by)
        return number

    def change(self, number: int, act: Act, by: By) -> DossierRow:
        """Do something with a dossier, and write down who did.

        Raises:
            UnknownDossierError: There is none of that number.
            NotPossibleError: It is in a state in which this cannot be done.

        """
        row = self.dossier(number)
        state = TRANSITIONS.get((State(row.state), act))
        if state is None:
            raise NotPossibleError(number, State(row.state), act)
        row.state = state.value
        self.add(row)
        self._add_act(number, act, by)
        return row

    def _add_act(self, number: int, act: Act, by: By) -> None:
        row = ActRow(
            dossier_number=number,
            act=act.value,
            account=by.account,
            time=microseconds(by.time),
            remark=by.remark,
        )
        self.add(row)

    def unknown_pupils_asked(self, target_brin: str, since: datetime) -> int:
        """Count the different pupils a school asked for since a moment whom we do not have."""
        pupils = (
            select(RequestRow.number_kind, RequestRow.pupil_number, RequestRow.birth_date)
            .where(RequestRow.target_brin == target_brin)
            .where(RequestRow.time >= microseconds(since))
            .where(col(RequestRow.unknown_pupil).is_(True))
            .distinct()
            .subquery()
        )
        return self.exec(select(func.count()).select_from(pupils)).one()

    def retrieval(self, session_id: str) -> RetrievalRow | None:
        """Find a session we opened."""
        return self.get(RetrievalRow, session_id)

    def open_retrieval(
        self, identity: Identity, source_brin: str, now: datetime
    ) -> RetrievalRow | None:
        """Find a session for this pupil that is still open, to go on with."""
        query = (
            select(RetrievalRow)
            .where(RetrievalRow.pupil_number == identity.number)
            .where(RetrievalRow.birth_date == identity.birth_date)
            .where(RetrievalRow.number_kind == identity.kind)
            .where(RetrievalRow.source_brin == source_brin)
            .where(RetrievalRow.state == "open")
            .where(RetrievalRow.expire_time > microseconds(now))
        )
        return self.exec(query).first()

    def retrievals(self, state: str) -> list[RetrievalRow]:
        """Find sessions by how far we are with them: `open`, `to_close` or `closed`."""
        return list(self.exec(select(RetrievalRow).where(RetrievalRow.state == state)))
