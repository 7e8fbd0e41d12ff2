"""A warning of ours: a rule, and what looks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from oso_dossier.rules.rule import ALL_PROFILES, Rule, Severity, Text

if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from datetime import date

    from oso_dossier.rules.advice.content import Content


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the tests of one dossier look at beside the message at hand.

    Attributes:
        profile: The profile it is checked as.
        attachments: The bytes of its attachments, by number; None when they are not here.
        test_codes: The codes of the test-code table; None when it is not here.
        made: The day the dossier was made, by its header; None when that is no day.
        born: The day the pupil was born; None when it is not known to the day.
        looked_into: What attachments turned out to be, by number, as far as somebody looked.

    """

    profile: str
    attachments: Sequence[bytes] | None
    test_codes: Container[str] | None
    made: date | None
    born: date | None
    looked_into: dict[int, Content] = field(default_factory=dict)


Looks: TypeAlias = Callable[[Any, Circumstances], Iterable[str]]
"""Gives, for a message, the elements in it that are not as they should be; empty: itself."""


@dataclass(frozen=True, slots=True)
class Advice:
    """A warning with its test.

    Attributes:
        rule: The rule.
        at: Names of the message types it looks at, as `Leerling`.
        looks: The test. What it gives is an element with its number: `bsn[1]`.

    """

    rule: Rule
    at: frozenset[str]
    looks: Looks


def advice(
    rule_id: str,
    at: str | Iterable[str],
    looks: Looks,
    *,
    condition: tuple[str, str],
    message: tuple[str, str],
    hint: tuple[str, str],
    source: str,
) -> Advice:
    """Make a warning. Texts come in Dutch and English; `source` says why the rule is ours."""
    rule = Rule(
        rule_id,
        Severity.WARNING,
        ALL_PROFILES,
        Text(*condition),
        Text(*message),
        Text(*hint),
        source,
    )
    return Advice(rule, frozenset([at] if isinstance(at, str) else at), looks)


def first(name: str, *, wrong: bool) -> Iterable[str]:
    """Give an element that occurs once, when something is wrong with it."""
    return (f"{name}[1]",) if wrong else ()
