"""Tell at once that a dossier is built as the standard says: what nearly every dossier is.

Says nothing of what is wrong: `check_structure` looks for that when this does not say that all is
well. So it may be wrong in one direction only, and a test keeps it to that.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from oso_dossier.attachments import wrong_in
from oso_dossier.characters import is_legal
from oso_dossier.plan import Kind, dossier_plan
from oso_dossier.values import BooleanType, StringType, ValueProblemError

if TYPE_CHECKING:
    from collections.abc import Callable

    from oso.dossier.v1.dossier_pb2 import Dossier
    from oso_dossier.data_set import Year
    from oso_dossier.plan import ElementPlan, MessagePlan
    from oso_dossier.values import ValueType

    Count = list[int]  # one number: how many attachments were met
    Test = Callable[[Any, Count], bool]

_YEAR_SAID, _SPELLINGS = "gegevensset", "schrijfwijzen"


def is_sound(dossier: Dossier, year: Year) -> bool:
    """Tell whether a dossier is surely built as its year says.

    Fields this version of the contract does not know are not looked at.
    """
    return _sound(year)(dossier, [0])


@cache
def _sound(year: Year) -> Test:
    plan = dossier_plan(year)
    ours = plan.make.DESCRIPTOR.fields_by_name
    own: dict[int, tuple[int, Test]] = {
        ours[_YEAR_SAID].number: (0, _anything),
        ours[_SPELLINGS].number: (0, _spellings),
    }
    return _message(plan, {}, own)


def _anything(_value: Any, _count: Count) -> bool:
    return True


def _spellings(spellings: Any, _count: Count) -> bool:
    """Tell whether XML can hold each spelling; one that spells another value is not used."""
    return all(is_legal(one.tekst) for one in spellings)


def _message(
    plan: MessagePlan, known: dict[int, Test], own: dict[int, tuple[int, Test]] | None = None
) -> Test:
    """Compile the test of a message: each field is right, and none that is required is missing."""
    if id(plan) in known:
        return known[id(plan)]
    fields: dict[int, tuple[int, Test]] = own or {}
    numbers = {one.name: one.number for one in plan.make.DESCRIPTOR.fields}
    for element in plan.elements:
        fields[numbers[element.field]] = (1 << element.slot, _element(element, known))
    for attribute in plan.attributes.values():
        fields[numbers[attribute.field]] = (0, _value(attribute.value))
    required = sum(1 << slot for slot in plan.required)
    for element in plan.always:  # an empty list is written as an empty element
        required &= ~(1 << element.slot)
    if plan.text is not None:
        bit = 1 << len(plan.slots)
        fields[numbers[plan.text.field]] = (bit, _value(plan.text.value))
        required |= bit
    numbered = plan.numbered
    slot_of = {number: fields[number][0] for number in fields}

    def test(message: Any, count: Count) -> bool:
        seen = 0
        present = message.ListFields()
        if not numbered:  # attachments are counted in the order of the XML
            present.sort(key=lambda one: slot_of.get(one[0].number, 0))
        for field, value in present:
            entry = fields.get(field.number)
            if entry is None or not entry[1](value, count):
                return False
            seen |= entry[0]
        return seen & required == required

    known[id(plan)] = test
    return test


def _element(element: ElementPlan, known: dict[int, Test]) -> Test:
    if element.kind is Kind.ATTACHMENT:
        return _attachment
    # What is no value and no attachment has a plan of its own.
    one = _value(element.value) if element.value else _message(element.message, known)  # type: ignore[arg-type]
    listed = element.kind is Kind.WRAPPER or element.kind is Kind.GROUP
    if not (listed or element.repeated):
        return one
    inner, least = element.inner, max(element.least, int(bool(element.inner)))

    def test(value: Any, count: Count) -> bool:
        items = getattr(value, inner) if inner else value
        if len(items) < least:
            return False
        for item in items:  # noqa: SIM110  a generator would cost more than the test
            if not one(item, count):
                return False
        return True

    return test


def _attachment(facts: Any, count: Count) -> bool:
    count[0] += 1
    return not any(wrong_in(facts, count[0]))


def _value(kind: ValueType) -> Test:
    if isinstance(kind, BooleanType):
        return _anything
    if isinstance(kind, StringType):
        return _text(kind)

    def test(value: Any, _count: Count) -> bool:
        try:
            kind.format(value)
        except ValueProblemError:
            return False
        return True

    return test


def _text(kind: StringType) -> Test:
    least, most = kind.min_length, kind.max_length
    matches = kind.pattern.fullmatch if kind.pattern is not None else None

    def test(value: str, _count: Count) -> bool:
        return (
            len(value) >= least
            and (value.isprintable() or is_legal(value))  # what is printable is legal
            and (most is None or len(value) <= most)
            and (matches is None or matches(value) is not None)
        )

    return test
