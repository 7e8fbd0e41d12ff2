"""The checks of codes, compiled for one year of the standard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from oso_dossier.place import spell
from oso_dossier.rules.code_lists import CodeRule, admitted
from oso_dossier.rules.routes import position, type_name
from oso_dossier.rules.rule import FILE, Finding
from oso_dossier.values import IntegerType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from oso_dossier.place import Place
    from oso_dossier.plan import ElementPlan, MessagePlan
    from oso_dossier.rules.subject import Subject
    from oso_dossier.values import ValueType


@dataclass(frozen=True, slots=True)
class CodeCheck:
    """The check of one element.

    Attributes:
        at: Name of the message type it stands in.
        element: Its plan.
        kind: The type of its text.
        codes: The texts it may have.
        values: The same as values of the message.

    """

    at: str
    element: ElementPlan
    kind: ValueType
    codes: frozenset[str]
    values: frozenset[Any]

    def wrong(self, subject: Subject) -> Iterator[Place]:
        """Give the places of the elements that are no code."""
        name, values = self.element.field, self.values
        for message, place in subject.stops(self.at):
            value = getattr(message, name)
            if self.element.repeated:
                for index, one in enumerate(value, 1):
                    here = (place, self.element.name, index)
                    if not self._is_code(one, here, subject):
                        yield here
            elif (value not in values or subject.has_spellings) and message.HasField(name):
                here = (place, self.element.name, 1)
                if not self._is_code(value, here, subject):
                    yield here

    def _is_code(self, value: Any, place: Place, subject: Subject) -> bool:
        if not subject.has_spellings:
            return value in self.values
        return not self.codes.isdisjoint(subject.texts(place, self.kind, value))


@dataclass(frozen=True, slots=True)
class CodeChecks:
    """The checks of one rule."""

    definition: CodeRule
    checks: tuple[CodeCheck, ...]
    plan: MessagePlan

    def findings(self, subject: Subject) -> Iterator[Finding]:
        """Give the findings of the rule, in the order of the document."""
        rule = self.definition.rule
        places = [place for check in self.checks for place in check.wrong(subject)]
        if self.definition.once:
            if len(places) == sum(len(subject.stops(check.at)) for check in self.checks):
                yield Finding(rule, FILE, self.checks[0].element.name)
            return
        if len(places) > 1 and len(self.checks) > 1:
            places.sort(key=lambda place: position(self.plan, place))
        for place in places:
            yield Finding(rule, spell(place), place[1])


@dataclass(frozen=True, slots=True)
class AllCodes:
    """The checks of all codes of a year.

    Attributes:
        rules: The checks of each rule, in order.
        by_type: The fields to look at in each message type, and the values they may have.
        names: The names of all elements with codes.

    """

    rules: tuple[CodeChecks, ...]
    by_type: tuple[tuple[str, tuple[tuple[str, bool, frozenset[Any]], ...]], ...]
    names: frozenset[str]

    def findings(self, subject: Subject) -> list[Finding]:
        """Give the findings in the order of the rules; there are nearly always none."""
        as_values = not subject.has_spellings or self.names.isdisjoint(subject.spelled_names())
        if as_values and self._is_right(subject):
            return []
        return [finding for rule in self.rules for finding in rule.findings(subject)]

    def _is_right(self, subject: Subject) -> bool:
        """Tell whether all codes are right: one look at each, no matter of which rule."""
        for at, fields in self.by_type:
            for message, _ in subject.stops(at):
                for name, repeated, values in fields:
                    value = getattr(message, name)
                    if repeated:
                        if not values.issuperset(value):
                            return False
                    elif value not in values and message.HasField(name):
                        return False
        return True


def all_compiled(
    definitions: Iterable[CodeRule], year: str, plan: MessagePlan, plans: Mapping[str, MessagePlan]
) -> AllCodes:
    """Compile the rules about codes of a year; `plans` has the plan of each message type."""
    rules = tuple(compiled(one, year, plan, plans) for one in definitions)
    by_type: dict[str, list[tuple[str, bool, frozenset[Any]]]] = {}
    for rule in rules:
        for check in rule.checks:
            field = (check.element.field, check.element.repeated, check.values)
            by_type.setdefault(check.at, []).append(field)
    return AllCodes(
        rules,
        tuple((at, tuple(fields)) for at, fields in by_type.items()),
        frozenset(check.element.name for rule in rules for check in rule.checks),
    )


def compiled(
    definition: CodeRule, year: str, plan: MessagePlan, plans: Mapping[str, MessagePlan]
) -> CodeChecks:
    """Compile one rule about codes."""
    codes = admitted(definition.code_list, year)
    return CodeChecks(definition, tuple(_checks(definition, codes, plans)), plan)


def _checks(
    definition: CodeRule, codes: frozenset[str], plans: Mapping[str, MessagePlan]
) -> Iterator[CodeCheck]:
    for field in definition.fields:
        name = type_name(field.containing_type)
        element = plans[name].by_number.get(field.number) if name in plans else None
        if element is None or element.value is None:
            continue  # the year does not have it
        kind = element.value
        values: frozenset[Any] = codes
        if isinstance(kind, IntegerType):
            values = frozenset(int(code) for code in codes)
        yield CodeCheck(name, element, kind, codes, values)
