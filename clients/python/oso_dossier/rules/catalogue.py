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
    """Give all rules by id: those of the standard in its order, then ours."""
    every = [check.rule for check in all_checks() if check.sheet == COMMON]
    others = [check.rule for check in all_checks() if check.sheet != COMMON]
    codes = [one.rule for one in code_rules()]
    categories = [one.rule for one in category_rules()]
    # Of a rule that changed over the years the newest is given: it comes last.
    extensions = [one.rule for rules in extension_rules().values() for one in rules]
    rules = [*codes, *every, *categories, *others, *extensions, *ADVICE_RULES]
    newest = sorted(rules, key=lambda rule: rule.last_year or NEWEST)
    by_id = {rule.id: rule for rule in newest}
    return MappingProxyType({rule.id: by_id[rule.id] for rule in rules})


def explain(rule_id: str, language: str = "nl") -> str:
    """Give what a rule says, in a few lines for people: `nl` or `en`.

    Raises:
        UnknownRuleError: There is no such rule.

    """
    rule = all_rules().get(rule_id)
    if rule is None:
        raise UnknownRuleError(rule_id)
    dutch = language == "nl"
    everywhere = "alle" if dutch else "all"
    years = rule.first_year, rule.last_year
    if dutch:
        period = f"vanaf {years[0] or 'het eerste jaar'}"
        period += f" tot en met {years[1]}" if years[1] else ""
    else:
        period = f"from {years[0] or 'the first year'}"
        period += f" up to and including {years[1]}" if years[1] else ""
    lines = {
        ("Wanneer", "When"): rule.condition.in_language(language),
        ("Oplossing", "Remedy"): rule.hint.in_language(language),
        ("Ernst", "Severity"): _SEVERITY[rule.severity][0 if dutch else 1],
        ("Profielen", "Profiles"): ", ".join(rule.profiles) or everywhere,
        ("Jaren", "Years"): period,
        ("Bron", "Source"): rule.source,
    }
    return "\n".join(
        [
            f"{rule.id}: {rule.message.in_language(language)}",
            *(f"  {names[0 if dutch else 1]}: {text}" for names, text in lines.items()),
        ]
    )
