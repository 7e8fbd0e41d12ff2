"""The rules a dossier must follow beyond its structure, and the findings they give.

`validate` checks a dossier, `RULES` has every rule by its id, `explain` tells what one says.
Nothing is compiled before the first question.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from oso_dossier.profiles import profile_of
from oso_dossier.rules.rule import Finding, Report, Rule, Severity, Text
from oso_dossier.rules.validation import validate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso_dossier.rules.catalogue import UnknownRuleError, explain

    RULES: Mapping[str, Rule]
    """Every rule by id: those of the standard in its order, then ours."""

__all__ = [
    "RULES",
    "Finding",
    "Report",
    "Rule",
    "Severity",
    "Text",
    "UnknownRuleError",
    "explain",
    "profile_of",
    "validate",
]


def __getattr__(name: str) -> Any:
    """Give what needs all rules: made when it is asked for."""
    if name in {"RULES", "explain", "UnknownRuleError"}:
        from oso_dossier.rules import catalogue  # noqa: PLC0415  texts of all rules: on demand

        return catalogue.all_rules() if name == "RULES" else getattr(catalogue, name)
    raise AttributeError(name)
