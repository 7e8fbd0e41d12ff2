"""A rule, and a finding: one place where a dossier does not follow it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from oso_dossier.errors import StructureFinding  # noqa: TC001  dataclasses are read by tools

ALL_PROFILES = ()
"""What `Rule.profiles` is for a rule that holds in every profile."""

FILE = "/[1]"
"""Location of a finding about the file as a whole."""


class Severity(Enum):
    """How bad a finding is."""

    ERROR = "error"
    """The dossier is refused: the official validators say so."""
    WARNING = "warning"
    """The dossier may be right, but somebody should look."""


class Text(NamedTuple):
    """A text for people, in both languages."""

    nl: str
    en: str

    def in_language(self, language: str) -> str:
        """Give the text in `nl` or `en`."""
        return self.nl if language == "nl" else self.en


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        id: As in the standard where it has one (`OVa.LL01`); ours begin with `OSO.`.
        severity: What breaking it means.
        profiles: The profiles it is for; empty: all.
        condition: When it gives a finding, in full.
        message: What is wrong, for a school worker. Holds no value of a dossier.
        hint: How to mend it.
        source: Where it comes from: sheet and message of the standard, or why it is ours.
        first_year: First year of the standard that has it; empty: from the first we know.
        last_year: Last year that has it; empty: it is in force.

    """

    id: str
    severity: Severity
    profiles: tuple[str, ...]
    condition: Text
    message: Text
    hint: Text
    source: str
    first_year: str = ""
    last_year: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a dossier does not follow a rule.

    Attributes:
        rule: The rule.
        location: The place, in the standard's notation:
            `/dossier[1]/huidigeschool[1]/leerling[1]/verzorger[2]`; `/[1]` for the file as a whole.
        element: Name of the element the rule is about, such as `geboortedatum`.

    """

    rule: Rule
    location: str
    element: str

    def text(self, language: str = "nl") -> str:
        """Give one line for people: rule, place, what is wrong."""
        return f"{self.rule.id} {self.location}: {self.rule.message.in_language(language)}"


@dataclass(frozen=True)
class Report:
    """What was found in one dossier.

    Attributes:
        profile: The profile it was checked as: POPO, POVO, VOVO, BB, POSWV, VOSWV, ...; empty when
            the structure is so wrong that it has none.
        structure: Where it is not built as the standard says. If there is any, the rules were not
            tried.
        findings: Errors in the order of the official validators, then warnings.

    """

    profile: str
    structure: tuple[StructureFinding, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The findings for which the dossier is refused."""
        return tuple(one for one in self.findings if one.rule.severity is Severity.ERROR)

    @property
    def is_valid(self) -> bool:
        """No structure errors and no rule errors; warnings may be there."""
        return not self.structure and not self.errors
