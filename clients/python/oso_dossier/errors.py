"""What can be wrong with a dossier as a file.

    DossierXmlError
    ├── NotXmlError              not well-formed XML
    ├── DoctypeRefusedError      has a DOCTYPE
    ├── TooLargeError            more bytes than the limit
    ├── TooManyTagsError         more tags than any dossier has
    ├── WrongNamespaceError      not a dossier of a year we read
    ├── StructureError           a dossier, but not built as the standard says
    └── AttachmentMismatchError  attachments that are not the ones the dossier names

Every error carries data; `text("nl")` and `text("en")` make the sentence for people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

_DOSSIER_OF_YEAR = re.compile(
    r"\{http://www\.edustandaard\.nl/oso_gegevensset/([0-9]{4})/dossier\}dossier"
)
# What people can do something with; by the name libxml2 has for it. All else is named as it is.
_REASONS = {
    "document empty": ("er staat geen XML in", "there is no XML in it"),
    "document end": ("na het einde staat nog iets", "there is more after the end"),
    "tag not finished": ("het is afgebroken", "it was cut off"),
    "gt required": ("het is afgebroken", "it was cut off"),
    "tag name mismatch": ("begin- en eindtag verschillen", "start and end tag differ"),
    "invalid char": ("er staat een verboden teken in", "it has a forbidden character"),
    "invalid encoding": (
        "de tekens kloppen niet met de codering",
        "its characters are not in its encoding",
    ),
    "unsupported encoding": ("de codering is onbekend", "its encoding is unknown"),
    "resource limit": ("het zit te diep in elkaar", "it is nested too deep"),
}


class Problem(Enum):
    """Kinds of structure errors, with their text in Dutch and English."""

    UNEXPECTED = ("element hoort hier niet", "element does not belong here")
    MISSING = ("verplicht element ontbreekt", "required element is missing")
    ORDER = ("element staat niet op zijn plaats in de volgorde", "element is out of order")
    TOO_MANY = ("element komt te vaak voor", "element occurs too often")
    CHOICE = (
        "element sluit een eerder element uit (keuze)",
        "element excludes an earlier one (choice)",
    )
    TEXT = ("hier mag geen tekst staan", "text is not allowed here")
    CHILD = ("hier mogen geen elementen in staan", "elements are not allowed in here")
    ATTRIBUTE = ("attribuut hoort hier niet", "attribute does not belong here")
    TOO_SHORT = ("waarde is te kort of leeg", "value is too short or empty")
    TOO_LONG = ("waarde is te lang", "value is too long")
    PATTERN = ("waarde heeft niet de juiste vorm", "value does not have the right form")
    BOOLEAN = ("waarde is geen true of false", "value is not true or false")
    INTEGER = ("waarde is geen geheel getal", "value is not a whole number")
    DECIMAL = ("waarde is geen getal", "value is not a number")
    DATE = ("waarde is geen datum (jjjj-mm-dd)", "value is not a date (yyyy-mm-dd)")
    RANGE = ("waarde valt buiten het bereik", "value is out of range")
    CHARACTER = (
        "waarde bevat een teken dat niet in XML mag staan",
        "value has a character that XML cannot hold",
    )
    ATTACHMENT = ("bijlage is niet goed beschreven", "attachment is not described well")
    OTHER_YEAR = (
        "element hoort niet bij het jaar van dit dossier",
        "element does not belong to the year of this dossier",
    )
    YEAR = (
        "het jaar van dit dossier is onbekend in deze versie",
        "the year of this dossier is unknown to this version",
    )
    UNKNOWN = (
        "dossier bevat gegevens die deze versie niet kent",
        "dossier has fields this version does not know",
    )

    def text(self, language: str = "nl") -> str:
        """Give the text in `nl` or `en`."""
        return self.value[0 if language == "nl" else 1]


@dataclass(frozen=True)
class StructureFinding:
    """One place where a dossier is not built as the standard says.

    Attributes:
        path: The element, as the standard writes it:
            `/dossier[1]/huidigeschool[1]/leerling[1]/verzorger[2]`. Never holds a value.
        line: Line in the file, from 1; 0 when there is no file.
        problem: What is wrong.
        detail: The name or bound it is about, such as the element that is missing; never a value
            from the dossier.

    """

    path: str
    line: int
    problem: Problem
    detail: str = ""

    def text(self, language: str = "nl") -> str:
        """Give one line for people: where, what."""
        place = ("regel" if language == "nl" else "line") + f" {self.line}: " if self.line else ""
        return f"{place}{self.path}: {self.message(language)}"

    def message(self, language: str = "nl") -> str:
        """Give what is wrong, without where."""
        about = f" ({self.detail})" if self.detail else ""
        return f"{self.problem.text(language)}{about}"


def printable(text: str) -> str:
    """Make text from elsewhere safe for a terminal: 200 characters, none that commands it."""
    return "".join(one if one.isprintable() else "?" for one in text[:200])


class DossierXmlError(Exception):
    """Base of all errors about a dossier as a file."""

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        raise NotImplementedError

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


class NotXmlError(DossierXmlError):
    """The file is not well-formed XML.

    Attributes:
        line: Line where reading stopped, from 1.
        reason: What the parser calls it; never a value from the file.

    """

    def __init__(self, line: int, reason: str) -> None:
        """Record where and why reading stopped."""
        super().__init__(line, reason)
        self.line = line
        self.reason = reason

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        dutch, english = _REASONS.get(self.reason, (self.reason, self.reason))
        if language == "nl":
            return f"Dit bestand is geen goede XML (regel {self.line}: {dutch})."
        return f"This file is not well-formed XML (line {self.line}: {english})."


class DoctypeRefusedError(DossierXmlError):
    """The file has a DOCTYPE: refused, it could make the reader fetch or blow up things."""

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return "Dit bestand heeft een DOCTYPE; dat is om veiligheidsredenen niet toegestaan."
        return "This file has a DOCTYPE; that is refused for safety."


class TooLargeError(DossierXmlError):
    """The file is larger than the limit.

    Attributes:
        limit: The limit, in bytes.

    """

    def __init__(self, limit: int) -> None:
        """Record the limit in bytes."""
        super().__init__(limit)
        self.limit = limit

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        size = f"{self.limit / 2**20:g} MiB"
        if language == "nl":
            return f"Dit bestand is groter dan {size}, de grens die hier geldt."
        return f"This file is larger than {size}, the limit here."


class TooManyTagsError(DossierXmlError):
    """The file has more tags than any dossier: reading it would take all memory.

    Attributes:
        limit: How many it may have.

    """

    def __init__(self, limit: int) -> None:
        """Record the limit."""
        super().__init__(limit)
        self.limit = limit

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return (
                f"Dit bestand heeft meer dan {self.limit} tags en attributen; "
                "zoveel heeft geen dossier van deze grootte."
            )
        return (
            f"This file has more than {self.limit} tags and attributes; "
            "no dossier of this size has as many."
        )


class WrongNamespaceError(DossierXmlError):
    """The file is XML, but its root is not a dossier of a year this library reads.

    Attributes:
        found: Root element as `{namespace}name`, cut to 200 characters.
        years: Names of the years that are read, oldest first.
        year: Year of the standard it is a dossier of, such as `2018`; empty when it is none.

    """

    def __init__(self, found: str, years: tuple[str, ...]) -> None:
        """Record the root element and the years that are read."""
        super().__init__(found, years)
        self.found = found[:200]
        self.years = years
        known = _DOSSIER_OF_YEAR.fullmatch(found)
        self.year = known[1] if known else ""

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        dutch = language == "nl"
        *others, last = self.years
        years = ", ".join(others)
        if self.year:
            return (
                f"Dit is een dossier van {self.year}; deze versie leest dossiers van {years} en"
                f" {last}."
                if dutch
                else f"This is a dossier of {self.year}; this version reads dossiers of {years} and"
                f" {last}."
            )
        found = printable(self.found)
        if dutch:
            return f"Dit is geen dossier van {years} of {last}: gevonden {found}."
        return f"This is no dossier of {years} or {last}: found {found}."


class StructureError(DossierXmlError):
    """The dossier is not built as the standard says.

    Attributes:
        findings: The places, in document order, 100 at most.
        more: How many there are besides.

    """

    def __init__(self, findings: tuple[StructureFinding, ...], more: int = 0) -> None:
        """Record the findings and how many were left out."""
        super().__init__(findings, more)
        self.findings = findings
        self.more = more

    def text(self, language: str = "nl") -> str:
        """Give one line for each finding."""
        count = len(self.findings) + self.more
        if language == "nl":
            head = f"Dit dossier is niet opgebouwd zoals de standaard zegt ({count} fout(en)):"
            tail = f"  ... en nog {self.more}"
        else:
            head = f"This dossier is not built as the standard says ({count} error(s)):"
            tail = f"  ... and {self.more} more"
        lines = [head, *(f"  {finding.text(language)}" for finding in self.findings)]
        return "\n".join([*lines, tail] if self.more else lines)


class AttachmentMismatchError(DossierXmlError):
    """An attachment is missing, too many, or not the one the dossier names.

    Attributes:
        part_number: Number of the attachment, from 1.

    """

    def __init__(self, part_number: int) -> None:
        """Record which attachment it is about."""
        super().__init__(part_number)
        self.part_number = part_number

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people."""
        if language == "nl":
            return f"Bijlage {self.part_number} ontbreekt of is niet de bijlage van dit dossier."
        return f"Attachment {self.part_number} is missing or not the one of this dossier."
