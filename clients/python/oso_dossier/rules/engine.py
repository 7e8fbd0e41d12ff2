"""The rules of one year and one kind of dossier, made ready once and then run on many dossiers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from oso_dossier.data_set import year_named
from oso_dossier.plan import MessagePlan, dossier_plan
from oso_dossier.rules import code_checks
from oso_dossier.rules.code_lists import code_rules
from oso_dossier.rules.definition import NEWEST
from oso_dossier.rules.routes import Route, Walk, compiled
from oso_dossier.rules.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_dossier.rules.code_checks import CodeChecks
    from oso_dossier.rules.rule import Finding, Rule


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one year for one kind of dossier.

    Attributes:
        route: The way to the messages they are about.
        codes: The checks of codes.

    """

    route: Route
    codes: tuple[CodeChecks, ...]

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """Give the errors, in the order of the official validators."""
        for one in self.codes:
            yield from one.findings(subject)


@cache
def rule_set(year: str, kind: str, move: str) -> RuleSet:
    """Give the rules of a year for a kind of transfer and a profile."""
    del kind, move
    plan = dossier_plan(year_named(year))
    plans = _plans(plan)
    codes = tuple(
        code_checks.compiled(one, year, plan, plans)
        for one in code_rules()
        if is_in(one.rule, year)
    )
    wanted = {check.at for one in codes for check in one.checks}
    return RuleSet(compiled(plan, wanted), codes)


def subject_of(dossier: Dossier, rules: RuleSet, year: str, kind: str, move: str) -> Subject:
    """Walk a dossier once, to all that the rules are about."""
    return Subject(dossier, Walk(dossier, rules.route), year, kind, move)


def is_in(rule: Rule, year: str) -> bool:
    """Tell whether a year of the standard has a rule. Years sort as text."""
    return rule.first_year <= year <= (rule.last_year or NEWEST)


def _plans(plan: MessagePlan) -> Mapping[str, MessagePlan]:
    found: dict[str, MessagePlan] = {}
    open_ = [plan]
    while open_:
        one = open_.pop()
        found[one.make.DESCRIPTOR.name] = one
        open_ += [
            element.message
            for element in one.elements
            if element.message is not None and element.message.make.DESCRIPTOR.name not in found
        ]
    return found
