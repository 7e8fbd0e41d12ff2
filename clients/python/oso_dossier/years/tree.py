"""A dossier as a tree whose values know where they came from.

Steps between years move, change and drop parts of the tree. Whatever they do, in the end the values
of the old dossier that are not in the tree are exactly what was lost: nobody has to keep a list.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from google.protobuf.message_factory import GetMessageClass

from oso.options.v1 import field_pb2
from oso_dossier.plan import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from google.protobuf.descriptor import Descriptor, FieldDescriptor
    from google.protobuf.message import Message

    from oso_dossier.plan import ElementPlan, MessagePlan
    from oso_dossier.years.outcome import Cause


@cache
def facts_of(one: FieldDescriptor) -> field_pb2.FieldFacts:
    """Give what the contract says of a field."""
    facts: field_pb2.FieldFacts = one.GetOptions().Extensions[field_pb2.facts]
    return facts


@cache
def _is_value(one: FieldDescriptor) -> bool:
    """Tell whether a field holds a value rather than a block."""
    if one.message_type is None or one.message_type.full_name.startswith("google.type."):
        return True
    is_attachment: bool = one.message_type.GetOptions().Extensions[field_pb2.attachment]
    return is_attachment


@dataclass(slots=True, eq=False)
class Leaf:
    """A value.

    Attributes:
        value: As the message has it.
        origin: Where it stood in the old dossier; empty for one the converter made.
        replaced: Why it has another value than it came with, or was made; None when it came so.
        is_loss: The value it came with said more than the one it has now.

    """

    value: Any
    origin: str = ""
    replaced: Cause | None = None
    is_loss: bool = False

    def set(self, value: Any, cause: Cause, *, is_loss: bool = False) -> None:
        """Give it another value."""
        if value != self.value:
            self.value, self.replaced = value, cause
            self.is_loss = self.is_loss or is_loss


@dataclass(slots=True, eq=False)
class Block:
    """A message: its values and blocks by the name of their field."""

    descriptor: Descriptor
    children: dict[str, list[Node]] = field(default_factory=dict)

    def take(self, name: str) -> list[Node]:
        """Take away what is in a field."""
        return self.children.pop(name, [])

    def put(self, name: str, nodes: Sequence[Node]) -> None:
        """Add to what is in a field."""
        if nodes:
            self.children.setdefault(name, []).extend(nodes)

    def leaf(self, name: str) -> Leaf | None:
        """Give the value of a field; None when it has none."""
        found = self.children.get(name, [None])[0]
        return found if isinstance(found, Leaf) else None

    def text(self, name: str) -> str:
        """Give the text of a field; empty when it has none."""
        found = self.leaf(name)
        return str(found.value) if found is not None else ""

    def block(self, name: str) -> Block | None:
        """Give the block in a field; None when there is none."""
        found = self.children.get(name, [None])[0]
        return found if isinstance(found, Block) else None

    def blocks(self, name: str) -> list[Block]:
        """Give the blocks in a field."""
        return [one for one in self.children.get(name, []) if isinstance(one, Block)]


Node = Leaf | Block


def grown(message: Message) -> Block:
    """Make the tree of a message, without the fields that are nothing in the XML."""
    block = Block(cast("Descriptor", message.DESCRIPTOR))
    for one, value in message.ListFields():
        if facts_of(one).form != field_pb2.XML_FORM_NONE:
            values = value if one.is_repeated else (value,)
            block.children[one.name] = [_node(one, each) for each in values]
    return block


def _node(one: FieldDescriptor, value: Any) -> Node:
    if not _is_value(one):
        return grown(value)
    if one.message_type is not None:
        copy = type(value)()
        copy.CopyFrom(value)
        return Leaf(copy)
    return Leaf(value)


def built(block: Block) -> Message:
    """Make the message of a tree."""
    message: Any = GetMessageClass(block.descriptor)()
    for name, nodes in block.children.items():
        one = block.descriptor.fields_by_name[name]
        values = [built(node) if isinstance(node, Block) else node.value for node in nodes]
        target = getattr(message, name)
        if one.is_repeated:
            target.extend(values)
        elif one.message_type is None:
            setattr(message, name, values[0])
        else:
            target.CopyFrom(values[0])
            target.SetInParent()
    return cast("Message", message)


def leaves(node: Node) -> Iterator[Leaf]:
    """Give all values of a tree."""
    if isinstance(node, Leaf):
        yield node
        return
    for nodes in node.children.values():
        for one in nodes:
            yield from leaves(one)


def placed(
    block: Block, plan: MessagePlan, path: str, before: dict[str, int] | None = None
) -> Iterator[tuple[Leaf, str]]:
    """Give all values in the order of the XML, with their place in the standard's notation.

    Args:
        block: The tree.
        plan: What the year makes of its message.
        path: Place of the block.
        before: How many elements of each name stand there already.

    """
    before = {} if before is None else before
    for attribute in plan.attributes.values():
        if (leaf := block.leaf(attribute.field)) is not None:
            yield leaf, f"{path}/@{attribute.name}"
    if plan.text is not None and (leaf := block.leaf(plan.text.field)) is not None:
        yield leaf, path
    for element in plan.elements:
        nodes = block.children.get(element.field, [])
        if nodes and element.inner and isinstance(nodes[0], Block):
            nodes = nodes[0].children.get(element.inner, [])
        yield from _placed(nodes, element, path, before)


def _placed(
    nodes: list[Node], element: ElementPlan, path: str, before: dict[str, int]
) -> Iterator[tuple[Leaf, str]]:
    """Give the values of one field."""
    within: dict[str, int] | None = None
    if element.kind in {Kind.WRAPPER, Kind.GROUP}:
        path = f"{path}/{element.name}[1]"
    if element.kind is Kind.GROUP:
        within = {}
    for number, node in enumerate(nodes, 1):
        place = path
        if element.kind is Kind.WRAPPER:
            place = f"{path}/{element.item}[{number}]"
        elif element.kind is not Kind.GROUP:
            before[element.name] = index = before.get(element.name, 0) + 1
            place = f"{path}/{element.name}[{index}]"
        if isinstance(node, Leaf):
            yield node, place
        elif element.message is not None:
            yield from placed(node, element.message, place, within)
