"""The rules of one year and one kind of dossier, made ready once and then run on many dossiers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from oso_dossier.data_set import year_named
from oso_dossier.place import spell
from oso_dossier.plan import MessagePlan, dossier_plan
from oso_dossier.rules import (
    carers,
    code_checks,
    contents,
    header,
    inspection,
    older,
    pupil,
    results,
    school,
    schooling,
)
from oso_dossier.rules.categories import category_rules
from oso_dossier.rules.code_lists import code_rules
from oso_dossier.rules.definition import COMMON, NEWEST, OV, PAO
from oso_dossier.rules.routes import Route, compiled, type_name
from oso_dossier.rules.rule import FILE, Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from oso_dossier.place import Place
    from oso_dossier.rules.categories import CategoryRule
    from oso_dossier.rules.code_checks import AllCodes
    from oso_dossier.rules.definition import Check
    from oso_dossier.rules.rule import Rule
    from oso_dossier.rules.subject import Subject

_MODULES = (contents, header, inspection, school, pupil, carers, schooling, results, older)
_SHEETS = (COMMON, OV, PAO)


@dataclass(frozen=True, slots=True)
class Group:
    """Tests that are tried one after the other on each message of a type.

    Attributes:
        over: Name of the type; empty: the message at hand.
        checks: The checks, in order.

    """

    over: str
    checks: tuple[Check, ...]

    def findings(self, subject: Subject, message: Any, place: Place) -> Iterator[Finding]:
        """Give the findings at a message, or at all it looks at from there."""
        stops = subject.stops(self.over) if self.over else ((message, place),)
        for one, where in stops:
            for check in self.checks:
                if check.breaks(one, subject):
                    at = (where, check.element, 1) if check.inside else where
                    yield Finding(check.rule, spell(at), check.element)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules of one year for one kind of dossier.

    Attributes:
        route: The way to the messages they are about.
        codes: The checks of codes.
        contents: Tests for every dossier.
        switches: Rules by category switch and what it says.
        profile: Tests of the profile, by the type they are at.

    """

    route: Route
    codes: AllCodes
    contents: tuple[Group, ...]
    switches: Mapping[str, Mapping[str, tuple[CategoryRule, ...]]]
    profile: Mapping[str, tuple[Group, ...]]

    def findings(self, subject: Subject) -> list[Finding]:
        """Give the findings in the order of the official validators."""
        found = self.codes.findings(subject)
        for group in self.contents:
            found += group.findings(subject, subject.dossier, subject.place)
        if subject.metadata.HasField("categorie_uitlevering"):
            said = subject.metadata.categorie_uitlevering
            for switch, rules in self.switches.items():
                for one in rules.get(getattr(said, switch), ()):
                    if one.is_broken(subject):
                        found.append(Finding(one.rule, FILE, one.element))
        for name, message, place in subject.walk.in_order:
            for group in self.profile.get(name, ()):
                found += group.findings(subject, message, place)
        return found


@cache
def all_checks() -> tuple[Check, ...]:
    """Give the tests of all years: those for every dossier, then the others by sheet."""
    checks = [check for module in _MODULES for check in module.CHECKS]
    return tuple(sorted(checks, key=lambda check: (_SHEETS.index(check.sheet), check.number)))


@cache
def rule_set(year: str, sheet: str, kind: str, move: str, *, warnings: bool) -> RuleSet:
    """Give the rules of a year for a sheet, a kind of transfer and a profile.

    With `warnings` those that are warnings are among them.
    """
    plan = dossier_plan(year_named(year))
    plans = _plans(plan)
    in_force = [one for one in code_rules() if _is_in(one.rule, year)]
    codes = code_checks.all_compiled(in_force, year, plan, plans)
    checks = [
        check
        for check in all_checks()
        if _is_in(check.rule, year)
        and check.at in plans
        and (warnings or check.rule.severity is Severity.ERROR)
    ]
    every = [check for check in checks if check.sheet == COMMON]
    profile = [check for check in checks if check.holds_for(sheet, kind, move)]
    wanted = {at for at, _ in codes.by_type}
    wanted |= {name for check in (*every, *profile) for name in (check.at, check.over)}
    return RuleSet(
        compiled(plan, wanted),
        codes,
        tuple(_groups(every, attrgetter("at"))),
        _switches(year),
        {
            name: tuple(_groups([one for one in profile if one.at == name], attrgetter("over")))
            for name in {check.at for check in profile}
        },
    )


def _groups(checks: Iterable[Check], over: Any) -> Iterator[Group]:
    for name, some in groupby(checks, key=over):
        yield Group(name, tuple(some))


def _switches(year: str) -> Mapping[str, Mapping[str, tuple[CategoryRule, ...]]]:
    found: dict[str, dict[str, tuple[CategoryRule, ...]]] = {}
    for one in category_rules():
        if _is_in(one.rule, year):
            values = found.setdefault(one.category.switch, {})
            values[one.value] = (*values.get(one.value, ()), one)
    return found


def _is_in(rule: Rule, year: str) -> bool:
    """Tell whether a year of the standard has a rule. Years sort as text."""
    return rule.first_year <= year <= (rule.last_year or NEWEST)


def _plans(plan: MessagePlan) -> Mapping[str, MessagePlan]:
    """Give the plans of all message types of a year by name."""
    found: dict[str, MessagePlan] = {}
    waiting = [plan]
    while waiting:
        one = waiting.pop()
        found[type_name(one.make.DESCRIPTOR)] = one
        waiting += [
            element.message
            for element in one.elements
            if element.message is not None
            and type_name(element.message.make.DESCRIPTOR) not in found
        ]
    return found
