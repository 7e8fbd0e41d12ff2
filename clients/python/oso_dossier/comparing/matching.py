"""Which items of two lists are the same thing.

In this order, each step with the items the steps before left over:

1. Items that mean the same, those in the same place first.
2. Items with the same key, as the contract declares it (`oso.options.v1.ItemFacts`) and with no
   part of it absent. Several with the same key: those most alike first, then in order.
3. Items that share half of their values or more, those most alike first.
4. Single values (a first name, a nationality) in order.

Alikeness is only looked at between left-over items that are near each other, so that the work grows
with the length of the lists and not with its square.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from oso_dossier.comparing.tree import find, item_facts

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence

    from oso_dossier.comparing.tree import Node

    _Groups = Iterator[tuple[Hashable, int]]
    _Grouping = Callable[[Mapping[int, Node]], _Groups]

NEAR = 16
"""How many left-over items further an item is still looked at."""
_ALIKE = 0.5


class Matching(NamedTuple):
    """What became of the items of a list; numbers count from 0.

    Attributes:
        pairs: Old and new number of each item that is in both, by old number.
        removed: Numbers of the items that are only in the old list.
        added: Numbers of the items that are only in the new list.

    """

    pairs: list[tuple[int, int]]
    removed: list[int]
    added: list[int]

    @property
    def is_reordered(self) -> bool:
        """Items that are in both stand in another order."""
        numbers = [new for _, new in self.pairs]
        return numbers != sorted(numbers)


def match(old: Sequence[Node], new: Sequence[Node]) -> Matching:
    """Match the items of two lists."""
    matcher = _Matcher(old, new)
    matcher.in_order(_by_place)
    matcher.in_order(_by_digest)
    matcher.alike(_by_key)
    matcher.in_order(_by_key)
    matcher.alike(_together)
    matcher.in_order(_by_single_value)
    return matcher.result()


class _Matcher:
    def __init__(self, old: Sequence[Node], new: Sequence[Node]) -> None:
        self._old, self._new = dict(enumerate(old)), dict(enumerate(new))  # what is left over
        self._pairs: list[tuple[int, int]] = []

    def in_order(self, grouping: _Grouping) -> None:
        """Match items of the same group, the first with the first and so on."""
        for ours, theirs in self._groups(grouping):
            self._pair(zip(ours, theirs, strict=False))

    def alike(self, grouping: _Grouping) -> None:
        """Match items of the same group that are near each other and alike, most alike first."""
        for ours, theirs in self._groups(grouping):
            if len(ours) > 1 or len(theirs) > 1 or grouping is _together:
                self._pair(self._alike(ours, theirs))

    def _groups(self, grouping: _Grouping) -> Iterator[tuple[list[int], list[int]]]:
        ours, theirs = _grouped(grouping(self._old)), _grouped(grouping(self._new))
        for group, numbers in ours.items():
            if group in theirs:
                yield numbers, theirs[group]

    def _alike(self, ours: list[int], theirs: list[int]) -> Iterator[tuple[int, int]]:
        found = []
        for place, one in enumerate(ours):
            low = max(0, place - NEAR)
            for at, other in enumerate(theirs[low : place + NEAR + 1], low):
                alike = likeness(self._old[one], self._new[other])
                if alike >= _ALIKE:
                    found.append((-alike, abs(at - place), one, other))
        return ((one, other) for _, _, one, other in sorted(found))

    def _pair(self, pairs: Iterable[tuple[int, int]]) -> None:
        for one, other in pairs:
            if one in self._old and other in self._new:
                del self._old[one], self._new[other]
                self._pairs.append((one, other))

    def result(self) -> Matching:
        """Give what became of all items."""
        return Matching(sorted(self._pairs), list(self._old), list(self._new))


def likeness(old: Node, new: Node) -> float:
    """Give which part of their values two items share: from 0, nothing, to 1, all."""
    ours, theirs = old.values, new.values
    total = ours.total() + theirs.total()
    return 2 * (ours & theirs).total() / total if total else 0.0


# Groups give the number of each item with what items of one group have in common.


def _by_place(nodes: Mapping[int, Node]) -> _Groups:
    return (((number, one.digest), number) for number, one in nodes.items())


def _by_digest(nodes: Mapping[int, Node]) -> _Groups:
    return ((one.digest, number) for number, one in nodes.items())


def _by_key(nodes: Mapping[int, Node]) -> _Groups:
    return ((key, number) for number, one in nodes.items() if (key := _key(one)) and all(key))


def _together(nodes: Mapping[int, Node]) -> _Groups:
    return (("", number) for number in nodes)


def _by_single_value(nodes: Mapping[int, Node]) -> _Groups:
    for number, node in nodes.items():
        if node.values.total() == 1:
            yield next(node.leaves()).facts.field.full_name, number


def _key(node: Node) -> tuple[tuple[bytes, ...], ...]:
    """Give what an item is told apart by: parts, empty where its field is absent."""
    message = node.facts.field.message_type
    if message is None or node.value is not None:
        return ()
    return tuple(
        tuple(sorted(one.digest for one in find(node, path))) for path in item_facts(message).key
    )


def _grouped(items: _Groups) -> dict[Hashable, list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for group, number in items:
        groups[group].append(number)
    return groups
