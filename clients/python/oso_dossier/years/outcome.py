"""What came of a conversion: what was lost, what moved, what the converter wrote itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oso_dossier.document import DossierDocument


class Reason(Enum):
    """Why a value could not be carried, or was written, in Dutch and English.

    In the texts `{year}` is the year that made it so, `{detail}` a name, code or list number of the
    standard; never a value that came with the dossier.
    """

    NOT_IN_YEAR = ("bestaat niet in {year}", "does not exist in {year}")
    ONLY_ONE = (
        "kan in {year} maar één keer; een andere is behouden",
        "can occur only once in {year}; another one was kept",
    )
    INCOMPLETE = (
        "hoort bij een blok dat in {year} niet zonder {detail} kan",
        "belongs to a block that cannot do without {detail} in {year}",
    )
    CODE = (
        "de code staat niet in codelijst {detail} van {year}",
        "the code is not in code list {detail} of {year}",
    )
    CODE_REPLACED = (
        "de code bestaat niet in {year}; er staat nu {detail}",
        "the code does not exist in {year}; it is {detail} now",
    )
    KIND = (
        "mag in {year} niet in een overdracht binnen de instelling",
        "is not allowed in a transfer inside the institution in {year}",
    )
    SWITCHED_OFF = (
        "de schakelaar {detail} laat dit in {year} niet toe",
        "the switch {detail} does not allow this in {year}",
    )
    SECRET = (
        "is geheim, en {year} kan dat van een huisarts niet zeggen",
        "is secret, and {year} cannot say so of a general practitioner",
    )
    SECRET_ADDRESS = (
        "is geheim, en mag dan in {year} niet mee",
        "is secret, and must not travel then in {year}",
    )
    OLD_TEST = (
        "is een toets van te lang geleden voor deze overstap in {year}",
        "is a test from too long ago for this move in {year}",
    )
    NOT_OF_DOCTOR = (
        "mag in {year} niet bij de huisarts staan",
        "is not allowed with the general practitioner in {year}",
    )
    NO_FAMILY_DOCTOR = (
        "{year} kent alleen de huisarts, en dit is een andere arts",
        "{year} knows the general practitioner only, and this is another doctor",
    )
    VERSION = ("versie van {year} ingevuld", "version of {year} filled in")
    SWITCH_ADDED = (
        "verplichte schakelaar van {year} toegevoegd: {detail}",
        "switch that {year} wants added: {detail}",
    )
    SWITCH_CHANGED = (
        "schakelaar is nu {detail}: zie het verslag van wat vervalt",
        "switch is {detail} now: see what was lost",
    )
    ROLE_ADDED = (
        "soort arts ingevuld, zoals {year} dat kent",
        "kind of doctor filled in, as {year} has it",
    )

    def text(self, language: str, year: str, detail: str) -> str:
        """Give the sentence in `nl` or `en`."""
        return self.value[0 if language == "nl" else 1].format(year=year, detail=detail)


@dataclass(frozen=True, slots=True)
class Cause:
    """A reason, with the year and the name it is about.

    Attributes:
        reason: The kind of reason.
        year: The year on the way that made it so.
        detail: A name, code or list number of the standard.

    """

    reason: Reason
    year: str
    detail: str = ""

    def text(self, language: str = "nl") -> str:
        """Give the sentence in `nl` or `en`."""
        return self.reason.text(language, self.year, self.detail)


@dataclass(frozen=True, slots=True)
class Loss:
    """A value that is not in the new dossier. Says which, never what it was.

    Attributes:
        path: Where it stood in the old dossier, in the standard's notation.
        cause: Why.
        instead: Where in the new dossier another value stands in its place; empty when nowhere.

    """

    path: str
    cause: Cause
    instead: str = ""

    def text(self, language: str = "nl") -> str:
        """Give one line for people: where, why."""
        return f"{self.path}: {self.cause.text(language)}"


@dataclass(frozen=True, slots=True)
class Move:
    """A value that stands somewhere else now.

    Attributes:
        path: Where it stood in the old dossier.
        to: Where it stands in the new one.

    """

    path: str
    to: str


@dataclass(frozen=True, slots=True)
class Change:
    """A value the converter wrote: it says nothing new of the pupil.

    Attributes:
        path: Where it stands in the new dossier.
        cause: Why.
        before: Where the value it replaced stood in the old dossier; empty when there was none.

    """

    path: str
    cause: Cause
    before: str = ""

    def text(self, language: str = "nl") -> str:
        """Give one line for people: where, why."""
        return f"{self.path}: {self.cause.text(language)}"


@dataclass(frozen=True)
class Conversion:
    """A dossier in another year.

    Every value of the old dossier is in the new one at the same path, or in one of the lists.

    Attributes:
        document: The new dossier, with the attachments that are left.
        losses: What could not be carried, in the order of the old dossier.
        moves: What stands elsewhere, in the order of the new dossier.
        changes: What the converter wrote, in the order of the new dossier.

    """

    document: DossierDocument
    losses: tuple[Loss, ...] = ()
    moves: tuple[Move, ...] = ()
    changes: tuple[Change, ...] = ()


class CannotConvertError(Exception):
    """The dossier as a whole has no counterpart in the year asked for.

    Attributes:
        losses: The values that have no counterpart and cannot be missed, or what is missing.

    """

    def __init__(self, losses: tuple[Loss, ...]) -> None:
        """Record the values it cannot do without."""
        super().__init__(losses)
        self.losses = losses

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        head = (
            "Dit dossier kan niet worden omgezet:"
            if language == "nl"
            else "This dossier cannot be converted:"
        )
        return "\n".join([head, *(f"  {one.text(language)}" for one in self.losses)])

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")
