"""What a dossier at a school is, how it changes, and what can be wrong with a wish.

DeskError
├── UnknownDossierError     no dossier of that number
├── NotPossibleError        not in this state
├── KindNotSupportedError   a kind of transfer this version does not do
├── PersonNumberError       `wishes`: a BSN or onderwijsnummer in a dossier for an SWV
├── YearNotSupportedError   a year of the standard this version does not transfer
├── NoIdentityError         a dossier nobody could ask for
├── NotABrinError           a school that cannot exist
├── WrongReceiverError      `receivers`: one that cannot get a dossier of this kind
├── NobodyAskedError, DeliveryPointChoiceError        `notifier`: whom to notify
├── UnknownNotificationError, PupilForgottenError     `inbox`: what was notified
├── NothingReceivedError, FeedbackTooLargeError       `feedback`: what is answered
└── BeingFetchedError       another process of ours fetches this dossier right now
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING

from google.type.date_pb2 import Date

from oso.transfer.v1.transfer_pb2 import PupilIdentity
from oso_dossier.errors import printable
from oso_las.kinds import INSPECTED_FIRST, PROFILES_OF

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso.dossier.v1.dossier_pb2 import Dossier

_BRIN = re.compile("[0-9]{2}[A-Z]{2}")
ACCEPTED_YEARS = ("2019.1",)


class State(Enum):
    """Where a dossier of our own stands; RECEIVED for one from another school."""

    DRAFT = "draft"
    INSPECTED = "inspected"
    READY = "ready"
    DELIVERED = "delivered"
    WITHDRAWN = "withdrawn"
    RECEIVED = "received"


class Act(Enum):
    """What is done with a dossier."""

    IMPORT = "import"
    MARK = "mark"
    INSPECT = "inspect"
    SET_READY = "ready"
    DELIVER = "deliver"
    WITHDRAW = "withdraw"
    NOTIFY = "notify"
    ANSWER = "answer"
    RECEIVE = "receive"


# (state, act) -> state. What is not here cannot be done.
TRANSITIONS: Mapping[tuple[State, Act], State] = {
    (State.DRAFT, Act.MARK): State.DRAFT,
    (State.DRAFT, Act.INSPECT): State.INSPECTED,
    (State.DRAFT, Act.WITHDRAW): State.WITHDRAWN,
    (State.INSPECTED, Act.MARK): State.INSPECTED,
    (State.INSPECTED, Act.SET_READY): State.READY,
    (State.INSPECTED, Act.WITHDRAW): State.WITHDRAWN,
    (State.READY, Act.DELIVER): State.DELIVERED,
    (State.READY, Act.SET_READY): State.READY,
    (State.READY, Act.NOTIFY): State.READY,
    (State.READY, Act.WITHDRAW): State.WITHDRAWN,
    (State.DELIVERED, Act.DELIVER): State.DELIVERED,
    (State.DELIVERED, Act.SET_READY): State.READY,
    (State.DELIVERED, Act.NOTIFY): State.DELIVERED,
    (State.DELIVERED, Act.WITHDRAW): State.WITHDRAWN,
    (State.RECEIVED, Act.ANSWER): State.RECEIVED,
}
# The same, for kinds whose dossier the parents need not have inspected.
UNINSPECTED_TRANSITIONS: Mapping[tuple[State, Act], State] = {
    **TRANSITIONS,
    (State.DRAFT, Act.SET_READY): State.READY,
}

STATE_NAMES: Mapping[State, tuple[str, str]] = {
    State.DRAFT: ("concept", "draft"),
    State.INSPECTED: ("ingezien", "inspected"),
    State.READY: ("klaargezet", "ready"),
    State.DELIVERED: ("overgedragen", "delivered"),
    State.WITHDRAWN: ("ingetrokken", "withdrawn"),
    State.RECEIVED: ("ontvangen", "received"),
}
ACT_NAMES: Mapping[Act, tuple[str, str]] = {
    Act.IMPORT: ("importeren", "import"),
    Act.MARK: ("bestemmen", "mark"),
    Act.INSPECT: ("inzage vastleggen", "record inspection"),
    Act.SET_READY: ("klaarzetten", "set ready"),
    Act.DELIVER: ("overdragen", "deliver"),
    Act.WITHDRAW: ("intrekken", "withdraw"),
    Act.NOTIFY: ("notificeren", "notify"),
    Act.ANSWER: ("terugkoppelen", "answer"),
    Act.RECEIVE: ("ontvangen", "receive"),
}


class DeskError(Exception):
    """Base of what can be wrong with a wish of the desk."""

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        raise NotImplementedError

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


class UnknownDossierError(DeskError):
    """There is no dossier of that number.

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
            return f"Er is geen dossier met nummer {self.number}."
        return f"There is no dossier number {self.number}."


class NotPossibleError(DeskError):
    """The dossier is in a state in which this cannot be done.

    Attributes:
        number: Number of the dossier.
        state: Its state.
        act: What was asked.

    """

    def __init__(self, number: int, state: State, act: Act) -> None:
        """Record dossier, state and act."""
        super().__init__(number, state, act)
        self.number = number
        self.state = state
        self.act = act

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            act, state = ACT_NAMES[self.act][0], STATE_NAMES[self.state][0]
            return f"Dossier {self.number} is {state}: {act} kan nu niet."
        act, state = ACT_NAMES[self.act][1], STATE_NAMES[self.state][1]
        return f"Dossier {self.number} is {state}: {act} is not possible now."


