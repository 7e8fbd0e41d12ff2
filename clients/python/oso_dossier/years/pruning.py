"""Taking away what the year a dossier goes to does not admit: by its plan and its code lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oso_dossier.years.outcome import Cause, Reason
from oso_dossier.years.tree import Block, Leaf, Node, facts_of

if TYPE_CHECKING:
    from oso_dossier.plan import ElementPlan, MessagePlan
    from oso_dossier.years.passage import Passage


def prune(passage: Passage, block: Block, plan: MessagePlan) -> str:
    """Take away what a block may not have; give the name of what it cannot do without."""
    admitted = {one.field: one for one in plan.elements}
    values = {one.field for one in plan.attributes.values()}
    if plan.text is not None:
        values.add(plan.text.field)
    for name in list(block.children):
        if name in admitted:
            _prune_field(passage, block, name, admitted[name])
        elif name not in values:
            for node in block.take(name):
                passage.drop(node, passage.cause(Reason.NOT_IN_YEAR))
    if plan.text is not None and plan.text.field not in block.children:
        return plan.text.field
    filled = {element.slot for element in plan.elements if element.field in block.children}
    for slot in sorted(plan.required - filled):
        if not any(one.always for one in plan.slots[slot]):
            return plan.slots[slot][0].name
    return ""


def _prune_field(passage: Passage, block: Block, name: str, element: ElementPlan) -> None:
    one = block.descriptor.fields_by_name[name]
    code_list = facts_of(one).code_list
    kept: list[Node] = []
    for node in block.take(name):
        cause = _wrong(passage, node, element, code_list)
        if cause is None and kept and not one.is_repeated:
            cause = passage.cause(Reason.ONLY_ONE)
        if cause is None:
            kept.append(node)
        else:
            passage.drop(node, cause)
    block.put(name, kept)


def _wrong(passage: Passage, node: Node, element: ElementPlan, code_list: int) -> Cause | None:
    """Tell why the new year does not admit something, after pruning it; None when it does."""
    if isinstance(node, Leaf):
        if code_list and passage.is_gone(code_list, str(node.value)):
            return passage.cause(Reason.CODE, str(code_list))
        return None
    if element.message is None:  # a message that is nothing in the XML, around values
        return None
    if element.inner:
        _prune_items(passage, node, element)
        missing = "" if node.children else element.item
    else:
        missing = prune(passage, node, element.message)
    return passage.cause(Reason.INCOMPLETE, missing) if missing else None


def _prune_items(passage: Passage, block: Block, element: ElementPlan) -> None:
    """Prune the items of a message that is nothing but a list around them."""
    kept: list[Node] = []
    for node in block.take(element.inner):
        missing = (
            prune(passage, node, element.message)
            if isinstance(node, Block) and element.message is not None
            else ""
        )
        if missing:
            passage.drop(node, passage.cause(Reason.INCOMPLETE, missing))
        else:
            kept.append(node)
    block.put(element.inner, kept)
