"""Why a step of a rotation is not taken, in Dutch and English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_registry.authority.problems import AuthorityError, Problem

if TYPE_CHECKING:
    from datetime import datetime


class RotationProblem(Problem):
    """Why a step is not possible now."""

    UNKNOWN = (
        "er is geen root of uitgever met deze naam (zie: oso-registry ca show)",
        "there is no root or issuer of this name (see: oso-registry ca show)",
    )
    ALREADY_PREPARED = (
        "staat al klaar; laat die eerst ingaan (ca activate) of trek hem terug (ca retire)",
        "is prepared already; activate it first (ca activate), or take it back (ca retire)",
    )
    NOT_PREPARED = (
        "staat niet klaar om in te gaan; maak eerst een nieuwe (oso-registry ca prepare)",
        "is not prepared to be activated; make a new one first (oso-registry ca prepare)",
    )
    ACTIVE = (
        "is in gebruik; laat eerst een andere ingaan (oso-registry ca prepare, ca activate)",
        "is in use; activate another one first (oso-registry ca prepare, ca activate)",
    )
    RETIRED = (
        "is al uit gebruik genomen",
        "is out of use already",
    )
    IN_FORCE = (
        "heeft certificaten ondertekend die tot {until} kunnen gelden; wacht tot dan (of --force)",
        "signed certificates that can be in force until {until}; wait until then (or --force)",
    )
    NOT_KNOWN_YET = (
        "is niet bij iedereen bekend voor {until}; wacht tot dan (of --force)",
        "is not known to everybody before {until}; wait until then (or --force)",
    )
    ISSUERS_LEFT = (
        "heeft uitgevers die nog niet uit gebruik zijn; neem die eerst uit gebruik",
        "has issuers that are not out of use yet; retire those first",
    )
    ROOT_KEY = (
        "de sleutel van de root is hier niet; haal hem op en noem het bestand (--root-key)",
        "the key of the root is not here; fetch it and name its file (--root-key)",
    )
    ROOT_ENDS = (
        (
            "eindigt te vroeg om een uitgever te ondertekenen; maak eerst een nieuwe root "
            "(oso-registry ca prepare --root)"
        ),
        ("ends too soon to sign an issuer; make a new root first (oso-registry ca prepare --root)"),
    )
    ENDS_SOON = (
        "eindigt te vroeg om nog certificaten te ondertekenen; maak een nieuwe (ca prepare)",
        "ends too soon to sign certificates; make a new one (ca prepare)",
    )
    KEY_FAILS = (
        "de sleutel ondertekent niet wat hij moet ondertekenen",
        "its key does not sign what it is to sign",
    )
    NO_ISSUER = (
        "is een root; alleen een uitgever kan worden ingetrokken",
        "is a root; only an issuer can be revoked",
    )
    CLOCK = (
        "de klok loopt achter: de vorige stap was op {until}",
        "the clock is behind: the step before was at {until}",
    )
    BUSY = (
        "een ander is hier met een stap bezig; probeer het zo opnieuw",
        "somebody else is taking a step here; try again in a moment",
    )


class RotationError(AuthorityError):
    """A step of a rotation is not possible now; nothing was changed.

    Attributes:
        name: Of the root or issuer, or the folder.
        problem: Why.
        until: The moment it depends on, where it depends on one.

    """

    def __init__(self, name: str, problem: RotationProblem, until: datetime | None = None) -> None:
        """Record which, why and until when."""
        super().__init__(name, problem, until)
        self.name = name
        self.problem = problem
        self.until = until

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        until = f"{self.until:%Y-%m-%d %H:%M} UTC" if self.until else ""
        return f"{self.name}: {self.problem.text(language)}".replace("{until}", until)
