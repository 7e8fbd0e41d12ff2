"""What the XML of each message looks like in one year, compiled once from descriptors and options.

A message of the contract is a sequence of slots, in the order of the field numbers unless a field
says after which one it stands. A slot holds one element, or a choice of elements of which one may
stand there. Fields the year does not have are not in its plan. Reader and writer walk these plans;
neither knows any field by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from buf.validate import validate_pb2
from oso.dossier.v1.dossier_pb2 import Dossier
from oso.options.v1 import field_pb2
from oso_dossier.data_set import UNSAID
from oso_dossier.values import (
    BooleanType,
    DateType,
    DecimalType,
    IntegerType,
    StringType,
    ValueType,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from google.protobuf.descriptor import Descriptor
    from google.protobuf.message import Message

    from oso_dossier.data_set import Year

_FACTS = field_pb2.facts
_RULES = validate_pb2.field
_INT_BOUNDS = {
    FieldDescriptor.TYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.TYPE_INT64: (-(2**63), 2**63 - 1),
}


class Kind(Enum):
    """What an element holds."""

    VALUE = auto()  # text, by a ValueType
    MESSAGE = auto()  # elements of its own
    WRAPPER = auto()  # items, each an element
    GROUP = auto()  # items whose elements follow each other without an element around each
    ATTACHMENT = auto()  # base64


@dataclass(slots=True)
class ElementPlan:
    """One element of a message.

    Attributes:
        name: Name in the XML.
        tag: The same with the namespace, as lxml has it.
        field: Name of the field in the message.
        kind: What the element holds.
        slot: Number of the slot it stands in.
        required: It must be there (of a choice: one of the slot must).
        repeated: It may stand there more than once.
        value: Type of its text, for VALUE.
        message: Plan of what is inside: of the element, or of an item.
        item: Name in the XML of an item of a WRAPPER.
        item_tag: The same with the namespace.
        least: How many items a WRAPPER or GROUP has at least.
        always: A WRAPPER is written also without items.
        inner: Field inside the message of the field, where that message is nothing in the XML.
        plain: The value is set as it is: one text, number or boolean.

    """

    name: str
    tag: str
    field: str
    kind: Kind
    slot: int
    required: bool
    repeated: bool
    value: ValueType | None = None
    message: MessagePlan | None = None
    item: str = ""
    item_tag: str = ""
    least: int = 0
    always: bool = False
    inner: str = ""
    plain: bool = False


@dataclass(slots=True)
class AttributePlan:
    """One attribute of an element."""

    name: str
    field: str
    value: ValueType


@dataclass(slots=True)
class MessagePlan:
    """The XML of one message.

    Attributes:
        make: Class of the message.
        elements: Its elements, in order.
        by_tag: The same by tag.
        by_number: The same by field number.
        slots: The elements of each slot.
        required: Slots that must be filled.
        always: Elements that are written also without items.
        text: Field and type of the element's own text, where it has text instead of elements.
        attributes: Its attributes by name.
        outside: Fields that are in the XML of other years only, by number.
        numbered: The elements stand in the order of their field numbers.

    """

    make: type[Message]
    elements: list[ElementPlan] = field(default_factory=list)
    by_tag: dict[str, ElementPlan] = field(default_factory=dict)
    by_number: dict[int, ElementPlan] = field(default_factory=dict)
    slots: list[list[ElementPlan]] = field(default_factory=list)
    required: set[int] = field(default_factory=set)
    always: list[ElementPlan] = field(default_factory=list)
    text: AttributePlan | None = None
    attributes: dict[str, AttributePlan] = field(default_factory=dict)
    outside: dict[int, str] = field(default_factory=dict)
    numbered: bool = True


@cache
def dossier_plan(year: Year = UNSAID) -> MessagePlan:
    """Give the plan of a dossier of a year, compiled at the first call."""
    return _Compiler(year).message(Dossier.DESCRIPTOR)


def in_order(descriptor: Descriptor) -> Iterator[FieldDescriptor]:
    """Give the fields of a message in the order they have in the XML, of all years together."""
    names: list[str] = []
    for one in sorted(descriptor.fields, key=lambda one: one.number):
        after = one.GetOptions().Extensions[_FACTS].after
        names.insert(names.index(after) + 1 if after else len(names), one.name)
    return (descriptor.fields_by_name[name] for name in names)


@cache
def ranks(descriptor: Descriptor) -> Mapping[int, int] | None:
    """Give the place of each field in the XML by its number; None when the numbers are in order."""
    numbers = [one.number for one in in_order(descriptor)]
    if numbers == sorted(numbers):
        return None
    return {number: place for place, number in enumerate(numbers)}


class _Compiler:
    """Makes the plans of one year."""

    def __init__(self, year: Year) -> None:
        self._year = year
        self._known: dict[str, MessagePlan] = {}

    def message(self, descriptor: Descriptor) -> MessagePlan:
        """Give the plan of a message."""
        plan = self._known.get(descriptor.full_name)
        if plan is not None:
            return plan
        plan = self._known[descriptor.full_name] = MessagePlan(GetMessageClass(descriptor))
        for one in in_order(descriptor):
            facts = one.GetOptions().Extensions[_FACTS]
            name = facts.xml_name or one.name
            if facts.form == field_pb2.XML_FORM_NONE:
                continue
            if not self._has(one):
                plan.outside[one.number] = name
            elif facts.form == field_pb2.XML_FORM_TEXT:
                plan.text = AttributePlan("", one.name, _value_type(one))
            elif facts.form == field_pb2.XML_FORM_ATTRIBUTE:
                plan.attributes[name] = AttributePlan(name, one.name, _value_type(one))
            else:
                self._add_element(plan, one)
        numbers = list(plan.by_number)
        plan.numbered = numbers == sorted(numbers)
        return plan

    def _has(self, one: FieldDescriptor) -> bool:
        facts = one.GetOptions().Extensions[_FACTS]
        return self._year.has(facts.first_year, facts.last_year)

    def _add_element(self, plan: MessagePlan, one: FieldDescriptor) -> None:
        choice = one.containing_oneof
        if choice is not None and sum(map(self._has, choice.fields)) == 1:
            choice = None  # of one there is nothing to choose
        last = plan.elements[-1] if plan.elements else None
        same_choice = (
            choice is not None
            and last is not None
            and plan.make.DESCRIPTOR.fields_by_name[last.field].containing_oneof == choice
        )
        if not same_choice:
            plan.slots.append([])
        element = self._element(one)
        element.slot = len(plan.slots) - 1
        if choice is not None:
            element.required = choice.GetOptions().Extensions[validate_pb2.oneof].required
        else:
            element.required = self._is_required(one) or element.always
        plan.slots[-1].append(element)
        plan.elements.append(element)
        plan.by_tag[element.tag] = element
        plan.by_number[one.number] = element
        if element.required:
            plan.required.add(element.slot)
        if element.always:
            plan.always.append(element)

    def _is_required(self, one: FieldDescriptor) -> bool:
        """Tell whether a field must be there: on its own, or as the one of its kind this year."""
        rules = one.GetOptions().Extensions[_RULES]
        if rules.required or rules.repeated.min_items > 0:
            return True
        message = cast("Descriptor", one.containing_type)
        groups = message.GetOptions().Extensions[validate_pb2.message].oneof
        return any(
            group.required
            and one.name in group.fields
            and sum(self._has(message.fields_by_name[name]) for name in group.fields) == 1
            for group in groups
        )

    def _tag(self, name: str) -> str:
        return f"{{{self._year.namespace}}}{name}"

    def _element(self, one: FieldDescriptor) -> ElementPlan:
        """Make the element of one field, without its place among the others."""
        facts = one.GetOptions().Extensions[_FACTS]
        name = facts.xml_name or one.name
        element = ElementPlan(
            name, self._tag(name), one.name, Kind.VALUE, 0, required=False, repeated=one.is_repeated
        )
        if facts.repeated_choice:
            inner = _message_type(one).fields[0]
            element.inner, element.repeated = inner.name, True
            element.value = _value_type(inner)
        elif _has_value(one):
            element.value = _value_type(one)
            element.plain = one.message_type is None and not one.is_repeated
        elif _message_type(one).GetOptions().Extensions[field_pb2.attachment]:
            element.kind = Kind.ATTACHMENT
        else:
            self._make_message(element, one)
        return element

    def _make_message(self, element: ElementPlan, one: FieldDescriptor) -> None:
        """Make it an element of elements: a message, a list around items, or a group."""
        facts = one.GetOptions().Extensions[_FACTS]
        element.message = self.message(_message_type(one))
        element.kind = Kind.MESSAGE
        items = _only_items(one) if one.containing_oneof is not None else None
        if items is not None:
            element.kind, element.inner = Kind.WRAPPER, items.name
            element.item, element.message = items.name, self.message(_message_type(items))
            element.least = 1
        elif facts.item_name:
            element.kind, element.item = Kind.WRAPPER, facts.item_name
            element.least, element.always = int(not facts.always_written), facts.always_written
        elif facts.group:
            rules = one.GetOptions().Extensions[_RULES]
            element.kind, element.least = Kind.GROUP, rules.repeated.min_items
        if element.kind in {Kind.WRAPPER, Kind.GROUP}:
            element.repeated, element.item_tag = False, self._tag(element.item)


def _message_type(one: FieldDescriptor) -> Descriptor:
    if one.message_type is None:
        raise TypeError(one.full_name)
    return one.message_type


def _only_items(one: FieldDescriptor) -> FieldDescriptor | None:
    """Give the repeated field a message is nothing but a list of; None for other messages."""
    fields = _message_type(one).fields
    if len(fields) == 1 and fields[0].is_repeated and fields[0].message_type is not None:
        return fields[0]
    return None


def _has_value(one: FieldDescriptor) -> bool:
    return one.message_type is None or one.message_type.full_name.startswith("google.type.")


def _value_type(one: FieldDescriptor) -> ValueType:
    rules: Any = one.GetOptions().Extensions[_RULES]
    if one.is_repeated:
        rules = rules.repeated.items
    if one.message_type is not None:
        if one.message_type.full_name == "google.type.Date":
            return DateType(only_31_july=any(rule.id == "31_july" for rule in rules.cel))
        return DecimalType()
    if one.type == FieldDescriptor.TYPE_BOOL:
        return BooleanType()
    if one.type in _INT_BOUNDS:
        least, most = _INT_BOUNDS[one.type]
        bounds = rules.int32 if one.type == FieldDescriptor.TYPE_INT32 else rules.int64
        return IntegerType(
            bounds.gte if bounds.HasField("gte") else least,
            bounds.lte if bounds.HasField("lte") else most,
        )
    return StringType(
        min_length=rules.string.min_len,
        max_length=rules.string.max_len if rules.string.HasField("max_len") else None,
        pattern=_compiled(rules.string.pattern),
    )


def _compiled(pattern: str) -> re.Pattern[str] | None:
    r"""Compile a pattern of the contract (RE2). `\p{Nd}` is what Python writes as `\d`."""
    return re.compile(pattern.replace(r"\p{Nd}", r"\d")) if pattern else None
