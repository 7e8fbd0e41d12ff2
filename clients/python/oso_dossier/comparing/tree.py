"""A dossier as a tree of its values, each with its place in the XML and a digest of what it means.

Two nodes with the same digest mean the same, whatever the order of their lists, the spelling of
their numbers or the way their attachments are written.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from oso.options.v1 import field_pb2, item_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor, FieldDescriptor

    from oso.dossier.v1.dossier_pb2 import Dossier

_DIGEST = 16  # bytes; two values share one by accident in 2^64 pairs
_MOST_DIGITS = 64
_DECIMAL = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the options say of a field, with what it takes over from where it stands."""

    field: FieldDescriptor
    category: str
    privacy: int
    is_secret: bool


@dataclass(slots=True, eq=False)
class Node:
    """A value, or a message with the nodes below it.

    Attributes:
        facts: Of its field.
        path: In the standard's notation; `/dossier[1]/...`, of an attribute `.../@name`.
        value: What it holds: text, number, boolean, Date, Decimal; of an attachment the message
            Bestandsinhoud. None when it is a message of other fields.
        children: By field number; of a field that does not repeat exactly one.
        digest: Equal when two nodes mean the same.

    """

    facts: Facts
    path: str
    value: Any = None
    children: dict[int, list[Node]] = field(default_factory=dict)
    digest: bytes = b""
    _values: Counter[bytes] | None = None

    @property
    def values(self) -> Counter[bytes]:
        """How often each value stands in it, by digest."""
        if self._values is None:
            self._values = Counter(one.digest for one in self.leaves())
        return self._values

    def leaves(self) -> Iterator[Node]:
        """Give the values in it, in order."""
        if self.value is not None:
            yield self
        for nodes in self.children.values():
            for one in nodes:
                yield from one.leaves()


def tree_of(dossier: Dossier) -> dict[int, list[Node]]:
    """Give the nodes of a dossier by field number."""
    root = Node(Facts(dossier.DESCRIPTOR.fields[0], "", 0, is_secret=False), "/dossier[1]")
    _grow(root, dossier, Counter())
    return root.children


@cache
def item_facts(message: Descriptor) -> item_pb2.ItemFacts:
    """Give how items of a message are told apart."""
    facts: item_pb2.ItemFacts = message.GetOptions().Extensions[item_pb2.item]
    return facts


def find(node: Node, path: str) -> list[Node]:
    """Give the nodes at a path of field names inside a node: `afname.afnamedatum`."""
    found = [node]
    for name in path.split("."):
        found = [
            below
            for one in found
            for nodes in one.children.values()
            for below in nodes
            if below.facts.field.name == name
        ]
    return found


def _grow(node: Node, message: Any, before: Counter[str]) -> None:
    """Add what is in a message; `before` counts the elements of each name already there."""
    for one, value in message.ListFields():
        options = _options(one)
        if options.form == field_pb2.XML_FORM_NONE:
            continue
        switch = options.secret_when
        facts = Facts(
            one,
            options.category or node.facts.category,
            max(options.privacy, node.facts.privacy),
            is_secret=node.facts.is_secret or bool(switch and getattr(message, switch)),
        )
        node.children[one.number] = list(_nodes(node.path, facts, options, value, before))
    node.digest = _digest_below(node)


def _nodes(
    above: str, facts: Facts, options: field_pb2.FieldFacts, value: Any, before: Counter[str]
) -> Iterator[Node]:
    """Give the nodes of one field."""
    one, name = facts.field, options.xml_name or facts.field.name
    if options.form == field_pb2.XML_FORM_ATTRIBUTE:
        yield _leaf(facts, f"{above}/@{name}", value)
    elif options.form == field_pb2.XML_FORM_TEXT:
        yield _leaf(facts, above, value)
    elif options.group:
        yield from _group(f"{above}/{name}[1]", facts, value)
    else:
        if options.item_name:
            above, name, before = f"{above}/{name}[1]", options.item_name, Counter()
        if options.repeated_choice:
            value = getattr(value, value.DESCRIPTOR.fields[0].name)
        many = one.is_repeated or options.repeated_choice
        for item in value if many else (value,):
            before[name] += 1
            yield _node(facts, f"{above}/{name}[{before[name]}]", item)


def _group(above: str, facts: Facts, items: Any) -> Iterator[Node]:
    """Give items without an element of their own: each stands where its first element does."""
    counts: Counter[str] = Counter()
    for item in items:
        node = Node(facts, above)
        _grow(node, item, counts)
        first = next((nodes[0] for nodes in node.children.values()), None)
        node.path = first.path if first else above
        yield node


def _node(facts: Facts, path: str, value: Any) -> Node:
    if _is_value(value):
        return _leaf(facts, path, value)
    node = Node(facts, path)
    _grow(node, value, Counter())
    return node


def _is_value(value: Any) -> bool:
    descriptor = getattr(value, "DESCRIPTOR", None)
    return descriptor is None or _is_value_message(descriptor)


@cache
def _is_value_message(descriptor: Descriptor) -> bool:
    is_attachment: bool = descriptor.GetOptions().Extensions[field_pb2.attachment]
    return is_attachment or descriptor.full_name.startswith("google.type.")


def _leaf(facts: Facts, path: str, value: Any) -> Node:
    name = facts.field.full_name
    return Node(facts, path, value, digest=_digest(f"{name}={_meant(value)}".encode()))


def _meant(value: Any) -> str:
    """Give what a value means as text: two spellings of one number give the same."""
    if isinstance(value, str):
        return value
    descriptor = getattr(value, "DESCRIPTOR", None)
    name = descriptor.name if descriptor is not None else ""
    if name == "Date":
        return f"{value.year}-{value.month}-{value.day}"
    if name == "Decimal":
        return _plain_number(value.value)
    if name == "Bestandsinhoud":
        return str(value.sha256.hex())
    return repr(value)


def _plain_number(text: str) -> str:
    found = _DECIMAL.fullmatch(text) if len(text) <= _MOST_DIGITS else None
    if found is None:
        return text
    sign, whole, fraction = found[1], found[2].lstrip("0"), (found[3] or "").rstrip("0")
    number = f"{whole or '0'}.{fraction}"
    return f"-{number}" if sign == "-" and number != "0." else number


def _digest_below(node: Node) -> bytes:
    """Digest a message: what its fields hold, in any order where a field repeats."""
    content = [node.facts.field.full_name.encode()]
    for number, nodes in sorted(node.children.items()):
        content += str(number).encode(), str(len(nodes)).encode()
        content += sorted(one.digest for one in nodes)
    return _digest(b"|".join(content))


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=_DIGEST).digest()


@cache
def _options(one: FieldDescriptor) -> field_pb2.FieldFacts:
    facts: field_pb2.FieldFacts = one.GetOptions().Extensions[field_pb2.facts]
    return facts


def is_list(one: FieldDescriptor) -> bool:
    """Tell whether a field holds a list, whose items are matched, and not just one value."""
    return bool(one.is_repeated or _options(one).repeated_choice)
