"""What a school's end keeps: rows in the database, bytes in files.

Rows are written only after the files they name are on the disk, so a row never points at nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy import and_, bindparam, delete, insert, or_, update
from sqlmodel import Session, col, func, select

from oso_las.model import (
    Act,
    Identity,
    NotPossibleError,
    State,
    UnknownDossierError,
    microseconds,
    next_state,
)
from oso_las.tables import (
    ActRow,
    DossierRow,
    FeedbackDocumentRow,
    FeedbackRow,
    PartRow,
    ReceivedNotificationRow,
    RequestRow,
    RetrievalRow,
    SentNotificationRow,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from oso_las.wishes import Wish

MIGRATIONS = "oso_las:migrations"
Values: TypeAlias = dict[str, Any]
"""The values of a row, by column."""

_DOSSIER = DossierRow.metadata.tables["las_dossier"]
_PART = PartRow.metadata.tables["las_part"]
_REQUEST = RequestRow.metadata.tables["las_request"]

# What stands in the way of a transfer is made once, and of tables, not of objects: to make a query
# costs as much as to run it, and to keep the books of an object costs three times as much.
_DOSSIERS_OF = (
    sa.select(_DOSSIER)
    .where(_DOSSIER.c.pupil_number == bindparam("number"))
    .where(_DOSSIER.c.birth_date == bindparam("birth_date"))
    .where(_DOSSIER.c.number_kind == bindparam("kind"))
    .order_by(_DOSSIER.c.number.desc())
)
_PARTS = (
    sa.select(_PART)
    .where(_PART.c.dossier_number == bindparam("dossier_number"))
    .order_by(_PART.c.part_number)
)
_UNKNOWN_PUPILS = sa.select(func.count()).select_from(
    sa.select(_REQUEST.c.number_kind, _REQUEST.c.pupil_number, _REQUEST.c.birth_date)
    .where(_REQUEST.c.target_brin == bindparam("target_brin"))
    .where(_REQUEST.c.time >= bindparam("since"))
    .where(_REQUEST.c.unknown_pupil.is_(True))
    .distinct()
    .subquery()
)
_OPEN_RETRIEVAL = (
    select(RetrievalRow)
    .where(RetrievalRow.pupil_number == bindparam("number"))
    .where(RetrievalRow.birth_date == bindparam("birth_date"))
    .where(RetrievalRow.number_kind == bindparam("kind"))
    .where(RetrievalRow.source_brin == bindparam("source_brin"))
    .where(RetrievalRow.kind == bindparam("transfer_kind"))
    .where(RetrievalRow.coupling_key == bindparam("coupling_key"))
    .where(RetrievalRow.state == "open")
    .where(RetrievalRow.expire_time > bindparam("now"))
)
_STATE_OF = (
    sa.select(_DOSSIER.c.kind, _DOSSIER.c.state)
    .where(_DOSSIER.c.number == bindparam("number"))
    .with_for_update()
)
_CHANGE_STATE = (
    update(_DOSSIER).where(_DOSSIER.c.number == bindparam("of")).values(state=bindparam("to"))
)
_ADD_DOSSIER = insert(_DOSSIER)
_ADD_PARTS = insert(_PART)
_ADD_ACT = insert(ActRow.metadata.tables["las_act"])
_ADD_REQUEST = insert(_REQUEST)
_RETRIEVAL = RetrievalRow.metadata.tables["las_retrieval"]
_NOTIFICATION = ReceivedNotificationRow.metadata.tables["las_received_notification"]
# Who was asked for: kept while the wish is not fulfilled, so that a notification can be shown.
_WISH = ("source_brin", "kind", "number_kind", "pupil_number", "birth_date", "coupling_key")
_FORGOTTEN = {"number_kind": "", "pupil_number": "", "birth_date": "", "coupling_key": ""}
_MINE = _RETRIEVAL.alias("mine")
_SAME_WISH = (
    select(_RETRIEVAL.c.session_id)
    .join(_MINE, and_(*(_RETRIEVAL.c[name] == _MINE.c[name] for name in _WISH)))
    .where(_MINE.c.session_id == bindparam("ended"))
)
_SAME_KEY = select(_RETRIEVAL.c.coupling_key).where(
    _RETRIEVAL.c.session_id == bindparam("ended"), _RETRIEVAL.c.coupling_key != ""
)
_NOTE_FETCHED = (
    update(_NOTIFICATION)
    .where(
        or_(
            _NOTIFICATION.c.session_id.in_(_SAME_WISH),
            _NOTIFICATION.c.coupling_key.in_(_SAME_KEY),
        )
    )
    .where(_NOTIFICATION.c.dossier_number.is_(None))
    .values(dossier_number=bindparam("fetched"))
)
_FORGET_WISH = update(_RETRIEVAL).where(_RETRIEVAL.c.session_id.in_(_SAME_WISH)).values(_FORGOTTEN)
_OVER = (
    update(_RETRIEVAL)
    .where(col(RetrievalRow.session_id) == bindparam("ended"))
    .values(salt=b"", opened=b"")
)
_ADD_RETRIEVAL = insert(_RETRIEVAL)
_CLOSE_RETRIEVAL = _OVER.values(state="closed")
_END_RETRIEVAL = _OVER.values(
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
        """Find the dossiers of a pupil, our own and received ones, the newest first, to look at."""
        return self._look(_DOSSIERS_OF, _params(identity))

    def dossier_of_key(self, coupling_sha256: bytes) -> DossierRow | None:
        """Find the dossier an SWV was given a coupling key for, by the digest of the key."""
        query = (
            select(DossierRow)
            .join(SentNotificationRow)
            .where(SentNotificationRow.coupling_sha256 == coupling_sha256)
        )
        return self.exec(query).first()

    def digests(self) -> set[bytes]:
        """Give the digest of every file that a row names."""
        dossiers = self.exec(select(DossierRow.dossier_sha256)).all()
        documents = self.exec(select(FeedbackDocumentRow.sha256)).all()
        return {*dossiers, *documents, *self.exec(select(PartRow.sha256)).all()}

    def parts(self, number: int) -> list[PartRow]:
        """Give the attachments of a dossier, by part number, to look at."""
        return self._look(_PARTS, {"dossier_number": number})

    def _look(self, query: sa.Select[Any], params: Values) -> list[Any]:
        """Give rows with the names of the objects they are of; to change them changes nothing."""
        self.flush()
        return list(self.connection().execute(query, params))

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
        added = self.connection().execute(_ADD_DOSSIER, row.model_dump(exclude={"number"}))
        (number,) = added.inserted_primary_key or (0,)
        if parts:
            values = [{**part, "dossier_number": number} for part in parts]
            self.connection().execute(_ADD_PARTS, values)
        self._add_act(number, act, by)
        return int(number)

    def change(self, number: int, act: Act, by: By) -> DossierRow:
        """Do something with a dossier, and write down who did.

        Raises:
            UnknownDossierError: There is none of that number.
            NotPossibleError: It is in a state in which this cannot be done.

        """
        self.do(number, act, by)
        return self.dossier(number)

    def do(self, number: int, act: Act, by: By) -> None:
        """Do something with a dossier, as `change`, without making an object of it."""
        self.flush()
        connection = self.connection()
        found = connection.execute(_STATE_OF, {"number": number}).one_or_none()
        if found is None:
            raise UnknownDossierError(number)
        kind, now = found
        state = next_state(kind, State(now), act)
        if state is None:
            raise NotPossibleError(number, State(now), act)
        if state != now:
            connection.execute(_CHANGE_STATE, {"of": number, "to": state.value})
        self._add_act(number, act, by)

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

    def requests_for(self, identity: Identity, kind: str, target: str) -> list[RequestRow]:
        """Find the requests a school made for a pupil's dossier of a kind, the oldest first."""
        query = (
            select(RequestRow)
            .where(RequestRow.pupil_number == identity.number)
            .where(RequestRow.birth_date == identity.birth_date)
            .where(RequestRow.number_kind == identity.kind)
            .where(RequestRow.kind == kind)
            .where(RequestRow.target_brin == target)
            .order_by(col(RequestRow.time), col(RequestRow.id))
        )
        return list(self.exec(query))

    def feedback_on(self, number: int) -> list[FeedbackRow]:
        """Give the feedback on a dossier, the oldest first."""
        query = select(FeedbackRow).where(FeedbackRow.dossier_number == number)
        return list(self.exec(query.order_by(col(FeedbackRow.time))))

    def feedback_documents(self, row: FeedbackRow) -> list[FeedbackDocumentRow]:
        """Give the documents with feedback, by number."""
        query = select(FeedbackDocumentRow).where(
            FeedbackDocumentRow.feedback_id == row.feedback_id
        )
        return list(self.exec(query.order_by(col(FeedbackDocumentRow.number))))

    def notifications(self) -> list[ReceivedNotificationRow]:
        """Give the notifications other schools brought, the newest first."""
        order = col(ReceivedNotificationRow.number).desc()
        return list(self.exec(select(ReceivedNotificationRow).order_by(order)))

    def has_notification(self, notification_id: str) -> bool:
        """Tell whether a notification was brought before."""
        query = select(ReceivedNotificationRow.number).where(
            ReceivedNotificationRow.notification_id == notification_id
        )
        return self.exec(query).first() is not None

    def who_was_asked_for(self, session_id: str) -> Identity:
        """Give the pupil of a session of ours: of the wish, or of the dossier that came in it."""
        dossiers = select(DossierRow).where(DossierRow.session_id == session_id)
        row = self.retrieval(session_id)
        found = row if row is not None and row.pupil_number else self.exec(dossiers).first()
        if found is None:
            return Identity("", "", "")
        return Identity(found.number_kind, found.pupil_number, found.birth_date)

    def unknown_pupils_asked(self, target_brin: str, since: datetime) -> int:
        """Count the different pupils a school asked for since a moment whom we do not have."""
        params = {"target_brin": target_brin, "since": microseconds(since)}
        return int(self.connection().execute(_UNKNOWN_PUPILS, params).scalar_one())

    def add_retrieval(self, row: RetrievalRow) -> None:
        """Write down a session we opened."""
        self.connection().execute(_ADD_RETRIEVAL, row.model_dump())

    def retrieval(self, session_id: str) -> RetrievalRow | None:
        """Find a session we opened."""
        return self.get(RetrievalRow, session_id)

    def open_retrieval(self, wish: Wish, now: datetime) -> RetrievalRow | None:
        """Find a session for this wish that is still open, to go on with."""
        params = {
            "source_brin": wish.source_brin,
            "transfer_kind": wish.kind,
            "coupling_key": wish.coupling_key,
            "now": microseconds(now),
            **_params(wish.identity),
        }
        return self.exec(_OPEN_RETRIEVAL, params=params).first()

    def end_retrieval(
        self, session_id: str, close_request: bytes, dossier_number: int | None, binding: bytes
    ) -> None:
        """Say that nothing more is fetched in a session, and what is to be told of it.

        When a dossier came, who was asked for is forgotten, in every session with the same wish.
        Otherwise the wish stands: the source may notify us when it is ready. Of the session as it
        was granted, what it is bound to is kept (`binding.only_binding`).
        """
        if dossier_number is not None:
            fulfilled = {"ended": session_id, "fetched": dossier_number}
            self.connection().execute(_NOTE_FETCHED, fulfilled)
            self.connection().execute(_FORGET_WISH, {"ended": session_id})
        told = {"close_request": close_request, "dossier_number": dossier_number}
        told["binding"] = binding
        self.connection().execute(_END_RETRIEVAL, {"ended": session_id, **told})

    def forget(self, before: datetime) -> None:
        """Forget who was asked for before a moment, here and by us, and what was told of it."""
        at = microseconds(before)
        connection = self.connection()
        connection.execute(delete(_REQUEST).where(_REQUEST.c.time < at))
        connection.execute(delete(_NOTIFICATION).where(_NOTIFICATION.c.time < at))
        connection.execute(
            update(_RETRIEVAL)
            .where(_RETRIEVAL.c.expire_time < at, _RETRIEVAL.c.state != "open")
            .where(or_(_RETRIEVAL.c.pupil_number != "", _RETRIEVAL.c.coupling_key != ""))
            .values(_FORGOTTEN)
        )

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
