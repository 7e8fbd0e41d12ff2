"""All rules there are, by id, and what each says."""

from __future__ import annotations

from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from oso_dossier.rules.advice import ADVICE_RULES
from oso_dossier.rules.categories import category_rules
from oso_dossier.rules.code_lists import code_rules
from oso_dossier.rules.definition import COMMON, NEWEST
from oso_dossier.rules.engine import all_checks
from oso_dossier.rules.extensions import extension_rules
from oso_dossier.rules.rule import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oso_dossier.rules.rule import Rule

_SEVERITY = {
    Severity.ERROR: ("fout: het dossier wordt geweigerd", "error: the dossier is refused"),
    Severity.WARNING: ("waarschuwing: kijk ernaar", "warning: have a look"),
}


class UnknownRuleError(LookupError):
    """There is no rule of this id.

    Attributes:
        rule_id: The id.

    """

    def __init__(self, rule_id: str) -> None:
        """Record the id."""
        super().__init__(rule_id)
        self.rule_id = rule_id


@cache
def all_rules() -> Mapping[str, Rule]:
    """Give all rules by id, as they are now: those of the standard in its order, then ours."""
    return MappingProxyType({rule_id: forms[-1] for rule_id, forms in _forms().items()})


@cache
def _forms() -> Mapping[str, tuple[Rule, ...]]:
    """Give the forms each rule had over the years, oldest first."""
    checks = all_checks()
    found: dict[str, tuple[Rule, ...]] = {}
    for rule in (
        *(one.rule for one in code_rules()),
        *(check.rule for check in checks if check.sheet == COMMON),
        *(one.rule for one in category_rules()),
        *(check.rule for check in checks if check.sheet != COMMON),
        *(one.rule for rules in extension_rules().values() for one in rules),
        *ADVICE_RULES,
    ):
        forms = (*found.get(rule.id, ()), rule)
        found[rule.id] = tuple(sorted(forms, key=lambda one: one.last_year or NEWEST))
    return found


def explain(rule_id: str, language: str = "nl") -> str:
    """Give what a rule says, in a few lines for people: `nl` or `en`.

    Raises:
        UnknownRuleError: There is no such rule.

    """
    forms = _forms().get(rule_id)
    if forms is None:
        raise UnknownRuleError(rule_id)
    *older, rule = forms
    dutch = language == "nl"
    lines = {
        ("Wanneer", "When"): rule.condition.in_language(language),
        ("Oplossing", "Remedy"): rule.hint.in_language(language),
        ("Ernst", "Severity"): _severity(rule, language),
        ("Profielen", "Profiles"): ", ".join(rule.profiles) or ("alle" if dutch else "all"),
        ("Jaren", "Years"): _period(rule, language),
        ("Bron", "Source"): rule.source,
    }
    for one in older:
        was = f"{one.condition.in_language(language)} ({_severity(one, language)})"
        lines["Eerder, " + _period(one, "nl"), "Earlier, " + _period(one, "en")] = was
    return "\n".join(
        [
            f"{rule.id}: {rule.message.in_language(language)}",
            *(f"  {names[0 if dutch else 1]}: {text}" for names, text in lines.items()),
        ]
    )


def _severity(rule: Rule, language: str) -> str:
    return _SEVERITY[rule.severity][0 if language == "nl" else 1]


def _period(rule: Rule, language: str) -> str:
    """Say from which year until which year of the standard a rule is like this."""
    first, last = rule.first_year, rule.last_year
    if language == "nl":
        until = f" tot en met {last}" if last else ""
        return f"vanaf {first or 'het eerste jaar'}{until}"
    until = f" up to and including {last}" if last else ""
    return f"from {first or 'the first year'}{until}"
