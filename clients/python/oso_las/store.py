"""What a school's end keeps: rows in the database, bytes in files.

Rows are written only after the files they name are on the disk, so a row never points at nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import bindparam, insert, update
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
Values: TypeAlias = dict[str, Any]
"""The values of a row, by column."""

# Queries that stand in the way of a transfer, made once: to make one costs as much as to run it.
_DOSSIERS_OF = (
    select(DossierRow)
    .where(DossierRow.pupil_number == bindparam("number"))
    .where(DossierRow.birth_date == bindparam("birth_date"))
    .where(DossierRow.number_kind == bindparam("kind"))
    .order_by(col(DossierRow.number).desc())
)
_PARTS = (
    select(PartRow)
    .where(PartRow.dossier_number == bindparam("dossier_number"))
    .order_by(col(PartRow.part_number))
)
_UNKNOWN_PUPILS = select(func.count()).select_from(
    select(RequestRow.number_kind, RequestRow.pupil_number, RequestRow.birth_date)
    .where(RequestRow.target_brin == bindparam("target_brin"))
    .where(RequestRow.time >= bindparam("since"))
    .where(col(RequestRow.unknown_pupil).is_(True))
    .distinct()
    .subquery()
)
_OPEN_RETRIEVAL = (
    select(RetrievalRow)
    .where(RetrievalRow.pupil_number == bindparam("number"))
    .where(RetrievalRow.birth_date == bindparam("birth_date"))
    .where(RetrievalRow.number_kind == bindparam("kind"))
    .where(RetrievalRow.source_brin == bindparam("source_brin"))
    .where(RetrievalRow.state == "open")
    .where(RetrievalRow.expire_time > bindparam("now"))
)
# Rows that are only written are no objects: the bookkeeping of an object costs three times as much.
_ADD_PARTS = insert(PartRow.metadata.tables["las_part"])
_ADD_ACT = insert(ActRow.metadata.tables["las_act"])
_ADD_REQUEST = insert(RequestRow.metadata.tables["las_request"])
_FORGET = (
    update(RetrievalRow.metadata.tables["las_retrieval"])
    .where(col(RetrievalRow.session_id) == bindparam("ended"))
    .values(number_kind="", pupil_number="", birth_date="", salt=b"", opened=b"")
)
_CLOSE_RETRIEVAL = _FORGET.values(state="closed")
_END_RETRIEVAL = _FORGET.values(
    state="to_close",
    opened=bindparam("binding"),
    close_request=bindparam("close_request"),
    dossier_number=bindparam("dossier_number"),
)


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
        """Find the dossiers of a pupil, our own and received ones, the newest first."""
        return list(self.exec(_DOSSIERS_OF, params=_params(identity)))

    def digests(self) -> set[bytes]:
        """Give the digest of every file that a row names."""
        dossiers = self.exec(select(DossierRow.dossier_sha256)).all()
        return {*dossiers, *self.exec(select(PartRow.sha256)).all()}

    def parts(self, number: int) -> list[PartRow]:
        """Give the attachments of a dossier, by part number."""
        return list(self.exec(_PARTS, params={"dossier_number": number}))

    def acts(self, number: int) -> list[ActRow]:
        """Give what was done with a dossier, in order."""
        query = select(ActRow).where(ActRow.dossier_number == number).order_by(col(ActRow.id))
        return list(self.exec(query))

    def add_dossier(self, row: DossierRow, parts: Sequence[Values], act: Act, by: By) -> int:
        """Add a dossier with its attachments and the act that brought it; give its number.

        Args:
            row: The dossier.
            parts: Values of a PartRow for each attachment, but for the number of the dossier.
            act: The act.
            by: Who did it.

        """
        self.add(row)
        self.flush()
        number = row.number or 0
        if parts:
            values = [{**part, "dossier_number": number} for part in parts]
            self.connection().execute(_ADD_PARTS, values)
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
        values = {
            "dossier_number": number,
            "act": act.value,
            "account": by.account,
            "time": microseconds(by.time),
            "remark": by.remark,
        }
        self.connection().execute(_ADD_ACT, values)

    def add_request(self, values: Values) -> None:
        """Write down a request another school made: the values of a RequestRow."""
        self.connection().execute(_ADD_REQUEST, values)

    def unknown_pupils_asked(self, target_brin: str, since: datetime) -> int:
        """Count the different pupils a school asked for since a moment whom we do not have."""
        params = {"target_brin": target_brin, "since": microseconds(since)}
        return self.exec(_UNKNOWN_PUPILS, params=params).one()

    def retrieval(self, session_id: str) -> RetrievalRow | None:
        """Find a session we opened."""
        return self.get(RetrievalRow, session_id)

    def open_retrieval(
        self, identity: Identity, source_brin: str, now: datetime
    ) -> RetrievalRow | None:
        """Find a session for this pupil that is still open, to go on with."""
        params = {"source_brin": source_brin, "now": microseconds(now), **_params(identity)}
        return self.exec(_OPEN_RETRIEVAL, params=params).first()

    def end_retrieval(
        self, session_id: str, close_request: bytes, dossier_number: int | None, binding: bytes
    ) -> None:
        """Say that nothing more is fetched in a session, and what is to be told of it.

        Who the pupil is was needed to go on; from now on it is not. Of the session as it was
        granted, what it is bound to is kept (`binding.only_binding`).
        """
        told = {"close_request": close_request, "dossier_number": dossier_number}
        told["binding"] = binding
        self.connection().execute(_END_RETRIEVAL, {"ended": session_id, **told})

    def close_retrieval(self, session_id: str) -> None:
        """Say that a session is over, and nobody needs to be told."""
        self.connection().execute(_CLOSE_RETRIEVAL, {"ended": session_id})

    def retrievals(self, state: str) -> list[RetrievalRow]:
        """Find sessions by how far we are with them: `open`, `to_close` or `closed`."""
        return list(self.exec(select(RetrievalRow).where(RetrievalRow.state == state)))


def _params(identity: Identity) -> dict[str, str]:
    return {
        "number": identity.number,
        "birth_date": identity.birth_date,
        "kind": identity.kind,
    }
