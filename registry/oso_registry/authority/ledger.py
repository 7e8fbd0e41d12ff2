"""What the authority knows of its roots and issuers: `authority.json`, and the steps of a rotation.

| state | trusted | signs |
|---|---|---|
| PREPARED | yes, so that everybody knows it before it is used | nothing |
| ACTIVE | yes | leaves (an issuer), issuers (a root), its revocation list |
| OUTGOING | yes | its revocation list, and what was planned before it was superseded |
| RETIRED | no | nothing |
"""

from __future__ import annotations

from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from oso_registry.authority.crl import Reason  # noqa: TC001  pydantic reads it
from oso_registry.authority.problems import FolderError, FolderProblem
from oso_registry.directory import replace_file

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

FILE_NAME = "authority.json"
LONGEST_LEAF_DAYS = 397


class State(StrEnum):
    """How far a root or an issuer is."""

    PREPARED = "PREPARED"
    ACTIVE = "ACTIVE"
    OUTGOING = "OUTGOING"
    RETIRED = "RETIRED"


# Who signs: leaves or not, a revocation list in any case.
SIGNING = frozenset({State.ACTIVE, State.OUTGOING})


class Event(Enum):
    """What happens to a root or an issuer."""

    ACTIVATE = "activate"
    SUPERSEDE = "supersede"
    RETIRE = "retire"
    REVOKE = "revoke"


STEPS = {
    (State.PREPARED, Event.ACTIVATE): State.ACTIVE,
    (State.PREPARED, Event.RETIRE): State.RETIRED,
    (State.ACTIVE, Event.SUPERSEDE): State.OUTGOING,
    (State.OUTGOING, Event.RETIRE): State.RETIRED,
    (State.PREPARED, Event.REVOKE): State.RETIRED,
    (State.OUTGOING, Event.REVOKE): State.RETIRED,
    (State.RETIRED, Event.REVOKE): State.RETIRED,
}


class Entry(BaseModel):
    """A root or an issuer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^(root|issuing)-[1-9][0-9]*$")
    """Its name; the certificate is in the file of that name with `.crt`."""
    state: State
    """How far it is."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of its certificate, DER."""
    key: str = Field(pattern=r"^(pkcs11:.+|[A-Za-z0-9_.-]+)$")
    """Where its key is: a file in this folder (a root's may be elsewhere), or a PKCS#11 URI."""
    root: str = ""
    """Name of the root that signed it; empty for a root."""
    prepared: AwareDatetime
    """When it was made."""
    activated: AwareDatetime | None = None
    """When it began to sign."""
    superseded: AwareDatetime | None = None
    """When another took its place."""
    retired: AwareDatetime | None = None
    """When it was taken out of use."""
    revoked: AwareDatetime | None = None
    """When its root revoked it (an issuer)."""
    reason: Reason | None = None
    """Why it was revoked: the number of RFC 5280, 5.3.1."""

    @property
    def is_root(self) -> bool:
        """Whether it is a root; else it is an issuer."""
        return self.name.startswith("root-")

    @property
    def latest(self) -> datetime:
        """When something last happened to it."""
        moments = (self.prepared, self.activated, self.superseded, self.retired, self.revoked)
        return max(one for one in moments if one is not None)


class Ledger(BaseModel):
    """All roots and issuers, oldest first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Literal[1] = 1
    """Form of this file."""
    leaf_days: int = Field(ge=1, le=LONGEST_LEAF_DAYS)
    """How long a leaf is valid, in days, at most."""
    roots: tuple[Entry, ...]
    """The roots."""
    issuers: tuple[Entry, ...]
    """The issuers."""

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        names = [one.name for one in (*self.roots, *self.issuers)]
        roots = {one.name for one in self.roots}
        for kind, entries in (("root", self.roots), ("issuing", self.issuers)):
            if [one.state for one in entries].count(State.ACTIVE) != 1:
                raise ValueError("exactly one root and one issuer must be ACTIVE")
            if any(not one.name.startswith(f"{kind}-") for one in entries):
                raise ValueError("a root must be called root-N, an issuer issuing-N")
        if len(set(names)) != len(names):
            raise ValueError("a name is used twice")
        if any(one.root not in roots for one in self.issuers):
            raise ValueError("an issuer names a root that is not there")
        return self

    def entry(self, name: str) -> Entry | None:
        """Find a root or an issuer by its name."""
        return next((one for one in (*self.roots, *self.issuers) if one.name == name), None)

    def active(self, *, root: bool) -> Entry:
        """Give the root or issuer that is ACTIVE."""
        entries = self.roots if root else self.issuers
        return next(one for one in entries if one.state is State.ACTIVE)

    def replaced(self, *changed: Entry) -> Ledger:
        """Give a ledger in which entries took the place of those of the same name."""
        new = {one.name: one for one in changed}
        return Ledger(
            leaf_days=self.leaf_days,
            roots=tuple(new.get(one.name, one) for one in self.roots),
            issuers=tuple(new.get(one.name, one) for one in self.issuers),
        )

    def added(self, entry: Entry) -> Ledger:
        """Give a ledger with one more root or issuer."""
        return Ledger(
            leaf_days=self.leaf_days,
            roots=(*self.roots, entry) if entry.is_root else self.roots,
            issuers=self.issuers if entry.is_root else (*self.issuers, entry),
        )

    @staticmethod
    def read(folder: Path) -> Ledger:
        """Read the ledger of an authority.

        Raises:
            FolderError: There is none, or it is not whole.
            OSError: It cannot be read.

        """
        path = folder / FILE_NAME
        try:
            return Ledger.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            half = any(folder.glob("*.key")) or any(folder.glob("*.crt"))
            problem = FolderProblem.HALF if half else FolderProblem.ABSENT
            raise FolderError(folder, problem) from None
        except ValidationError:
            raise FolderError(path, FolderProblem.STATE) from None

    def write(self, folder: Path) -> None:
        """Put it in place of the one before, at once.

        Raises:
            OSError: It cannot be written; then the one before is still there.

        """
        replace_file(folder / FILE_NAME, self.model_dump_json(indent=2).encode() + b"\n")