class KindNotSupportedError(DeskError):
    """The dossier is of a kind or profile this version does not transfer.

    Attributes:
        kind: Its overdrachtsoort.
        profile: Its profile; empty when it names none.

    """

    def __init__(self, kind: str, profile: str) -> None:
        """Record kind and profile."""
        super().__init__(kind, profile)
        self.kind = kind
        self.profile = profile

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        can = "; ".join(
            f"{kind} ({', '.join(sorted(profiles))})" for kind, profiles in PROFILES_OF.items()
        )
        kind, profile = printable(self.kind), printable(self.profile) or "-"
        if language == "nl":
            return (
                f"Een dossier van soort {kind} met profiel {profile} kan deze versie niet "
                f"overdragen; wel: {can}."
            )
        return (
            f"This version cannot transfer a dossier of kind {kind} with profile {profile}; "
            f"it can: {can}."
        )


class YearNotSupportedError(DeskError):
    """The dossier is of a year this version does not transfer, though it can read and convert it.

    Attributes:
        year: The year, such as 2018.1.1.

    """

    def __init__(self, year: str) -> None:
        """Record the year."""
        super().__init__(year)
        self.year = year

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        years, newest = ", ".join(ACCEPTED_YEARS), ACCEPTED_YEARS[-1]
        if language == "nl":
            return (
                f"Dit dossier is van {self.year}; overdragen kan nu alleen van {years}. "
                f"Zet het eerst om: oso dossier convert --to {newest}."
            )
        return (
            f"This dossier is of {self.year}; only {years} can be transferred now. "
            f"Convert it first: oso dossier convert --to {newest}."
        )


class NoIdentityError(DeskError):
    """The dossier has no number or no birth date, so no school could ask for it."""

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return (
                "Dit dossier heeft geen BSN of onderwijsnummer van negen cijfers, of geen "
                "geboortedatum: een andere school kan er niet om vragen."
            )
        return (
            "This dossier has no BSN or onderwijsnummer of nine digits, or no birth date: no other "
            "school could ask for it."
        )


class NotABrinError(DeskError):
    """A school was named by something that is no BRIN.

    Attributes:
        given: What was given.

    """

    def __init__(self, given: str) -> None:
        """Record what was given."""
        super().__init__(given)
        self.given = given

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return f"{self.given!r} is geen BRIN: twee cijfers en twee hoofdletters, zoals 01VV."
        return f"{self.given!r} is no BRIN: two digits and two capitals, such as 01VV."


class BeingFetchedError(DeskError):
    """The dossier of this pupil is being fetched from that school right now, by another process.

    Attributes:
        session_id: The session it is fetched in.

    """

    def __init__(self, session_id: str) -> None:
        """Record the session."""
        super().__init__(session_id)
        self.session_id = session_id

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return f"Dit dossier wordt op dit moment al opgehaald (sessie {self.session_id})."
        return f"This dossier is being fetched right now (session {self.session_id})."


@dataclass(frozen=True)
class Identity:
    """Who a pupil is, as schools agree on it.

    Attributes:
        kind: `bsn` or `onderwijsnummer`.
        number: Nine digits.
        birth_date: `yyyy-mm-dd`, or `yyyy-mm-00` where only the month is known.

    """

    kind: str
    number: str
    birth_date: str

    @staticmethod
    def of_dossier(dossier: Dossier) -> Identity:
        """Read the identity from a dossier.

        Raises:
            NoIdentityError: It has none.

        """
        pupil = dossier.huidigeschool.leerling
        kind = pupil.WhichOneof("nummer")
        number = getattr(pupil, kind) if kind else ""
        if kind is None or not is_number(number):
            raise NoIdentityError
        if pupil.WhichOneof("geboorte") == "geboortedatum":
            return Identity(kind, number, _date_text(pupil.geboortedatum))
        if pupil.WhichOneof("geboorte") == "geboortemaand":
            return Identity(kind, number, f"{pupil.geboortemaand}-00")
        raise NoIdentityError

    @staticmethod
    def of_message(message: PupilIdentity) -> Identity:
        """Read the identity from a request."""
        kind = message.WhichOneof("number") or "bsn"
        return Identity(kind, getattr(message, kind), _date_text(message.birth_date))

    def message(self) -> PupilIdentity:
        """Give the identity as a request carries it."""
        year, month, day = (int(part) for part in self.birth_date.split("-"))
        message = PupilIdentity(birth_date=Date(year=year, month=month, day=day))
        setattr(message, self.kind, self.number)
        return message


def next_state(kind: str, state: State, act: Act) -> State | None:
    """Give the state after an act on a dossier of a kind; None when it cannot be done."""
    table = TRANSITIONS if kind in INSPECTED_FIRST else UNINSPECTED_TRANSITIONS
    return table.get((state, act))


def is_number(text: str) -> bool:
    """Tell whether a text has the form of a BSN or onderwijsnummer: nine digits."""
    return len(text) == 9 and text.isascii() and text.isdigit()  # noqa: PLR2004


def is_brin(text: str) -> bool:
    """Tell whether a text has the form of a BRIN: two digits, two capitals."""
    return _BRIN.fullmatch(text) is not None


def _date_text(date: Date) -> str:
    return f"{date.year:04d}-{date.month:02d}-{date.day:02d}"


def microseconds(moment: datetime) -> int:
    """Give a moment as the store keeps it: microseconds since 1970, UTC."""
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment_of(stored: int) -> datetime:
    """Give a stored moment back."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=stored)
