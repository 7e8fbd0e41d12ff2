"""A rule with its test: what a module of rules gives to the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oso_dossier.rules.rule import Rule  # noqa: TC001  dataclasses are read by tools

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso_dossier.rules.subject import Subject

NEWEST = "9999"
"""Sorts after every year: the last year of what is in force."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A rule with its test.

    Attributes:
        rule: The rule. More than one definition may have a rule of the same id, each for its own
            years.
        at: Name of the message type it looks at.
        element: Name of the element it is about.

    """

    rule: Rule
    at: str
    element: str

    def is_in(self, year: str) -> bool:
        """Tell whether a year of the standard has it. Years sort as text."""
        return self.rule.first_year <= year <= (self.rule.last_year or NEWEST)


@dataclass(frozen=True, slots=True)
class Test(Definition):
    """A rule that a message breaks or not; the finding is at the message.

    Attributes:
        breaks: Tells whether a message breaks it.

    """

    breaks: Callable[[Any, Subject], bool]
